"""A guards' book in memory, on a clock that tests turn: shared by all who are given the same one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from golive.adapters.clocks import FakeClock
from golive.core.errors import StoreUnavailable
from golive.core.moments import utc
from golive.core.samples import Sample, Version
from golive.core.thinning import summed
from golive.ports import Beat, EvidenceNote, Lease, LookNote, Member


@dataclass
class MemoryBook:
    """`golive.ports.Book` for tests; `silent` lets it answer nobody."""

    clock: FakeClock
    silent: bool = False
    newest: Lease | None = None
    told: dict[str, tuple[Member, float, str, int]] = field(default_factory=dict)
    looks: list[LookNote] = field(default_factory=list)
    kept: list[Sample] = field(default_factory=list)

    def take(self, member: Member, over: int, silent: float) -> int | None:
        self._answer()
        if (self.newest.fence if self.newest else 0) != over:
            return None
        if self.newest is not None and not self.newest.released:
            holder = self.told.get(self.newest.holder.guard)
            if holder is not None and self.clock.monotonic() - holder[1] < silent:
                return None
        self.newest = Lease(over + 1, member)
        self.beat(member, over + 1)
        return over + 1

    def beat(self, member: Member, fence: int) -> bool:
        self._answer()
        self.told[member.guard] = (member, self.clock.monotonic(), utc(self.clock.now()), fence)
        return fence == 0 or self._holds(fence)

    def release(self, fence: int) -> None:
        self._answer()
        if self.newest is not None and self.newest.fence == fence:
            self.newest = Lease(fence, self.newest.holder, True)

    def leave(self, member: Member) -> None:
        self._answer()
        if self.newest is not None and self.newest.holder.guard == member.guard:
            self.release(self.newest.fence)
        self.told.pop(member.guard, None)

    def lease(self) -> Lease | None:
        self._answer()
        return self.newest

    def beats(self) -> Sequence[Beat]:
        self._answer()
        holder = self.newest.holder.guard if self.newest and not self.newest.released else ""
        now = self.clock.monotonic()
        found = [
            Beat(member, name == holder, said, now - at if member.boot == self.clock.boot else math.inf, fence)
            for name, (member, at, said, fence) in self.told.items()
        ]
        return sorted(found, key=lambda beat: (not beat.acting, beat.age))

    def add(self, samples: Sequence[Sample], look: LookNote, fence: int) -> bool:
        self._answer()
        if not self._holds(fence):
            return False
        self.kept += samples
        self.looks.append(look)
        return True

    def samples(self, after: int = 0, most: int | None = None) -> Sequence[Sample]:
        self._answer()
        return self.kept[after:][:most]

    def minutes(self, phase: str) -> Sequence[Sample]:
        self._answer()
        parts: dict[tuple[int, Version], list[Sample]] = {}
        for one in self.kept:
            if one.phase == phase:
                parts.setdefault((int(one.second // 60), one.version), []).append(one)
        return [summed(several) for several in parts.values()]

    def trace(self, phase: str) -> Sequence[EvidenceNote]:
        self._answer()
        noted = (look for look in self.looks if look.body["phase"] == phase and look.body.get("evidence"))
        return [EvidenceNote(look.utc, look.body["evidence"]) for look in noted]

    def last_look(self) -> LookNote | None:
        self._answer()
        return self.looks[-1] if self.looks else None

    def _holds(self, fence: int) -> bool:
        return self.newest is not None and self.newest.fence == fence and not self.newest.released

    def _answer(self) -> None:
        if self.silent:
            raise StoreUnavailable("the network is cut")
