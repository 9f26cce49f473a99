"""The plan that is survived: two shifts, to 25 % and to 100 %, soaks of three seconds, on the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SANDBOX = Path(__file__).parents[1] / "params" / "sandbox.yaml"
RATE = 100.0  # visitors' requests a second on the whole site
GUARD_SILENT = 2.0
BLIND_AFTER = 4.0
SOAK = 3.0
CHECKS = ["guard-watching", "router-reads-back"]
PHASES = {"preflight": "0s", "canary-25": "3s", "cutover": "3s", "watch": "1s", "completion": "0s"}


def plan_text(name: str, metrics: str, **more: Any) -> str:
    """Give the plan as YAML; `metrics` is the URL that answers the router's counts, `more` replaces keys of it.

    Limits are wide, so that three seconds of healthy visitors decide a soak and no run ends for another reason
    than the one that is measured.
    """
    plan: dict[str, Any] = yaml.load(SANDBOX.read_text(encoding="utf-8"), yaml.BaseLoader)
    plan |= {"name": name, "title": "What survives", "note": "wide limits and short soaks", "routes": []}
    plan["site"]["requests_per_second"] = f"{RATE:g}"
    plan["world"] = {"driver": "sandbox", "settings": {"rate": f"{RATE:g}", "calm": "yes"}}
    plan["metrics"] = {"driver": "sandbox", "settings": {"control": metrics}}
    for criterion in ("failed", "over_1000ms", "over_500ms"):
        plan["criteria"][criterion] = {"proceed_below": "10%", "rollback_above": "50%"}
    for criterion in ("client_errors", "cpu", "memory"):
        plan["criteria"][criterion] = {"proceed_below": "100%", "rollback_above": "none"}
    plan["criteria"]["client_errors"] = {"proceed_below": "50%", "rollback_above": "none"}
    plan["judging"] |= {"baseline": "1s", "settle": "1s", "hold_up_to": "10s"}
    times = {"look_every": "500ms", "guard_silent": f"{GUARD_SILENT:g}s", "blind_after": f"{BLIND_AFTER:g}s"}
    plan["guarding"] |= {**times, "abandon_after": "20s"}
    plan["phases"] = [
        {
            **phase,
            "soak": PHASES[phase["name"]],
            "start_checks": list(CHECKS),
            "special_checks": [],
            "watched": [],
        }
        for phase in plan["phases"]
        if phase["name"] in PHASES
    ]
    return yaml.safe_dump(plan | more, sort_keys=False, allow_unicode=True)
