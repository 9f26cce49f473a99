"""Send everybody back without a guard: act first, then verify, then write down what was meant and what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from golive import rescue
from golive.adapters.clocks import SystemClock
from golive.adapters.stores.late import LateBox
from golive.afterwards import tell, verify
from golive.core.canonical import tame
from golive.core.doubts import StableNow, doubts
from golive.core.errors import GoLiveError, Stopped
from golive.core.kit import Kit
from golive.core.record import Draft, Kind
from golive.core.state import State
from golive.engine.mine import Mine
from golive.engine.rollback import RolledBack, Step, insist, roll_back
from golive.folders import RunFolder
from golive.pages.answer import Answer
from golive.pages.rollbacks import unrecorded_rollback
from golive.ports import Claiming, Clock, Done, Router, Split
from golive.provenance import who
from golive.run import Run, new_id

SAY_AFTER = 2.0
ANSWER_WITHIN = 5.0


@dataclass(frozen=True)
class SentBack:
    """What a rollback without a guard came to.

    Attributes:
        last_resort: What each last resort did, in the order in which they were used.
        verified: What was seen afterwards, as the record holds it.
        unrecorded: Why the record does not hold it, "" when it does.
        unkept: The entries as JSON, when no file would take them either; "" otherwise.
    """

    rolled: RolledBack
    last_resort: tuple[Mapping[str, Any], ...] = ()
    verified: Mapping[str, Any] = field(default_factory=dict)
    unrecorded: str = ""
    unkept: str = ""

    def answer(self, trouble: str = "") -> Answer:
        """Give what came of it as a page shows it, with what keeps it from being recorded; `trouble` says it better."""
        why = f"{trouble}; {self.unrecorded}" if trouble and self.unrecorded else self.unrecorded
        rolled, unrecorded = self.rolled, why + (f": {self.unkept}" if self.unkept else "")
        return unrecorded_rollback(rolled.done, rolled.superseded, rolled.why, self.verified, unrecorded)


def silent(line: str) -> None:
    """Say nothing."""


def unseen(sent: SentBack) -> None:
    """Take no notice of what is not verified yet."""


def never() -> Run | None:
    """Open no run later."""
    return None


async def send_back_alone(
    folder: RunFolder,
    run: Run | None,
    because: str,
    by: str,
    *,
    phase: str = "",
    tries: int = 0,
    even_though: str = "",
    say: Callable[[str], None] = silent,
    moved: Callable[[SentBack], None] = unseen,
    later: Callable[[], Run | None] = never,
) -> SentBack:
    """Call the run's router until it reads back 0 %, verify, and write it down, beside the record when it refuses that.

    Args:
        run: The run in `folder`; None when its record or plan can't be opened.
        by: Who acts in place of the guard, for the record.
        tries: How often the router is called at the most, without a last resort; 0 to insist.
        even_though: What a person answered who was asked once more.
        say: Hears of a router that does not take it, and of last resorts.
        moved: Hears what the router came to, before that is verified and written down.
        later: Gives the run once everybody is back, where it could not be had before.

    Raises:
        GoLiveError: If nothing says where the run's router is.
    """
    kit, clock = rescue.kit_of(folder), run.clock if run else SystemClock()
    sent = await send_back(rescue.router_of(folder), kit, mine_of(kit, run), because, clock, tries=tries, say=say)
    moved(sent)
    run = run or later()
    notice = await tell(run, *told_of(sent, because, by))
    seen = await verify(run, kit, sent.rolled)
    return write_down(folder, run, sent, seen, because, by, phase=phase, even_though=even_though, notice=notice)


def told_of(sent: SentBack, because: str, by: str) -> tuple[str, str]:
    """Give title and text of what people outside are told of a rollback."""
    rolled = sent.rolled
    if rolled.superseded:
        return "NOT ROLLED BACK: NOT OURS", f"{because}; {rolled.why}"
    title = "ROLLED BACK" if rolled.done else "ROLLBACK NOT CONFIRMED"
    did = [f"{one['driver']}: {one['did']}" for one in sent.last_resort]
    return title, "; ".join([f"{because} ({by})", *([] if rolled.done else [rolled.why]), *did])


def doubts_of(run: Run, state: State) -> tuple[str, ...]:
    """Give what speaks against a rollback now, by what a guard saw just now; what nobody knows is no sickness."""
    try:
        look = None if run.guard_silent() else run.book.last_look()
    except GoLiveError:
        look = None
    stable = StableNow.from_json(look.body.get("stable") if look else None)
    return doubts(state, run.plan.after_cutover, stable, run.clock.now())


def mine_of(kit: Kit, run: Run | None) -> Mine:
    """Give what a run means by its canary; of one that can't be read, its claim alone."""
    try:
        return Mine(kit.claim, run.state().canary if run else "")
    except GoLiveError:
        return Mine(kit.claim)


