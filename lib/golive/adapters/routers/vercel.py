"""Vercel's rolling releases as a router: read, act, read again; what is not known advances nothing."""

from __future__ import annotations

import asyncio
import shlex
from urllib.parse import quote, urlencode

from golive.adapters.routers.vercel_settings import VercelSettings
from golive.adapters.vercel.api import READ_WITHIN, Api
from golive.adapters.vercel.looking import LAST_LOOK, POLL, Looking
from golive.adapters.vercel.models import Rollout
from golive.adapters.vercel.releases import RollingReleases
from golive.adapters.vercel.sight import PAUSED, Sight, agrees, told
from golive.adapters.vercel.trouble import Kind, Trouble
from golive.drivers import Around
from golive.ports import Clock, Done, Proof, Refused, RouterCan, Split, Superseded, Unknown

SET_WITHIN = 4.0
ROLLBACK_WITHIN = 2.8
ROLLBACK_AGAIN = 30.0  # a job of 20 s, or one of 10 s and reads 15 s behind, is not asked for twice
SAME = 1e-9
Moved = Done | Refused | Superseded | Unknown


class VercelRouter:
    """`golive.ports.Router` over Vercel's rolling releases. Trouble is a value, never an exception.

    The only shares are the stages; nothing but a rollback lowers one, and a rollback is a job of Vercel's that takes
    its time. Visitors stay where their cookie puts them, so that the split is proven by the control plane and by
    forced requests, and not by counting ours. An approval whose outcome is open is never sent again before reads
    must have shown it.
    """

    Settings = VercelSettings

    @classmethod
    def made(cls, settings: VercelSettings, around: Around) -> VercelRouter:
        """Give the router of a plan; of what is `around` it, it takes the clock."""
        return cls(settings, around.clock)

    def __init__(self, settings: VercelSettings, clock: Clock) -> None:
        lag = (settings.read_lag + settings.read_every).total_seconds()
        shares = tuple(share for share in settings.shares if share > 0)
        self.can = RouterCan(splits=shares, lowers=False, sticky=True, proof=Proof.FORCED, read_lag=lag)
        self.api = Api(settings, clock)
        self._settings, self._clock = settings, clock
        self._releases = RollingReleases(self.api)
        self._looking = Looking(self._releases, settings.canary, settings.base, clock)
        self._moving = asyncio.Lock()
        self._remembered: tuple[float, Split] | None = None
        self._changed_at = -self.can.read_lag
        self._open: tuple[float, float] | None = None  # the share and the time of a change whose outcome is open
        self._ask_back_at = 0.0  # when a rollback that does not show may be asked for again
        self._urgent_until = 0.0  # until then reads show whether a rollback is done, and are not held back
        self._token: str | None = None if settings.rehearses else ""

    async def read(self) -> Split | Unknown:
        """Give the visitors' share on our canary: its active stage or, without a rollout, who serves production.

        What is read right after a rollback says whether it is done, so our own limit does not hold it back.
        """
        now = self._clock.monotonic()
        if self._remembered is not None and now < self._remembered[0] + self._settings.read_every.total_seconds():
            return self._remembered[1]
        sight = await self._looking.now(urgent=now < self._urgent_until)
        if isinstance(sight, Trouble):
            return Unknown(sight.why)
        split = await self._split(sight)
        if isinstance(split, Split) and now > self._changed_at + self.can.read_lag:
            self._remembered = (now, split)
        return split

    async def set(self, share: float, expect: float | None) -> Moved:
        """Start, approve stage by stage, or complete; each only if Vercel shows what it has to before."""
        shares = self.can.splits or ()
        if not any(abs(share - one) < SAME for one in shares):
            return Refused(_no_stage(share, shares))
        until = self._clock.monotonic() + SET_WITHIN
        async with self._moving:
            self._remembered = None
            sight = await self._looking.patiently(until)
            while not isinstance(sight, Trouble):
                split = await self._split(sight)
                if isinstance(split, Unknown):
                    return Refused(split.why)
                if abs(split.share - share) < SAME and self._arrived(split.share, expect):
                    self._open = None
                    return Done(split)
                stop = self._stop(sight, split, share, expect)
                if stop is not None:
                    return stop
                stepped = await self._step(sight, share, until)
                if not isinstance(stepped, Sight):
                    return stepped
                sight, expect = stepped, stepped.share
            return Unknown(sight.why)

    async def rollback(self, reason: str) -> Moved:
        """Ask for the base again, and look until it is so.

        It is asked for anew only when Vercel's job had its time, or has failed, or when the request may have been lost
        and reads would show it by now. It acts whatever a read says, which
        may be behind, but leaves alone a release that is not ours.
        """
        begun = self._clock.monotonic()
        until, self._urgent_until = begun + ROLLBACK_WITHIN, begun + ROLLBACK_AGAIN
        self._remembered = None
        sight = await self._looking.urgently(READ_WITHIN)
        if isinstance(sight, Sight) and sight.why and sight.share == 0.0:
            return Superseded(f"nobody is on {self._settings.canary}: {sight.why}", Split(0.0, sight.canary))
        said: bytes | Trouble = b""
        if self._clock.monotonic() >= self._ask_back_at:
            self._changed_at = self._clock.monotonic()
            within = until - self._clock.monotonic() - LAST_LOOK
            said = await self._releases.roll_back(self._back_to(sight), f"golive: {reason}", within)
            if isinstance(said, Trouble) and said.kind is Kind.CONFLICT:
                said = b""  # Vercel is at a rollback already
            if not isinstance(said, Trouble) or said.maybe_done:
                patience = self.can.read_lag if isinstance(said, Trouble) else ROLLBACK_AGAIN
                self._ask_back_at = self._changed_at + patience
        sight = await self._looking.until_nobody(until)
        if isinstance(sight, Sight) and sight.share == 0.0:
            self._ask_back_at = 0.0
            split = await self._split(sight)
            return Done(split) if isinstance(split, Split) else split
        seen = sight.why if isinstance(sight, Trouble) else f"{sight.share or 0:.0%} read back"
        if isinstance(said, Trouble):
            return (Refused if said.is_refusal else Unknown)(f"{said.why}; {seen}"[:480])
        job = await self._looking.at_the_job(until)
        if job.failed:
            self._ask_back_at = 0.0
        return Unknown(f"the rollback was accepted and is not done yet: {job.said}; {seen}"[:480])

    def by_hand(self) -> str:
        """Give the shell command that rolls back without this tool; it takes the token from the environment."""
        wanted = self._settings
        query = urlencode({**({"teamId": wanted.team} if wanted.team else {}), "description": "by hand"})
        url = f"{wanted.api}/v1/projects/{quote(wanted.project)}/rollback/{wanted.base}?{query}"
        return f'curl -fsS -m 20 -X POST -H "Authorization: Bearer ${wanted.token_variable}" {shlex.quote(url)}'

    def identity(self) -> str:
        """Give what names this router, whoever asks."""
        wanted = self._settings
        return f"vercel {wanted.api} {f'{wanted.team}/' if wanted.team else ''}{wanted.project}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._releases.aclose()

    async def _split(self, sight: Sight) -> Split | Unknown:
        if sight.share is None:
            return Unknown(sight.why)
        if self._token is None:
            self._token = await self._releases.token(self._settings.canary)
        return Split(sight.share, sight.canary, self._token or "", sight.note)

    def _arrived(self, share: float, expect: float | None) -> bool:
        """Say whether what is wanted stands already, and by us: expected so, or of a change whose outcome was open."""
        opened = self._open is not None and abs(self._open[0] - share) < SAME
        return expect is None or opened or abs(share - expect) < SAME

    def _stop(self, sight: Sight, split: Split, share: float, expect: float | None) -> Moved | None:
        """Give what keeps a step from being made now."""
        rollout, wanted = sight.rollout, self._settings
        if sight.why:
            return Superseded(sight.why, split)
        if expect is not None and abs(split.share - expect) >= SAME:
            said = f"; {sight.note}" if sight.note else ""
            why = f"the split was {split.share:.2%}, not the expected {expect:.2%}: somebody else has moved it{said}"
            return Superseded(why, split)
        if share < split.share:
            return Refused(f"Vercel can't go down from {split.share:.0%} to {share:.0%}: only a rollback lowers it")
        if rollout is not None and (rollout.substate == PAUSED or rollout.queuedDeploymentId):
            return Superseded(f"{sight.note}; look at the release in Vercel's dashboard", split)
        if rollout is not None and rollout.advancementType == "automatic":
            return Refused(f"{sight.note}: only a release whose every stage is approved can wait for a verdict")
        if rollout is not None and rollout.base != wanted.base:
            return Refused(f"this release stands beside {rollout.base}, and the plan's base is {wanted.base}")
        if self._open is not None and abs(self._open[0] - split.share) < SAME:
            self._open = None  # it shows, so that its outcome is open no more
        if self._open is not None:
            left = self._open[1] + self._settings.read_lag.total_seconds() - self._clock.monotonic()
            if left > 0:
                return Unknown(
                    f"{self._open[0]:.0%} was asked for and its outcome is open: it is not asked for again "
                    f"before reads must show it, in {left:.0f} s"
                )
        return None

    async def _step(self, sight: Sight, share: float, until: float) -> Sight | Moved:
        """Make one step and look until it shows."""
        rollout, canary = sight.rollout, self._settings.canary
        if rollout is None:
            unfit = await self._configured(until)
            if unfit is not None:
                return unfit
            target, step = self._settings.shares[0], self._releases.start(canary)
        else:
            stage = rollout.nextStage
            if stage is None or stage.targetPercentage / 100 > share + SAME:
                have = ", ".join(f"{one.targetPercentage:g} %" for one in rollout.stages)
                return Refused(f"this release has no stage of {share:.0%}: it was started with {have}")
            target = stage.targetPercentage / 100
            last = stage.isFinalStage
            step = self._releases.complete(canary) if last else self._releases.approve(stage.index, canary)
        self._changed_at = self._clock.monotonic()
        self._open = (target, self._changed_at)
        return await self._after(await step, sight, target, until)

    async def _after(self, said: Rollout | Trouble, before: Sight, target: float, until: float) -> Sight | Moved:
        if isinstance(said, Trouble) and not said.maybe_done:
            self._open = None
            if not said.is_refusal:
                return Unknown(said.why)
            limited = said.kind is Kind.LIMITED and self._clock.monotonic() + said.wait < until
            if limited:
                await self._clock.sleep(said.wait)
            sight = await self._looking.patiently(until)
            if limited and isinstance(sight, Sight) and sight == before:
                return sight
            moved = isinstance(sight, Sight) and (sight.share != before.share or sight.why)
            if isinstance(sight, Sight) and sight.share is not None and moved:
                why = f"somebody else was first: {sight.share:.2%} is read back; {said.why}"
                return Superseded(why[:480], Split(sight.share, sight.canary, note=sight.note))
            return Refused(said.why)
        seen = await self._looking.until_shown(target, until)
        if isinstance(seen, Sight) and seen.share is not None and abs(seen.share - target) < SAME:
            self._open = None
            return seen
        why = said.why if isinstance(said, Trouble) else "Vercel accepted it"
        back = seen.why if isinstance(seen, Trouble) or seen.share is None else f"{seen.share:.0%} is read back"
        return Unknown(f"{why}; {back}: reads may be {self._settings.read_lag.total_seconds():.0f} s behind"[:480])

    async def _configured(self, until: float) -> Refused | Unknown | None:
        """Compare the project's stages with the plan's, and write them where the plan says so; None when they agree."""
        wanted, written = [round(share * 100) for share in self._settings.shares], False
        while True:
            config = await self._releases.config()
            if isinstance(config, Trouble):
                return Unknown(config.why)
            if agrees(config, wanted):
                return None
            differs = f"the project's stages are {told(config)}; the plan's are {', '.join(f'{n} %' for n in wanted)}"
            if not self._settings.configure:
                return Refused(differs)
            if written and self._clock.monotonic() + POLL > until:
                return Unknown(f"the plan's stages were written, and reads do not show them yet: {differs}")
            if not written:
                said, written = await self._releases.configure(wanted), True
                if isinstance(said, Trouble):
                    return (Refused if said.is_refusal else Unknown)(said.why)
            else:
                await self._clock.sleep(POLL)

    def _back_to(self, sight: Sight | Trouble) -> str:
        """Give the deployment to go back to: what stands beside our canary now, else the plan's base."""
        if isinstance(sight, Sight) and sight.rollout is not None and sight.rollout.base:
            return sight.rollout.base
        return self._settings.base


def _no_stage(share: float, shares: tuple[float, ...]) -> str:
    said = ", ".join(f"{one:.0%}" for one in shares)
    if not 0 <= share <= 1:
        return f"{share!r} is no share: one of {said} was expected"
    near = min(shares, key=lambda one: abs(one - share))
    return f"{share:.4g} is no stage of this release: it has {said}; the nearest is {near:.0%}"
