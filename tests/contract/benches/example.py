"""The example of docs/drivers.md: made from its entry point, as a plan would name it."""

from __future__ import annotations

import sys
from pathlib import Path

from golive import drivers
from golive.adapters.clocks import FakeClock
from golive.core.plan import Driver
from golive.ports import Router
from tests.contract.bench import RouterBench
from tests.contract.weighted import WeightedBalancer

ENTRY_POINTS = "[golive.routers]\nweights = tests.contract.example_driver:WeightsRouter\n"


class Example(RouterBench):
    """A balancer with two weights."""

    name = "example"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._balancer = WeightedBalancer()

    async def start(self) -> None:
        info = self.folder / "weights_for_golive-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weights-for-golive\nVersion: 1\n")
        (info / "entry_points.txt").write_text(ENTRY_POINTS)
        sys.path.insert(0, str(self.folder))
        await self._balancer.start()
        self.url = self._balancer.url

    async def stop(self) -> None:
        sys.path.remove(str(self.folder))
        await self._balancer.stop()

    def router(self) -> Router:
        return self._made("{world.balancer}")

    def router_at(self, host: str, port: int) -> Router:
        return self._made(f"http://{host}:{port}")

    def _made(self, url: str) -> Router:
        wanted = Driver(driver="weights", settings={"url": url})
        router: Router = drivers.made(
            drivers.ROUTERS, wanted, drivers.Around(None, FakeClock()), {"balancer": self._balancer.control}
        )
        return router
