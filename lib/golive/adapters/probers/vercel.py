"""Requests of ours through Vercel's public domain, forced to one version, since one machine is one bucket there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence

from golive.adapters.vercel.account import DeploymentId
from golive.adapters.vercel.answering import ask
from golive.core.samples import Version
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Sick

WITHIN = 3.0
SIDE_BY_SIDE = 10
OURS = {"X-Golive-Ours": "probe", "Cache-Control": "no-cache"}
FORCE = {Version.CANARY: "vcrrForceCanary", Version.STABLE: "vcrrForceStable"}


class VercelProber:
    """`golive.ports.Prober` and `golive.ports.Forcing`: whose answer it was is what the health endpoint says.

    No cookie is carried from one request to the next. Asked without force, one machine mostly meets one version: that
    says nothing of the split.
    """

    class Settings(Part):
        """`router` is the visitors' URL without a trailing slash; `stable` and `canary` are the deployments' ids."""

        router: str
        stable: DeploymentId
        canary: DeploymentId
        path: str = "/api/health"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> VercelProber:
        """Give the prober of that site."""
        return cls(settings)

    def __init__(self, settings: Settings) -> None:
        self._url = settings.router + settings.path
        self._versions = {settings.stable: Version.STABLE, settings.canary: Version.CANARY}

    async def ask(self, times: int) -> Sequence[Version | Sick]:
        """Ask `times` times without force and say who answered each."""
        gate = asyncio.Semaphore(SIDE_BY_SIDE)

        async def once() -> Version | Sick:
            async with gate:
                return await self._met({})

        return await asyncio.gather(*(once() for _ in range(times)))

    async def forced(self, version: Version) -> Version | Sick:
        """Say which version answers a request that is forced to one; without an active rollout force does nothing."""
        return await self._met({FORCE[version]: "true"})

    async def _met(self, query: Mapping[str, str]) -> Version | Sick:
        fresh = {"golive": secrets.token_hex(4)}  # no cache on the way has an answer for it
        answer = await ask(self._url, WITHIN, OURS, {**query, **fresh})
        if isinstance(answer, Sick):
            return answer
        return self._versions.get(answer.deployment) or Sick(f"{answer.deployment} answered, which is neither version")
