"""The plan that is rolled back: production's own limits, times and soaks, with the drivers of staging."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from benchmarks.rollback_cells import RATE

PARAMS = Path(__file__).parents[1] / "params"
NAME = "rollback"
BASELINE = "1s"
FROM_STAGING = ("site", "world", "router", "metrics", "logs", "prober", "deployment", "store", "roles", "escalation")


def plan_text(source: str) -> str:
    """Give the plan as YAML.

    What differs from production beside the drivers: the baseline is short, so that less is learned of how failures
    come in bursts and more evidence is asked; there is no critical route, which HAProxy does not count.
    """
    plan, staging = _read("production"), _read("staging")
    health = {key: value for key, value in plan["health"].items() if key != "driver"}
    plan |= {key: staging[key] for key in FROM_STAGING}
    plan |= {"name": NAME, "title": "How fast a rollback is", "note": "production's limits on staging", "routes": []}
    plan["site"]["requests_per_second"] = f"{RATE:g}"
    plan["health"] = {**health, "driver": "http", "settings": staging["health"]["settings"]}
    plan["judging"]["baseline"] = BASELINE
    for phase in plan["phases"]:  # production's checks ask Vercel, and nothing here runs a check
        phase |= {"start_checks": [], "special_checks": [], "watched": []}
    plan["world"]["settings"] = {
        "router": "haproxy",
        "prometheus": "yes" if source == "prometheus" else "no",
        "rate": f"{RATE:g}",
        "calm": "yes",
    }
    if source == "direct":
        settings = {"sockets": ["{world.haproxy}"], "visitors": "who=visitors"}
        plan["metrics"] = {"driver": "haproxy", "settings": settings}
    else:
        plan["metrics"]["settings"].pop("routes")
    return yaml.safe_dump(plan, sort_keys=False, allow_unicode=True)


def _read(name: str) -> dict[str, Any]:
    plan: dict[str, Any] = yaml.load((PARAMS / f"{name}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
    return plan
