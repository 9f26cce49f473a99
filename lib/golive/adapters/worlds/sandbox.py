"""The sandbox as a world: everything in Python, from one install."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from golive.adapters.worlds.supervised import EXAMPLE, EXAMPLE_URL, SupervisedWorld
from golive.core.errors import WorldFailed
from golive.core.scalars import Number, Part, YesNo
from golive.drivers import Around
from golive.folders import RunFolder
from golive.sandbox.address import WorldAddress
from golive.sandbox.faults import SANDBOX, Fault
from golive.sandbox.surroundings.pipeline import COMMIT


class SandboxWorld(SupervisedWorld):
    """`golive.ports.World` of one run: stable, canary, router and visitors on loopback."""

    class Settings(Part):
        """`rate` is visitors' requests a second; a `calm` world fails and dawdles less; `sticky` sets a cookie."""

        rate: Number = 340.0
        calm: YesNo = False
        sticky: YesNo = False

    @classmethod
    def made(cls, settings: Settings, around: Around) -> SandboxWorld:
        """Give the world of the run in `around.folder`."""
        assert around.folder is not None  # a world is made for a run
        return cls(around.folder, calm=settings.calm, rate=settings.rate, sticky=settings.sticky)

    @classmethod
    def faults(cls, settings: Settings) -> tuple[Fault, ...]:
        """Give what can be made to go wrong in a sandbox."""
        return SANDBOX

    @classmethod
    def example(cls, settings: Settings) -> Mapping[str, Any]:
        """Give the names in its `world.json`."""
        around = {"surroundings": EXAMPLE_URL, "reports": "/surroundings", "commit": COMMIT, "python": "python3"}
        addresses = {"resolver": "127.0.0.1:53", "other_resolver": "127.0.0.1:53", "tls": "127.0.0.1:443"}
        return {**EXAMPLE, **around, **addresses}

    @classmethod
    def need(cls, settings: Settings) -> None:
        """Raise WorldFailed where there is no git, in which the release of the sandbox's site lies."""
        if shutil.which("git") is None:
            raise WorldFailed("the sandbox needs the program git\nNEXT     install git, then golive rehearse")

    def __init__(self, folder: RunFolder, *, calm: bool = False, rate: float = 340.0, sticky: bool = False) -> None:
        options = ["--rate", str(rate), *(["--calm"] if calm else []), *(["--sticky"] if sticky else [])]
        super().__init__(folder, "sandbox", "golive.sandbox.supervisor", options, SANDBOX)

    @property
    def address(self) -> WorldAddress:
        """Where it answers; FileNotFoundError before it was started."""
        return WorldAddress.load(self._folder.world)
