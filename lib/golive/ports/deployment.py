"""What becomes of a release's deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from golive.ports.router import Refused, Unknown


@dataclass(frozen=True)
class Happened:
    """It is so, by us or already, and was read back: `seen` says what."""

    seen: str


class Deployment(Protocol):
    """What becomes of a release's two deployments besides the visitors whom a router moves.

    Each call reads, acts and reads again, so that asking twice does it once. None of them moves a share: `promote` and
    `alias` refuse while production is not served by the deployment that is named. `tag` names the release's commit.
    """

    async def tag(self, name: str, because: str) -> Happened | Refused | Unknown: ...

    async def promote(self, deployment: str) -> Happened | Refused | Unknown: ...

    async def alias(self, domain: str) -> Happened | Refused | Unknown: ...

    async def remove(self, deployment: str) -> Happened | Refused | Unknown: ...
