"""The plan of the runbook's own site: what is left to fill in keeps it from being started; filled in it could be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from golive import drivers, wanted, wiring
from golive.adapters.clocks import SystemClock
from golive.core.errors import PlanError
from golive.core.plan import Plan
from golive.core.plan_text import parse
from golive.plans import packaged

TEXT = packaged()["production"]
LEFT = "left-to-fill-in"
FILLED = {
    "project": "prj_shop",
    "team": "team_acme",
    "canary": "dpl_canary",
    "base": "dpl_base",
    "stable": "dpl_base",
    "slow_guard_accepted_by": "Ada",
    "name": "Ada",
    "commit": "c0ffee0",
}


def filled_text(text: str = TEXT, **more: str) -> str:
    """Give the plan's text with each TBD filled in."""
    text = text.replace("devops_manager: {name: TBD", "devops_manager: {name: Grace")
    for key, value in {**FILLED, **more}.items():
        text = re.sub(rf"\b{key}: TBD\b", f"{key}: {value.replace('TBD', LEFT)}", text)
    return text.replace("https://TBD", "https://shop").replace("TBD", "filled").replace(LEFT, "TBD")


def filled(text: str = TEXT, **more: str) -> Plan:
    """Give the plan with each TBD filled in."""
    return parse(filled_text(text, **more), "params/production.yaml")


def test_filled_in_it_could_be_started_and_each_of_its_drivers_made():
    plan = filled()
    wiring.check_drivers(plan)
    around = drivers.Around(plan, SystemClock())
    made = [drivers.made(group, one, around, {}) for group, one in wanted.drivers_of(plan)]
    assert [type(one).__name__ for one in made] == [
        "VercelRouter",
        "VercelMetrics",
        "VercelHealth",
        "VercelLogs",
        "VercelProber",
        "VercelDeployment",
    ]


@pytest.mark.parametrize("key", FILLED)
def test_each_thing_that_is_left_to_fill_in_keeps_it_from_being_started(key):
    plan = filled(**{key: "TBD"})
    with pytest.raises(PlanError, match="TBD"):
        wiring.check_drivers(plan)


def test_a_prober_that_can_force_nothing_is_refused_where_visitors_are_sticky():
    text = re.sub(r"prober:\n  driver: vercel\n  settings: .*", "prober: {driver: http, settings: {router: x}}", TEXT)
    with pytest.raises(PlanError, match="'http' can't choose the version"):
        wanted.check(filled(text), SystemClock())


def test_what_slows_the_guard_down_is_accepted_by_a_person_or_by_nobody():
    with pytest.raises(PlanError, match="names a faster source"):
        wanted.check(filled(slow_guard_accepted_by='""'), SystemClock())


def test_the_pages_example_of_a_faster_source_is_one():
    text = (Path(__file__).resolve().parents[2] / "docs" / "vercel.md").read_text(encoding="utf-8")
    (said,) = (block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "prometheus" in block)
    metrics = yaml.load(said, Loader=yaml.BaseLoader)["metrics"]
    source = drivers.checked(drivers.METRICS, metrics["driver"], metrics["settings"])
    assert source.tells_ours_apart


def test_a_line_whose_settings_are_left_to_fill_in_is_named_with_them():
    text = filled_text().replace("metrics-arrive", "{check: migrations, name: schema, settings: {endpoint: TBD}}", 1)
    plan = parse(text, "params/production.yaml")

    assert plan.not_ready() == ("phase preflight: TBD in schema (endpoint): fill it in, or take the line out",)
