"""The real parts of one staging world: a router, and Prometheus where the plan asks it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from golive.sandbox.faults import Fault
from golive.sandbox.supervisor import Children
from golive.staging.envoy import Envoy
from golive.staging.haproxy import Haproxy
from golive.staging.prometheus import Prometheus
from golive.staging.prometheus_config import PrometheusSite
from golive.staging.scratch import scratch

ROUTERS: Mapping[str, type[Haproxy] | type[Envoy]] = {"haproxy": Haproxy, "envoy": Envoy}


def faults(router: str, prometheus: bool) -> tuple[Fault, ...]:
    """Give what can be made to go wrong in a stack of that kind, beside what its versions can."""
    return (*ROUTERS[router].faults, *(Prometheus.faults if prometheus else ()))


class Stack:
    """Starts the parts, and hands a fault to the part that has it."""

    def __init__(self, children: Children, folder: Path, router: str, prometheus: bool, programs: Mapping[str, str]):
        self._children, self._logs, self._programs = children, folder / "logs", programs
        self._kind, self._wanted = router, prometheus
        self.scratch = scratch(folder)
        self._router: Haproxy | Envoy | None = None
        self._prometheus: Prometheus | None = None

    @property
    def world(self) -> dict[str, str]:
        """The names under which a plan's settings find the parts; empty before the start."""
        parts = [part for part in (self._router, self._prometheus) if part is not None]
        return {name: place for part in parts for name, place in part.world.items()}

    def start(self, versions: Mapping[str, str], share: float, token: str) -> None:
        """Start the router with the canary at `share`, and wait for it; begin to start Prometheus.

        Raises:
            WorldFailed: If the router does not come up.
        """
        places = {name: urlsplit(url) for name, url in versions.items()}
        ports = {name: place.port or 0 for name, place in places.items()}
        made = ROUTERS[self._kind]
        router = self._router = made(self._programs[self._kind], self._children, self.scratch, self._logs, ports, token)
        router.start(share)
        if self._wanted:
            site = PrometheusSite(
                {name: place.netloc for name, place in places.items()},
                {self._kind: router.metrics},
                router_metrics=router.metrics_path,
                parameters=router.metrics_parameters,
            )
            self._prometheus = Prometheus(self._programs["prometheus"], self._children, self.scratch, self._logs, site)
            self._prometheus.start()
        router.wait()

    def wait(self) -> None:
        """Return once everything can be measured.

        Raises:
            WorldFailed: If it can't.
        """
        if self._prometheus is not None:
            self._prometheus.wait()

    def fault(self, fault: Fault, on: bool) -> None:
        """Let a fault begin or end.

        Raises:
            ValueError: If no part of this stack has it.
            OSError: If the part does not answer.
        """
        for part in (self._router, self._prometheus):
            if part is not None and fault in part.faults:
                part.fault(fault, on)
                return
        raise ValueError(f"{fault} can't be had here")

    def clear(self) -> None:
        """Take away what the parts kept for themselves."""
        if self._prometheus is not None:
            self._prometheus.clear()
        if self.scratch.name != "stack":
            shutil.rmtree(self.scratch, ignore_errors=True)
