"""Rolling back works, from the command line and from the emergency page, whatever else does not."""

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys

import pytest

from golive.core.folding import fold
from golive.core.kit import Kit
from golive.core.record import Kind
from golive.ports import Done
from golive.rescue import by_hand
from tests.contract.benches.sandbox import Sandbox
from tests.notebooks.desk import make_run

PAGE = """
import asyncio, sys
from golive.notebook import open_rollback
async def main():
    go = open_rollback(run=sys.argv[1])
    print(go)
    print(await go.rollback(because="errors on checkout"))
asyncio.run(main())
"""
DOORS = ("command line", "page")


class Site:
    """A sandbox whose router has visitors on the canary, and the folder of the run that put them there."""

    def __init__(self, bench, root):
        self.bench = bench
        self.run = make_run(root)
        self.folder = self.run.folder
        self.kit()
        self.environment = {**os.environ, "GOLIVE_RUNS": str(root), "GOLIVE_HOME": str(root)}

    def kit(self, **more):
        """Write the run's `router.json`."""
        settings = {"control": self.bench._control}
        kit = Kit(driver="sandbox", settings=settings, site="the site", claim=self.run.state().claim)
        self.folder.router.write_text(json.dumps({**kit.to_json(), **more}))

    async def visitors_on_the_canary(self):
        router = self.bench.router()
        await router.claim(self.run.state().claim, expect=(await router.read()).claim)
        assert isinstance(await router.set(0.25, expect=None), Done)

    async def share(self):
        return (await self.bench.router().read()).share

    async def types(self, *words, door="command line", limits=()):
        """Let a process of its own roll back, and give its status and all that it said."""
        command = (
            [sys.executable, "-c", PAGE, *words] if door == "page" else [sys.executable, "-m", "golive.cli", *words]
        )

        def limit():
            for kind, number in limits:
                resource.setrlimit(kind, (number, number))

        done = await asyncio.to_thread(
            subprocess.run,
            command,
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment,
            cwd=self.folder.root.parent,
            preexec_fn=limit,
        )
        return done.returncode, done.stdout + done.stderr

    async def rolls_back(self, door, **more):
        if door == "page":
            return await self.types("run", door=door, **more)
        return await self.types("rollback", "run", "--because", "errors on checkout", **more)

    def late(self):
        return sorted(json.loads(path.read_text())["kind"] for path in self.folder.late.glob("*.json"))


@pytest.fixture
async def site(tmp_path):
    bench = Sandbox(tmp_path)
    try:
        await bench.start()
        one = Site(bench, tmp_path)
        await one.visitors_on_the_canary()
        yield one
    finally:
        await bench.stop()


@pytest.mark.parametrize("door", DOORS)
async def test_with_the_metrics_and_the_guard_gone_it_is_done_and_recorded(site, door):
    status, said = await site.rolls_back(door)

    assert (status, await site.share()) == (0, 0.0), said
    assert "ROLLED BACK" in said and "not counted" in said
    act = fold(site.run.store.read()).rollback
    assert act.done and act.detail["verified"]["counted_after"] is None
    assert act.detail["verified"]["seconds_to_safe"] >= 0


@pytest.mark.parametrize("trouble", ["broken", "gone"])
@pytest.mark.parametrize("door", DOORS)
async def test_with_the_plan_broken_or_gone_it_is_done_and_kept(site, door, trouble):
    site.folder.plan.write_text("a: [") if trouble == "broken" else site.folder.plan.unlink()
    status, said = await site.rolls_back(door)

    assert (status, await site.share()) == (0, 0.0), said
    assert "ROLLED BACK" in said and site.late() == ["intent", "outcome"]


@pytest.mark.parametrize("trouble", ["damaged", "gone"])
async def test_with_the_record_damaged_or_gone_it_is_done_and_kept(site, trouble):
    site.folder.record.write_bytes(b"x" * 5000) if trouble == "damaged" else site.folder.record.unlink()
    status, said = await site.rolls_back("command line")

    assert (status, await site.share()) == (0, 0.0), said
    assert site.late() == ["intent", "outcome"]


