"""Every run on one screen, readable without colour: newest first, open ones with what to type next."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from golive.core.moments import Moment
from golive.core.pair import Beat, Lease, acting_beat
from golive.core.plain import plain
from golive.core.state import State
from golive.pages.progress import progress_of, split_of
from golive.pages.words import clock, day, percent, span
from golive.ports import LookNote

WIDTH = 100
INDENT = "    "
SHOWN_CLOSED = 10
LONGEST = 2000


@dataclass(frozen=True)
class Overview:
    """What one run looks like from outside.

    Attributes:
        trouble: Why it can't be read, "" when it can; `then` what its error says to do.
        operators: Names of those whose processes are at it.
        silent: Seconds after which a guard counts as silent.
    """

    name: str
    trouble: str = ""
    then: str = ""
    state: State = field(default_factory=State)
    beats: Sequence[Beat] = ()
    lease: Lease | None = None
    look: LookNote | None = None
    operators: Sequence[str] = ()
    sealed: bool = False
    silent: float = 5.0
    now: Moment | None = None

    @property
    def acting(self) -> Beat | None:
        """The acting guard's beat."""
        return acting_beat(self.beats)

    @property
    def guarded(self) -> bool:
        """Whether somebody acts and has beaten lately."""
        return self.acting is not None and self.acting.age <= self.silent


def screen(runs: Sequence[Overview], everything: bool = False) -> str:
    """Give the text for all runs, which come newest first."""
    standing = [run for run in runs if run.trouble or not run.state.closed]
    over = [run for run in runs if not run.trouble and run.state.closed]
    shown = over if everything else over[:SHOWN_CLOSED]
    lines = [line for run in runs if run in standing or run in shown for line in short(run)]
    if len(over) > len(shown):
        lines.append(f"and {len(over) - len(shown)} older ones that are closed: golive status --all")
    return "\n".join(lines)


def short(run: Overview) -> list[str]:
    """Give the lines of one run on the screen of all."""
    if run.trouble:
        return [*_wrapped(f"? {run.name}  UNREADABLE  ", run.trouble), f"{INDENT}NEXT  {run.then}"]
    state = run.state
    if state.closed:
        sealed = "sealed" if run.sealed else f"NEXT  golive seal {run.name}"
        return _wrapped(f"- {run.name}  {state.closed:<12}{percent(state.split):>8} on canary  ", sealed)
    phase = state.phase.title if state.phase else "no phase open"
    head = f"▸ {run.name}  open  {split_of(state)} on canary  {phase}"
    lines = [head[:WIDTH]]
    for name, said in facts_of(run):
        lines += _wrapped(f"{INDENT}{name:<8} ", said)
    return [*lines, *_wrapped(f"{INDENT}NEXT     ", next_of(run))]


def facts_of(run: Overview) -> list[tuple[str, str]]:
    """Give what is said of an open run on every screen: verdict, guards, wheel, and whose the router is."""
    facts = [("verdict", _verdict(run)), ("guard", _guards(run)), ("wheel", _wheel(run))]
    claim = _claim(run)
    return facts + ([("claim", claim)] if claim else [])


def whole(run: Overview) -> str:
    """Give the text for one run in more detail."""
    if run.trouble:
        return "\n".join(short(run))
    state = run.state
    lines = short(run)[:-1] if not state.closed else short(run)
    for name, said in details_of(run):
        lines += _wrapped(f"{INDENT}{name:<8} ", said)
    return "\n".join([*lines, *([] if state.closed else _wrapped(f"{INDENT}NEXT     ", next_of(run)))])


