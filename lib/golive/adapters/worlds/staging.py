"""Staging as a world: real parts as child processes, in front of two versions of the sandbox's site."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from golive.adapters.worlds.supervised import EXAMPLE, EXAMPLE_URL, SupervisedWorld
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

    @classmethod
    def example(cls, settings: Settings) -> Mapping[str, Any]:
        """Give the names in its `world.json`: the router's own and Prometheus only where they run."""
        routers = {
            "haproxy": {"haproxy": "/run/haproxy.sock", "haproxy_metrics": EXAMPLE_URL},
            "envoy": {"envoy": EXAMPLE_URL},
        }
        prometheus = {"prometheus": EXAMPLE_URL} if settings.prometheus else {}
        return {**EXAMPLE, **routers[settings.router], **prometheus}

    @classmethod
    def need(cls, settings: Settings) -> None:
        """Raise WorldFailed when a program is missing; NEXT is the one command that installs it."""
        programs(settings)

    def launch(self, share: float) -> None:
        """Begin to start it, with the canary at `share` (0 to 1).

        Raises:
            WorldFailed: If it runs already, or a program is missing.
        """
        self._options += ["--programs", json.dumps(programs(self._settings))]
        super().launch(share)

    def stop(self) -> None:
        """Return once all its processes are gone, and Prometheus' data and what lies outside the run's folder, too.

        The supervisor does the same, unless it was killed.
        """
        scratch = Path(str(self.told["scratch"])) if self._folder.world.exists() else None
        super().stop()
        if scratch is not None:
            inside = scratch.parent == self._folder.work.resolve()
            shutil.rmtree(scratch / "prometheus" if inside else scratch, ignore_errors=True)


def programs(settings: StagingWorld.Settings) -> dict[str, str]:
    """Give name -> path of every program that such a world runs.

    Raises:
        WorldFailed: If one is missing.
    """
    wanted = ["haproxy"] if settings.router == "haproxy" else []
    found = need([*wanted, *(["prometheus"] if settings.prometheus else [])])
    return {**found, "envoy": str(envoy_program())} if settings.router == "envoy" else found