@pytest.mark.parametrize("door", DOORS)
async def test_with_the_store_locked_it_is_done_and_kept(site, door):
    holder = sqlite3.connect(site.folder.record, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        status, said = await site.rolls_back(door)
    finally:
        holder.close()

    assert (status, await site.share()) == (0, 0.0), said
    assert "locked" in said and site.late() == ["intent", "outcome"]


@pytest.mark.parametrize("door", DOORS)
async def test_where_nothing_can_be_written_it_is_done_and_said_on_the_screen(site, door):
    status, said = await site.rolls_back(door, limits=[(resource.RLIMIT_FSIZE, 0)])

    assert (status, await site.share()) == (0, 0.0), said
    assert "nor could it be kept" in said and '"act": "rollback"' in said
    assert site.late() == []


async def test_on_a_full_disk_it_is_done_and_said_on_the_screen(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    bench = Sandbox(tmp_path)
    try:
        await bench.start()
        site = Site(bench, small)
        await site.visitors_on_the_canary()
        with (small / "full").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(b"x" * 4096)
        status, said = await site.rolls_back("command line")

        assert (status, await site.share()) == (0, 0.0), said
        assert "No space left" in said and '"act": "rollback"' in said
    finally:
        await bench.stop()
        subprocess.run(["umount", "-l", small], check=True)


async def test_with_hardly_a_file_descriptor_left_it_is_done(site):
    status, said = await site.rolls_back("command line", limits=[(resource.RLIMIT_NOFILE, 14)])

    assert (status, await site.share()) == (0, 0.0), said


async def test_a_run_that_nobody_knows_is_rolled_back_by_its_router_named_directly(site, tmp_path):
    kit = tmp_path / "elsewhere.json"
    kit.write_text(json.dumps({"driver": "sandbox", "settings": {"control": site.bench._control}}))
    status, said = await site.types("rollback", "--router", str(kit), "--because", "errors")

    assert (status, await site.share()) == (0, 0.0), said
    assert f"claimed by {site.run.state().claim}" in said


async def test_a_page_rolls_back_a_router_named_directly(site):
    status, said = await site.types(str(site.folder.router), door="page")

    assert (status, await site.share()) == (0, 0.0), said
    assert "no run of it is known here" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--router", "nowhere.json"), "nowhere.json gives no router: No such file or directory"),
        (("--router", "sandbox"), "brings a world of its own"),
        (("--router", "prodction"), "did you mean 'production'"),
        ((), "one of RUN and --router was expected"),
        (("run", "--router", "x.json"), "one of RUN and --router was expected"),
        (("rn",), "unknown run 'rn': did you mean 'run'"),
    ],
)
async def test_what_names_no_router_moves_nobody_and_says_what_to_type(site, words, why):
    status, said = await site.types("rollback", *words, "--because", "errors")

    assert status != 0 and await site.share() == 0.25
    assert why in said and "NEXT" in said


async def test_a_router_of_another_run_is_left_alone(site):
    router = site.bench.router()
    await router.claim("today@there", expect=site.run.state().claim)
    status, said = await site.rolls_back("command line")

    assert (status, await site.share()) == (1, 0.25), said
    assert "LEFT ALONE" in said and "claimed by today@there" in said
    assert fold(site.run.store.read()).rollback.result == "superseded"


async def test_a_second_rollback_is_harmless(site):
    for _ in range(2):
        status, said = await site.rolls_back("command line")
        assert (status, await site.share()) == (0, 0.0), said

    assert [e.body["result"] for e in site.run.store.read() if e.kind is Kind.OUTCOME] == ["done", "done"]


async def test_what_is_left_to_undo_is_named_even_without_a_plan(site):
    site.kit(also_undo=[{"name": "nightly job", "sentence": "switch the canary's job off in the scheduler"}])
    site.folder.plan.unlink()
    _, said = await site.rolls_back("command line")

    assert "nightly job: switch the canary's job off in the scheduler (not checked)" in said


async def test_the_text_for_doing_it_by_hand_is_a_script_that_does_it(site, tmp_path):
    kit = Kit.model_validate(json.loads(site.folder.router.read_text()))
    text = tmp_path / "ROLLBACK.txt"
    text.write_text(by_hand(kit))
    bare = {"PATH": "/usr/bin:/bin"}
    done = await asyncio.to_thread(
        subprocess.run, ["sh", str(text)], capture_output=True, text=True, timeout=20, env=bare, cwd="/"
    )

    assert (done.returncode, await site.share()) == (0, 0.0), done.stderr
    assert '"share": 0' in done.stdout
    assert not any(word in text.read_text() for word in ("python", "venv", "golive rollback"))