async def send_back(
    router: Router,
    kit: Kit,
    mine: Mine,
    because: str,
    clock: Clock,
    *,
    tries: int = 0,
    say: Callable[[str], None] = silent,
) -> SentBack:
    """Call the router until it reads back 0 %, and use the kit's last resorts when it does not; `say` hears of it."""
    begun = clock.monotonic()
    rolled = await roll_back(router, clock, because, tries or 1, mine)
    if rolled.over or tries:
        return SentBack(rolled)
    used: list[Mapping[str, Any]] = []

    async def still_trying(why: str) -> None:
        say(f"the router does not take it: {why}; still trying")

    steps = [(SAY_AFTER, still_trying), *_last_resorts(kit, because, used, say)]
    rolled = await insist(router, clock, because, mine, rolled, begun, steps)
    return SentBack(rolled, tuple(used))


def _last_resorts(
    kit: Kit, because: str, used: list[Mapping[str, Any]], say: Callable[[str], None]
) -> list[tuple[float, Step]]:
    try:
        resorts = rescue.last_resorts_of(kit)
    except GoLiveError as error:
        say(f"no last resort: {str(error).splitlines()[0]}")
        return []

    def using(number: int, resort: Any) -> Step:
        async def use(why: str) -> None:
            came = await resort.use(because)
            say(f"last resort: {resort.name}: {came.what}")
            told = {"number": number, "driver": resort.name, "because": f"{because}; {why}"}
            used.append({**told, "done": came.done, "did": came.what})

        return use

    return [(after, using(number, resort)) for number, (after, resort) in enumerate(resorts, 1)]


def write_down(
    folder: RunFolder,
    run: Run | None,
    sent: SentBack,
    seen: Mapping[str, Any],
    because: str,
    by: str,
    *,
    phase: str = "",
    even_though: str = "",
    notice: Mapping[str, Any] | None = None,
) -> SentBack:
    """Enter what was meant and what came of it, beside the record when it refuses them; never raises for that."""
    rolled = sent.rolled
    body: dict[str, Any] = {"act": "rollback", "request": "", "because": because, "by": by, "late": True}
    body |= {"even_though": even_though} if even_though else {}
    verified: dict[str, Any] = {"read_back": rolled.read_back, "seconds_to_safe": round(rolled.seconds, 3)}
    verified |= {"tries": rolled.tries, **seen}
    if sent.last_resort:
        verified["last_resort"] = [f"{one['driver']}: {one['did']}" for one in sent.last_resort]
    name = run.who if run else who("")
    intent = Draft(new_id(), Kind.INTENT, name, body, phase)
    resorts = [Draft(new_id(), Kind.LAST_RESORT, name, one, phase) for one in sent.last_resort]
    ended = {**body, "intent": intent.id, "result": rolled.result, "share": 0.0, "seen": rolled.why}
    outcome = Draft(new_id(), Kind.OUTCOME, name, {**ended, "verified": verified}, phase)
    notices = [Draft(new_id(), Kind.NOTICE, name, notice, phase)] if notice else []
    why, unkept = _record(folder, run, intent, *resorts, outcome, *notices)
    return SentBack(rolled, sent.last_resort, verified, why, unkept)


async def release_alone(folder: RunFolder) -> str:
    """Give a run's claim back when no guard does; give what came of it, "" where there is none to give back.

    Raises:
        GoLiveError: If nothing says where the run's router is.
    """
    kit = rescue.kit_of(folder)
    router = rescue.router_of(kit)
    if not isinstance(router, Claiming) or not kit.claim:
        return ""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            split = await router.read()  # type: ignore[attr-defined]
            if not isinstance(split, Split):
                return f"whether the router still shows {kit.claim} is not known: {split.why}"
            if split.claim != kit.claim:
                return ""
            if 0 < split.share < 1:
                raise Stopped(
                    f"{split.share:.2%} of visitors are on the canary of {kit.claim}, so its claim stays",
                    f'golive rollback {folder.name} --because "what you saw"',
                )
            answer = await router.claim("", kit.claim)
    except TimeoutError:
        return f"whether the router still shows {kit.claim} is not known: no answer"
    return f"the router no longer shows {kit.claim}" if isinstance(answer, Done) else f"not given back: {answer.why}"


def _record(folder: RunFolder, run: Run | None, *drafts: Draft) -> tuple[str, str]:
    """Append the drafts, or keep them beside the record; give why they were kept, and those that could not be kept."""
    why = "the run could not be opened"
    if run is not None:
        try:
            for draft in drafts:
                run.store.append(draft)
            return "", ""
        except GoLiveError as error:
            why = str(error).splitlines()[0]
    box = LateBox(folder.late)
    try:
        for draft in drafts:
            box.write(draft)
    except OSError as error:
        lines = (json.dumps({"id": one.id, "kind": one.kind.value, "body": tame(one.body)}) for one in drafts)
        return f"{why}; nor could it be kept in {folder.late}: {error.strerror}", "\n".join(lines)
    return f"{why}; kept in {folder.late}", ""
