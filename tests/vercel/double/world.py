"""The double as a rehearsal's world, and the project and the package that tests make of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from golive.adapters.worlds.supervised import EXAMPLE, EXAMPLE_URL, SupervisedWorld
from golive.core.scalars import Number, Part, YesNo
from golive.drivers import Around
from golive.folders import RunFolder
from golive.sandbox.faults import AROUND, SANDBOX, Fault
from golive.sandbox.site import RELEASES
from tests.parts.sites import without_surroundings
from tests.vercel.double.app import TOKEN

FAULTS = tuple(fault for fault in SANDBOX if not fault.before_shift and fault not in AROUND)
REPOSITORY = Path(__file__).resolve().parents[3]
ENTRY_POINTS = "[golive.worlds]\nvercel-double = tests.vercel.double.world:DoublesWorld\n"
ROUTER = (
    "router: {driver: vercel, settings: {project: shop, team: team_acme, canary: dpl_canary, base: dpl_stable, "
    'api: "{world.vercel}", read_lag: 2s, read_every: 1s, requests_per_minute: 300}}'
)
CALM = (  # how fast this machine is just now says nothing of the driver: few visitors, and limits that they can decide
    ("requests_per_second: 340", "requests_per_second: 170"),
    ("world: sandbox", "world: {driver: vercel-double, settings: {rate: 170}}"),
    ("failed: {proceed_below: 1%, rollback_above: 5%}", "failed: {proceed_below: 2%, rollback_above: 10%}"),
    ("over_1000ms: {proceed_below: 1%, rollback_above: 5%}", "over_1000ms: {proceed_below: 20%, rollback_above: 50%}"),
    ("over_500ms: {proceed_below: 5%,", "over_500ms: {proceed_below: 40%,"),
    ("every: 1s, timeout: 1s,", "every: 1s, timeout: 3s,"),
)
DEPLOYMENT = (
    "deployment: {driver: vercel, settings: {project: shop, team: team_acme, canary: dpl_canary, base: dpl_stable, "
    'commit: c0ffee0, api: "{world.vercel}"}}'
)
PROBER = (  # the sandbox's versions answer with these ids of their own
    'prober: {driver: vercel, settings: {router: "{world.router}", '
    f"stable: {RELEASES['stable'][1]}, canary: {RELEASES['canary'][1]}}}}}"
)


class DoublesWorld(SupervisedWorld):
    """`golive.ports.World`: the sandbox's versions and visitors, with the double's edge between them."""

    class Settings(Part):
        """`rate` is visitors' requests a second; a `calm` world fails and dawdles less."""

        rate: Number = 340.0
        calm: YesNo = False

    @classmethod
    def made(cls, settings: Settings, around: Around) -> DoublesWorld:
        """Give the world of the run in `around.folder`."""
        assert around.folder is not None
        return cls(around.folder, settings)

    @classmethod
    def faults(cls, settings: Settings) -> tuple[Fault, ...]:
        """Give what can go wrong in the versions and their counts."""
        return FAULTS

    @classmethod
    def example(cls, settings: Settings) -> Mapping[str, Any]:
        """Give the names in its `world.json`."""
        return {**EXAMPLE, "vercel": EXAMPLE_URL}

    @classmethod
    def need(cls, settings: Settings) -> None:
        """Nothing is needed."""

    def __init__(self, folder: RunFolder, settings: Settings) -> None:
        options = ["--rate", str(settings.rate), *(["--calm"] if settings.calm else [])]
        super().__init__(folder, "vercel double", "tests.vercel.double.supervisor", options, FAULTS)


def installed(folder: Path, name: str = "vercel-rehearsal") -> dict[str, str]:
    """Make a project whose plan rehearses on the double, and give the environment in which it is known."""
    info = folder / "package" / "double_for_golive-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: double-for-golive\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    project = folder / "project"
    (project / "params").mkdir(parents=True)
    (project / "golive.toml").write_text("")
    text = (REPOSITORY / "params" / "sandbox.yaml").read_text()
    for narrow, wide in (*CALM, ("router: {driver: sandbox}", ROUTER), ("deployment: {driver: none}", DEPLOYMENT)):
        assert narrow in text, narrow
        text = text.replace(narrow, wide)
    text = text.replace("name: sandbox\n", f"name: {name}\n", 1)
    text = without_surroundings(text.replace("prober: {driver: sandbox}", PROBER))
    (project / "params" / f"{name}.yaml").write_text(text)
    path = os.pathsep.join([str(folder / "package"), str(REPOSITORY)])
    return {**os.environ, "PYTHONPATH": path, "GOLIVE_HOME": str(project), "VERCEL_TOKEN": TOKEN}
