"""Looks at a release until what was asked for shows, within the time that there is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from golive.adapters.vercel.releases import RollingReleases
from golive.adapters.vercel.sight import Sight, of_active, of_production
from golive.adapters.vercel.trouble import Kind, Trouble
from golive.ports import Clock

SHOWN_WITHIN = 1.0
LAST_LOOK = 0.5
POLL = 0.2
ROLLBACK_POLL = 0.4
SAME = 1e-9


@dataclass(frozen=True)
class JobSeen:
    """How Vercel's newest job stands, as text, and whether it is a rollback that came to nothing."""

    said: str
    failed: bool = False


class Looking:
    """Reads of one release: of the canary and the base that it was made with. Times are monotonic seconds."""

    def __init__(self, releases: RollingReleases, canary: str, base: str, clock: Clock) -> None:
        self._releases, self._clock = releases, clock
        self._canary, self._base = canary, base

    async def now(self, urgent: bool = False) -> Sight | Trouble:
        """Look once: at the rollout and, unless one is active, at what production is served by."""
        rollout = await self._releases.rollout(urgent)
        if isinstance(rollout, Trouble):
            return rollout
        sight = of_active(rollout, self._canary)
        if sight is not None:
            return sight
        project = await self._releases.project(urgent)
        if isinstance(project, Trouble):
            return project
        return of_production(rollout, project, self._canary, self._base)

    async def urgently(self, seconds: float) -> Sight | Trouble:
        """Look once, within so many seconds and whatever was asked already in this minute."""
        try:
            async with asyncio.timeout(seconds):
                return await self.now(urgent=True)
        except TimeoutError:
            return Trouble(Kind.NO_ANSWER, f"{Kind.NO_ANSWER} in {max(0.0, seconds):.1f} s")

    async def patiently(self, until: float) -> Sight | Trouble:
        """Look, and once more after a limit of Vercel's that is over in time."""
        sight = await self.now()
        if isinstance(sight, Trouble) and sight.kind is Kind.LIMITED and self._clock.monotonic() + sight.wait < until:
            await self._clock.sleep(sight.wait)
            return await self.now()
        return sight

    async def until_shown(self, target: float, until: float) -> Sight | Trouble:
        """Look until the share shows, for a second at most; give what was seen last."""
        until = min(until, self._clock.monotonic() + SHOWN_WITHIN)
        while True:
            sight = await self.now()
            shown = isinstance(sight, Sight) and sight.share is not None and abs(sight.share - target) < SAME
            if shown or self._clock.monotonic() + POLL > until:
                return sight
            await self._clock.sleep(POLL)

    async def until_nobody(self, until: float) -> Sight | Trouble:
        """Look until nobody is on the canary; give what was seen last."""
        while True:
            sight = await self.urgently(until - self._clock.monotonic())
            nobody = isinstance(sight, Sight) and sight.share == 0.0
            if nobody or self._clock.monotonic() + ROLLBACK_POLL > until - LAST_LOOK:
                return sight
            await self._clock.sleep(ROLLBACK_POLL)

    async def at_the_job(self, until: float) -> JobSeen:
        """Look how far Vercel's job is."""
        try:
            async with asyncio.timeout(max(0.1, until - self._clock.monotonic())):
                project = await self._releases.project(urgent=True)
        except TimeoutError:
            return JobSeen("Vercel does not say how far it is")
        if isinstance(project, Trouble):
            return JobSeen(project.why)
        job = project.lastAliasRequest
        if job is None:
            return JobSeen("Vercel shows no job")
        failed = job.type == "rollback" and not job.pending and job.jobStatus != "succeeded"
        return JobSeen(f"Vercel's {job.type} to {job.toDeploymentId} is {job.jobStatus}", failed)