def details_of(run: Overview) -> list[tuple[str, str]]:
    """Give what is said besides of one run that is looked at by itself."""
    state = run.state
    facts = [("opened", f"{day(state.opened_at)}, plan {state.plan} {state.fingerprint[:12]}, code {state.code}")]
    if state.phase is not None and run.now is not None:
        facts.append(("stands", str(progress_of(state, state.phase, run.now))))
    if state.rollback is not None:
        facts.append(("rolled", str(state.rollback.detail.get("because", ""))))
    if run.lease is not None:
        held = "released" if run.lease.released else f"held by {run.lease.holder.guard} on {run.lease.holder.host}"
        facts.append(("lease", f"fence {run.lease.fence}, {held}"))
    if places := places_of(state):
        facts.append(("where", f"guards stand {places}"))
        facts += [("danger", sentence) for sentence in dict.fromkeys(d for one in state.guards for d in one.dangers)]
    if state.other_code:
        facts.append(("code", f"the guard runs {state.other_code}, the run was opened with {state.code}"))
    switch = run.look.body.get("dead_man") if run.look else None
    if switch:
        called = "never called yet" if switch["called"] is None else f"called {switch['called']:.0f} s before that look"
        facts.append(("switch", f"{called}{'; ' + switch['why'] if switch['why'] else ''}"))
    for phase in state.phases:
        if phase.over:
            when = "assumed" if phase.assumed else f"closed at {clock(phase.closed_at)}"
            facts.append(("phase", f"{phase.title}: {when}"))
    if state.head is not None:
        facts.append(("record", f"entry {state.head.seq}, {state.head.kind} at {clock(state.head.at)}"))
    return facts


def places_of(state: State) -> str:
    """Give where the guards stand, the acting one's place first; "" when none has said so."""
    return "; ".join(dict.fromkeys(guard.place for guard in state.guards if guard.place))


def next_of(run: Overview) -> str:
    """Give what to type next for an open run."""
    state = run.state
    if state.rolled_back:
        return (
            "open 91_incident.ipynb" if state.rollback and state.rollback.done else _rollback(run, "not confirmed yet")
        )
    if not run.guarded and state.canary_out and not state.cutover_at:
        return _rollback(run, "no guard answers")
    if state.attended and not run.guarded:
        return f"golive open {run.name}"
    if not run.guarded or (state.unattended and not run.operators):
        return f"golive resume {run.name}"
    if state.phase is not None:
        typed = progress_of(state, state.phase, run.now).next if run.now else "its first cell"
        return f'{typed} on {state.phase.notebook}.ipynb with run = "{run.name}"'
    following = next((phase for phase in state.phases if not phase.over), None)
    return f'open {following.notebook}.ipynb with run = "{run.name}"' if following else f"golive stop {run.name}"


def _rollback(run: Overview, why: str) -> str:
    return f'golive rollback {run.name} --because "{why}"'


def _verdict(run: Overview) -> str:
    verdict, look = run.state.verdict, run.look
    said = f"{verdict['word']}, {verdict['hold'] or verdict['reason']}" if verdict else "none yet"
    blind = look.body.get("blind") if look else None
    if blind:
        said += f"; blind for {span(blind['seconds'])}: {blind['of']} {blind['why']} ({blind['detail']})"
    return said


def _guards(run: Overview) -> str:
    if not run.beats:
        return "none beats"
    said = []
    for beat in run.beats:
        does = f"acts, fence {beat.fence}" if beat.acting else "stands by"
        silent = ", SILENT" if beat.age > run.silent else ""
        said.append(f"{beat.member.guard} on {beat.member.host} {does}, beat {_age(beat.age)} ago{silent}")
    return "; ".join(said)


def _age(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else "long" if seconds == float("inf") else span(seconds)


def _wheel(run: Overview) -> str:
    wheel = run.state.wheel
    there = f"at it now: {', '.join(run.operators)}" if run.operators else "nobody is at it now"
    offered = f", handed to {wheel.offered_to}, who has not taken it" if wheel.offered_to else ""
    return f"{wheel.name or 'nobody'} since {clock(wheel.since)}{offered}; {there}"


def _claim(run: Overview) -> str:
    """Say what the router shows of whose go-live it is, when this run has claimed it or another has."""
    shown = str(run.look.body.get("claim") or "") if run.look else ""
    if not shown or shown == run.state.claim:
        return f"the router shows {shown}" if shown else ""
    return f"the router shows ANOTHER'S, {shown}"


def _wrapped(head: str, text: str) -> list[str]:
    """Give a text under its head, in lines that are not wider than the screen."""
    after = " " * min(len(head), 13)
    return textwrap.wrap(plain(text, LONGEST), WIDTH, initial_indent=head, subsequent_indent=after) or [head.rstrip()]
