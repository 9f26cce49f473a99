"""Staging as a world: real parts as child processes, in front of two versions of the sandbox's site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

from golive.adapters.worlds.supervised import SupervisedWorld
from golive.core.scalars import Number, Part, YesNo
from golive.drivers import Around
from golive.folders import RunFolder
from golive.sandbox.faults import VERSIONS, Fault
from golive.staging.envoy_program import envoy_program
from golive.staging.programs import need
from golive.staging.stack import faults

MODULE = "golive.staging.supervisor"


class StagingWorld(SupervisedWorld):
    """`golive.ports.World` of one run: stable, canary, HAProxy or Envoy, Prometheus and visitors on loopback.

    Nothing but child processes: no service of the system is started, stopped or asked.
    """

    class Settings(Part):
        """`router` is haproxy or envoy; `prometheus` says whether one scrapes; `rate`, visitors' requests a second.

        A `calm` world fails and dawdles less.
        """

        router: Literal["haproxy", "envoy"] = "haproxy"
        prometheus: YesNo = True
        rate: Number = 340.0
        calm: YesNo = False

    @classmethod
    def made(cls, settings: Settings, around: Around) -> StagingWorld:
        """Give the world of the run in `around.folder`."""
        assert around.folder is not None  # a world is made for a run
        return cls(around.folder, settings)

    @classmethod
    def faults(cls, settings: Settings) -> tuple[Fault, ...]:
        """Give what can be made to go wrong in a staging world of that kind."""
        return (*VERSIONS, *faults(settings.router, settings.prometheus))

    def __init__(self, folder: RunFolder, settings: Settings) -> None:
        self._settings = settings
        options = ["--rate", str(settings.rate), "--router", settings.router]
        options += [*(["--calm"] if settings.calm else []), *(["--prometheus"] if settings.prometheus else [])]
        super().__init__(folder, "staging", MODULE, options, self.faults(settings))

    def launch(self, share: float) -> None:
        """Look for the programs first, then begin to start it.

        Raises:
            WorldFailed: If a program is missing; NEXT is the one command that installs it.
        """
        wanted = [*(["haproxy"] if self._settings.router == "haproxy" else [])]
        wanted += ["prometheus"] if self._settings.prometheus else []
        programs = need(wanted)
        if self._settings.router == "envoy":
            programs["envoy"] = str(envoy_program())
        self._options += ["--programs", json.dumps(programs)]
        super().launch(share)

    def stop(self) -> None:
        """Return once all its processes are gone, and their files outside the run's folder with them."""
        scratch = Path(str(self.told["scratch"])) if self._folder.world.exists() else None
        super().stop()
        if scratch is not None and scratch.parent != self._folder.work.resolve():
            shutil.rmtree(scratch, ignore_errors=True)
