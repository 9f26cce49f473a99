"""Plans of a site that is not the run's own, as a test needs them: the sandbox's, with every address written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from golive.plans import find

ACCEPTED = "{driver: run-folder, settings: {single_host_accepted_by: Ada}}"
SHARED = "{driver: postgresql, settings: {url_variable: GOLIVE_TEST_STORE}}"
NOWHERE = {
    **{name: f"http://127.0.0.1:{number}" for number, name in enumerate(("router", "control", "stable", "canary"), 1)},
    "logs.stable": "/nowhere",
    "logs.canary": "/nowhere",
}
SURROUNDINGS = ("{world.reports}", "{world.surroundings}", "{world.python}", "{world.resolver}", "{world.tls}")


def site_text(name: str, store: str, world: Mapping[str, str] = NOWHERE) -> str:
    """Give the text of a plan whose world is none: the sandbox's drivers at the addresses of a world beside it."""
    text = find("sandbox", None)[0].replace("name: sandbox\n", f"name: {name}\n", 1).replace("name: TBD", "name: Ada")
    drivers = {
        "router": "control: '{world.control}'",
        "metrics": "control: '{world.control}', stable: '{world.stable}', canary: '{world.canary}'",
        "health": "stable: '{world.stable}/api/health', canary: '{world.canary}/api/health'",
        "logs": "stable: '{world.logs.stable}', canary: '{world.logs.canary}'",
        "prober": "router: '{world.router}'",
    }
    for port, settings in drivers.items():
        text = re.sub(rf"(?m)^({port}: {{driver: sandbox)", rf"\1, settings: {{{settings}}}", text)
    text = text.replace("world: sandbox", "world: none").replace("store: run-folder", f"store: {store}")
    return re.sub(r"{world\.([a-z.]+)}", lambda found: world[found[1]], without_surroundings(text))


def without_surroundings(text: str) -> str:
    """Leave out of a plan the lines that ask what only the sandbox has beside its site: reports, other systems."""
    plan = yaml.load(text, yaml.BaseLoader)
    plan["release"] = {"commit": "0" * 40}
    for phase in plan["phases"]:
        for stage in ("start_checks", "special_checks", "watched"):
            phase[stage] = [use for use in phase.get(stage, ()) if not any(name in str(use) for name in SURROUNDINGS)]
    return yaml.safe_dump(plan, sort_keys=False, allow_unicode=True)


def write_site(project: Path, name: str, store: str, world: Mapping[str, str] = NOWHERE) -> None:
    """Write such a plan into a project."""
    (project / "params").mkdir(exist_ok=True)
    (project / "golive.toml").touch()
    (project / "params" / f"{name}.yaml").write_text(site_text(name, store, world))
