"""HAProxy over its runtime socket: one process or several, all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from golive.adapters.haproxy_socket import Address, HaproxySocket
from golive.adapters.places import on_host
from golive.adapters.routers import haproxy_claims
from golive.adapters.routers.haproxy_commands import Pair, back, by_hand, forward, undo
from golive.adapters.routers.haproxy_process import HaproxyProcess, Names, Standing, doubtful, unfit
from golive.adapters.routers.haproxy_settings import HaproxySettings
from golive.adapters.routers.haproxy_weights import PARTS, Weights, nearest_to, same, weights_for
from golive.drivers import Around
from golive.ports import Done, Refused, RouterCan, Split, Superseded, Unknown

ROUNDS = 5


class HaproxyRouter:
    """`golive.ports.Router` over HAProxy's runtime sockets. Trouble is a value, never an exception.

    A shift is compared first and sent second; HAProxy can't do both in one step (`compares` is no). Within one driver
    callers wait for each other. Of several drivers that move it together each goes down to the lowest that it finds,
    and against a rollback maintenance is the fence, which a shift leaves as it read it.
    With sticky cookies visitors who have met stable stay with it also at 100 %.
    """

    can = RouterCan(claims=True)

    Settings = HaproxySettings

    @classmethod
    def declared(cls, settings: HaproxySettings) -> RouterCan:
        """Give what a router with these settings can."""
        return RouterCan(sticky=settings.sticky, claims=settings.claims)

    @classmethod
    def made(cls, settings: HaproxySettings, around: Around) -> HaproxyRouter:
        """Give the router of a plan; it needs nothing of what is `around` it."""
        return cls(settings)

    def __init__(self, settings: HaproxySettings) -> None:
        self.can = self.declared(settings)
        self._claim = ""
        self._settings = settings
        self._names = Names(settings.backends, settings.stable, settings.canary, settings.besides)
        sockets = (HaproxySocket(Address.of(text)) for text in settings.sockets)
        self._processes = [HaproxyProcess(socket, self._names) for socket in sockets]
        self._moving = asyncio.Lock()

    async def read(self) -> Split | Unknown:
        """Give the split that stands in every backend of every process; Unknown, naming them, when they differ."""
        standings = await self._standings()
        return self._split(standings) if isinstance(standings, list) else Unknown(standings.why)

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown:
        """Compare and set in every process, or in none of them."""
        weights = weights_for(share)
        if weights is None:
            return Refused(_inexact(share))
        async with self._moving:
            standings = await self._standings()
            if not isinstance(standings, list):
                return standings
            split = self._split(standings)
            if isinstance(split, Split) and self._claim and split.claim not in ("", self._claim):
                return Superseded(f"claimed by {split.claim}", split)
            if expect is not None:
                if isinstance(split, Unknown):
                    return split
                if not same(split.share, expect):
                    return Superseded(f"the split was {split.share:.2%}, not the expected {expect:.2%}", split)
            for standing in standings:
                if why := unfit(standing, share):
                    return Refused(why)
            return await self._move(standings, weights)

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown:
        """Send everybody to stable in every process that answers, holders of sticky cookies too."""
        names = self._names
        commands = [line for one in names.backends for line in back(one, names.stable, names.canary)]
        said = await asyncio.gather(*(process.change(commands) for process in self._processes))
        seen = await asyncio.gather(*(process.read() for process in self._processes))
        good = [isinstance(one, Standing) and self._sent_back(one) for one in seen]
        if all(good):
            split = self._split([one for one in seen if isinstance(one, Standing)])
            return Done(split) if isinstance(split, Split) else split
        troubles = [
            answer.why if answer is not None else one.why if not isinstance(one, Standing) else str(one)
            for answer, one, safe in zip(said, seen, good, strict=True)
            if not safe
        ]
        safe_ones = [process.name for process, safe in zip(self._processes, good, strict=True) if safe]
        done = f"; sent back at {', '.join(safe_ones)}" if safe_ones else ""
        refused = not safe_ones and all(isinstance(answer, Refused) for answer in said)
        why = "; ".join(troubles) + done
        return Refused(why) if refused and all(isinstance(one, Standing) for one in seen) else Unknown(why)

    async def claim(self, whose: str, expect: str) -> Done | Refused | Superseded | Unknown:
        """Compare and set whose go-live every process shows, or none of them."""
        async with self._moving:
            standings = await self._standings()
            if not isinstance(standings, list):
                return standings
            answer = await haproxy_claims.claim(self._processes, standings, whose, expect)
            if isinstance(answer, Refused | Unknown):
                return answer
            split = self._split(answer)
            if isinstance(split, Unknown):
                return split
            if split.claim != whose:
                return Superseded(f"claimed by {split.claim or 'nobody'}", split)
            self._claim = whose
            return Done(split)

    def identity(self) -> str:
        """Give what names this router, whoever asks."""
        sockets = ", ".join(sorted(on_host(process.name) for process in self._processes))
        return f"haproxy {sockets} {', '.join(sorted(self._names.backends))}"

    def by_hand(self) -> str:
        """Give the shell lines that roll back without this tool and without Python, for each process and backend."""
        names = self._names
        return "\n".join(
            by_hand(process.socket.address, backend, names.stable, names.canary)
            for process in self._processes
            for backend in names.backends
        )

    async def aclose(self) -> None:
        """Nothing stays open between two calls."""

    async def _standings(self) -> list[Standing] | Unknown | Refused:
        seen = await asyncio.gather(*(process.read() for process in self._processes))
        bad = [one for one in seen if not isinstance(one, Standing)]
        if bad:
            why = "; ".join(dict.fromkeys(one.why for one in bad))
            return Unknown(why) if any(isinstance(one, Unknown) for one in bad) else Refused(why)
        return [one for one in seen if isinstance(one, Standing)]

    def _sent_back(self, standing: Standing) -> bool:
        """Say whether nobody is on the canary: a weight of 0 is not enough where cookies are sticky."""
        return all(
            pair.canary.out == "maintenance" or not (pair.canary.takes or self._settings.sticky)
            for pair in standing.pairs
        )

    def _split(self, standings: list[Standing]) -> Split | Unknown:
        doubts = list(filter(None, map(doubtful, standings)))
        if doubts:
            return Unknown("; ".join(doubts))
        shares = [standing.pairs[0].share or 0.0 for standing in standings]
        if not all(same(share, shares[0]) for share in shares):
            return Unknown(f"the processes differ: {'; '.join(map(str, standings))}; a rollback makes them alike")
        shown = {pair.canary.address for standing in standings for pair in standing.pairs}
        if not self._settings.deployment and len(shown) > 1:
            return Unknown(f"the processes show different canaries: {', '.join(sorted(shown))}")
        tokens = {standing.token for standing in standings}
        token = tokens.pop() if len(tokens) == 1 else ""
        claim = haproxy_claims.shown_by(standings) if self.can.claims else ""
        return Split(shares[0], self._settings.deployment or shown.pop(), token, claim=claim)

    async def _move(self, standings: list[Standing], to: Weights) -> Done | Refused | Superseded | Unknown:
        lines = [
            [line for pair in standing.pairs for line in forward(pair, to, self._settings.sticky)]
            for standing in standings
        ]
        said = await self._change(lines)
        troubles = [answer.why for answer in said if answer is not None]
        if troubles:
            return await self._take_back(standings, to, "; ".join(troubles))
        seen = await self._standings()
        if not isinstance(seen, list):
            return Unknown(seen.why)
        if not _alike(seen, to.share):
            return await self._settle(standings, seen, to)
        split = self._split(seen)
        return Done(split) if isinstance(split, Split) else split

    async def _settle(self, before: list[Standing], seen: list[Standing], to: Weights) -> Superseded | Unknown:
        """Make one split of what several callers have left, going down only: the lowest of what there is and was.

        HAProxy mixes the commands of connections that come together. Whoever finds a mixture does this, so the last
        one to write leaves none.
        """
        for _ in range(ROUNDS):
            lowest = min(_pairs([*before, *seen]), key=lambda pair: pair.share or 0.0)
            share = lowest.share or 0.0
            if _alike(seen, share):
                break
            nobody = lowest.share is None
            weights = Weights(PARTS, 0) if nobody else Weights(lowest.stable.takes, lowest.canary.takes)
            await self._change([[*self._down(one, weights)] for one in seen])
            again = await self._standings()
            if not isinstance(again, list):
                return Unknown(again.why)
            seen = again
        split = self._split(seen)
        if isinstance(split, Unknown):
            return split
        why = f"{to.share:.2%} was set while somebody else moved it: {split.share:.2%} is read back"
        return Superseded(why, split)

    def _down(self, standing: Standing, to: Weights) -> Iterator[str]:
        for pair in standing.pairs:
            if (pair.share or 0.0) > to.share:
                yield from forward(pair, to, self._settings.sticky)

    async def _take_back(self, standings: list[Standing], to: Weights, why: str) -> Refused | Unknown:
        """Undo what a failed shift has done, but never upwards: a canary that was lowered stays so."""
        lines = [
            [line for pair in standing.pairs if (pair.share or 0.0) <= to.share for line in undo(pair, to)]
            for standing in standings
        ]
        said = await self._change(lines)
        again = [answer.why for answer in said if answer is not None and answer.why not in why]
        seen = await self._standings()
        if not isinstance(seen, list):
            return Unknown(f"{'; '.join([why, *again])}; undone wherever HAProxy answers; read back: {seen.why}")
        if [_shares(one) for one in seen] == [_shares(one) for one in standings]:
            return Refused(f"{why}; every process stands as before")
        return Unknown(f"{'; '.join([why, *again])}; now {'; '.join(map(str, seen))}")

    async def _change(self, lines: list[list[str]]) -> list[Unknown | Refused | None]:
        async def one(process: HaproxyProcess, commands: list[str]) -> Unknown | Refused | None:
            return await process.change(commands) if commands else None

        return await asyncio.gather(*map(one, self._processes, lines))


def _pairs(standings: list[Standing]) -> list[Pair]:
    return [pair for standing in standings for pair in standing.pairs]


def _alike(standings: list[Standing], share: float) -> bool:
    return all(pair.share is not None and same(pair.share, share) for pair in _pairs(standings))


def _shares(standing: Standing) -> list[float | None]:
    return [pair.share for pair in standing.pairs]


def _inexact(share: float) -> str:
    if not 0 <= share <= 1:
        return f"a share between 0 and 1 was expected, not {share!r}"
    near = nearest_to(share)
    return (
        f"HAProxy's weights are whole numbers up to 256, and none give {share:.4%} exactly; "
        f"the nearest is {near.share:.4%} (stable {near.stable}, canary {near.canary}): put that into the plan"
    )
