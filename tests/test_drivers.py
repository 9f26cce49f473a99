"""A plan's names become drivers, and a wrong name or setting is said before anything moves."""

import pytest

from golive import drivers, wanted
from golive.adapters.clocks import FakeClock, SystemClock
from golive.adapters.routers.sandbox import SandboxRouter
from golive.core.errors import NameUnknown, PlanError
from golive.core.plan import Driver
from golive.core.plan_text import parse
from golive.plans import find
from tests.builders import sandbox

WORLD = {"control": "http://127.0.0.1:7", "token": "t", "logs": {"stable": "/a", "canary": "/b"}}
AROUND = drivers.Around(sandbox(), FakeClock())


def test_every_driver_that_the_sandbox_plan_names_is_installed():
    wanted.check(sandbox(), SystemClock())


def test_a_router_is_made_from_what_its_world_says():
    router = drivers.made(drivers.ROUTERS, Driver(driver="sandbox"), AROUND, WORLD)

    assert isinstance(router, SandboxRouter)
    assert "http://127.0.0.1:7/-/rollback" in router.by_hand()


def test_a_setting_of_the_plan_may_name_what_the_world_knows():
    logs = Driver(driver="jsonl", settings={"stable": "{world.logs.stable}", "canary": "x{world.logs.canary}y"})

    assert drivers.filled(drivers.LOGS, logs, WORLD) == {"stable": "/a", "canary": "x/by"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{world.contrl}", "knows no 'contrl': did you mean 'control'"),
        ("{world.logs}", "'logs' holds several values: one was expected: did you mean 'logs.stable'"),
        ("{world.control.x}", "knows no 'control.x'"),
    ],
)
def test_what_no_world_knows_is_said_with_the_nearest_name(text, why):
    with pytest.raises(PlanError, match=f"router driver 'sandbox': settings.control: .*{why}"):
        drivers.filled(drivers.ROUTERS, Driver(driver="sandbox", settings={"control": text}), WORLD)


def test_an_unknown_driver_names_the_nearest():
    with pytest.raises(NameUnknown, match="unknown router driver 'sandbix': did you mean 'sandbox'"):
        drivers.driver(drivers.ROUTERS, "sandbix")


@pytest.mark.parametrize(
    ("group", "name", "settings", "why"),
    [
        (drivers.ROUTERS, "sandbox", {"contrl": "x"}, "settings.contrl is no setting: did you mean 'control'"),
        (drivers.HEALTH, "http", {"stable": "x"}, "settings.canary is missing"),
        (drivers.WORLDS, "sandbox", {"rate": "fast"}, "settings.rate is 'fast': a plain number was expected"),
        (drivers.NOTIFIERS, "command", {"command": ["x", ["y"]]}, "settings.command.1 is"),
    ],
)
def test_a_wrong_setting_is_named_with_its_key_and_its_value(group, name, settings, why):
    with pytest.raises(PlanError) as error:
        drivers.checked(group, name, settings)

    assert why in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (
            "router: {driver: sandbox}",
            "router: {driver: sandbix}",
            "not installed: did you mean 'sandbox'",
        ),
        ("router: {driver: sandbox}", "router: {driver: sandbox, settings: {x: y}}", "settings.x is no setting"),
        ("world: sandbox", "world: sandbx", "world driver 'sandbx' is not installed"),
        ("world: sandbox", "world: none", "asks the run's own world for its settings, and the plan's world is none"),
        ("notify: []", "notify: [{driver: webhook}]", "settings.url_variable is missing"),
    ],
)
def test_a_plan_with_a_wrong_driver_may_not_start(before, after, why):
    text = find("sandbox", None)[0]
    assert before in text
    with pytest.raises(PlanError) as error:
        wanted.check(parse(text.replace(before, after), "mine.yaml"), SystemClock())

    assert str(error.value).startswith("plan sandbox: ") and why in str(error.value)


def test_a_world_is_a_name_or_a_driver_with_settings():
    text = find("sandbox", None)[0]
    long = parse(text.replace("world: sandbox", "world: {driver: sandbox, settings: {rate: 50}}"), "mine.yaml")

    assert parse(text, "mine.yaml").world == Driver(driver="sandbox")
    assert (long.own_world, long.world.settings) == (True, {"rate": "50"})


def installed(folder, group, text):
    """Install a driver for a test as pip would: a folder of metadata on the path of modules."""
    info = folder / f"mine_{abs(hash(text))}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mine-{abs(hash(text))}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mine = no_such_module:Mine", "can't be loaded: ModuleNotFoundError"),
        ("mine = json:dumps", "is no driver: a class with `made` was expected"),
        ("sandbox = json:dumps", "is claimed twice"),
    ],
)
def test_a_package_that_brings_no_driver_is_named(tmp_path, monkeypatch, text, why):
    installed(tmp_path, drivers.ROUTERS, text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PlanError, match=why):
        drivers.driver(drivers.ROUTERS, text.split(" ")[0])
