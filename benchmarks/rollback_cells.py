"""What is measured of a rollback: two metric sources, three splits, three failing shares."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

RATE = 500.0  # visitors' requests a second on the whole site
SOURCES = {"direct": "HAProxy's runtime socket", "prometheus": "Prometheus, scraping each second"}
SHARES = (0.05, 0.25, 0.5)
FAILING = (0.05, 0.2, 1.0)
HEALTHY = (1.0, 2.0)  # seconds for which the canary is well after the shift, drawn between these
LONG_HEALTHY = (30.0, 31.0)


@dataclass(frozen=True)
class Cell:
    """One canary: its share of visitors, and the share of its requests that fail, 0 to 1.

    `healthy` are the fewest and the most seconds from its shift to its first failure.
    """

    source: str
    share: float
    failing: float
    healthy: tuple[float, float] = HEALTHY

    @property
    def name(self) -> str:
        """Its name among all cells."""
        late = "" if self.healthy == HEALTHY else f"/after {self.healthy[0]:.0f} s"
        return f"{self.source}/{self.share:g}/{self.failing:g}{late}"

    @property
    def phase(self) -> str:
        """The plan's phase that gives the canary that share."""
        return f"canary-{self.share * 100:.0f}"

    def seed(self, base: int, number: int) -> int:
        """Give the seed of its repetition of that number, whichever cells are run with it."""
        return zlib.crc32(f"{base}/{self.name}/{number}".encode())


def cells(sources: Sequence[str], late: bool = False) -> list[Cell]:
    """Give the nine cells of each source; `late` instead those whose canary fails after half a minute of health."""
    if late:
        return [Cell(source, 0.05, failing, LONG_HEALTHY) for source in sources for failing in FAILING]
    return [Cell(source, share, failing) for source in sources for share in SHARES for failing in FAILING]
