"""What a run's archive is held against: what stores acknowledged, what the router did, and arithmetic of its own."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import rfc8785
from benchmarks.survival_watch import Move

SLACK = 0.25  # seconds between what the router's clock says of a move, and a record that brackets it
WRITTEN_LATE = 10.0  # seconds by which an act that came first may be older than its entries
Body = Mapping[str, Any]


def entries_of(record: bytes) -> list[dict[str, Any]]:
    """Give the entries of a `record.jsonl` as plain values."""
    return [json.loads(line) for line in record.splitlines()]


def broken(entries: Sequence[Body]) -> list[str]:
    """Say where the chain is broken, by numbers, links and hashes reckoned here."""
    found, before = [], "0" * 64
    for number, entry in enumerate(entries, 1):
        digest = hashlib.sha256(rfc8785.dumps({n: v for n, v in entry.items() if n != "hash"})).hexdigest()
        if entry["seq"] != number or entry["prev"] != before or entry["hash"] != digest:
            found.append(f"entry {number} is out of chain")
        before = entry["hash"]
    return found


def lost(entries: Sequence[Body], journal: str) -> list[str]:
    """Say which acknowledged entries are missing, and what stands there twice."""
    there = Counter(entry["id"] for entry in entries)
    lines = [line.split(" ", 3) for line in journal.splitlines()]
    missing = [f"acknowledged and missing: {what}" for _, _, known, what in lines if known not in there]
    twice = [f"id {known} stands {times} times" for known, times in there.items() if times > 1]
    outcomes = Counter(entry["body"]["intent"] for entry in entries if entry["kind"] == "outcome")
    twice += [f"intent {known} has {times} outcomes" for known, times in outcomes.items() if times > 1]
    done = Counter(
        (entry["body"]["act"], entry["body"]["request"])
        for entry in entries
        if entry["kind"] == "outcome"
        and entry["body"]["result"] == "done"
        and entry["body"].get("request")
        and entry["body"]["act"]
        != "rollback"  # which may be done again: that is harmless, and sure is better than once
    )
    return missing + twice + [f"{act} {asked} was done {n} times" for (act, asked), n in done.items() if n > 1]


def lies(entries: Sequence[Body], moves: Sequence[Move], forced: Sequence[float] = (), knows: bool = True) -> list[str]:
    """Say what the record tells that did not happen, and what happened that it does not tell.

    Args:
        moves: The router's own log of this run.
        forced: When somebody else than golive moved the split on purpose.
        knows: Whether the router lived to the end, so that its log is whole.
    """
    found = [*_acts(entries, moves, forced, knows), *_end(entries, moves, knows)]
    for at, share, how in moves:
        if how == "set" and not any(abs(at - one) < SLACK for one in forced) and not _meant(entries, at, share):
            found.append(f"the router was set to {share:.0%} and no intent says so")
        if how == "rollback" and _share(moves, at) > 0 and not _named(entries, "rollback"):
            found.append("the router was rolled back and the record does not say so")
    return found


def _acts(entries: Sequence[Body], moves: Sequence[Move], forced: Sequence[float], knows: bool) -> Iterator[str]:
    ended = {entry["body"]["intent"]: entry for entry in entries if entry["kind"] == "outcome"}
    for intent in (entry for entry in entries if entry["kind"] == "intent"):
        act, outcome = intent["body"]["act"], ended.get(intent["id"])
        if outcome is None:
            yield f"intent {intent['seq']} ({act}) has no outcome"
            continue
        if not knows:
            continue
        share, since, until = intent["body"].get("share", 0.0), _at(intent) - SLACK, _at(outcome) + SLACK
        there = any(since <= at <= until and moved == share for at, moved, _ in moves)
        result = outcome["body"]["result"]
        if act == "shift" and result == "done" and not there:
            yield f"outcome {outcome['seq']} says that the split is {share:.0%}, and the router was not set so"
        if act == "shift" and result in ("refused", "superseded") and there:
            yield f"outcome {outcome['seq']} says {result}, and the router was set to {share:.0%}"
        since -= WRITTEN_LATE if intent["body"].get("late") else 0.0
        if act == "rollback" and result == "done" and not _was_back(moves, forced, since, until):
            yield f"outcome {outcome['seq']} says rolled back, and the router had {_share(moves, until):.0%}"


def _was_back(moves: Sequence[Move], forced: Sequence[float], since: float, until: float) -> bool:
    """Say whether 0 % stood when a rollback was over; or, where somebody else set it meanwhile, at some time before."""
    if _share(moves, until, SLACK * 2) == 0.0:
        return True
    meddled = any(since <= at <= until for at in forced)
    return meddled and (_share(moves, since) == 0.0 or any(since <= at <= until and to == 0.0 for at, to, _ in moves))


def _end(entries: Sequence[Body], moves: Sequence[Move], knows: bool) -> Iterator[str]:
    closed = [entry for entry in entries if entry["kind"] == "run-closed"]
    if len(closed) != 1:
        yield f"the run was closed {len(closed)} times"
        return
    result, last = closed[0]["body"]["result"], _share(moves, _at(closed[0]))
    fits = {"completed": (1.0,), "rolled-back": (0.0,)}.get(
        result, (0.0, 1.0) if any(s == 1.0 for _, s, _ in moves) else (0.0,)
    )
    if knows and last not in fits:
        yield f"it was closed as {result} with {last:.0%} on the canary"
    for soaked in (entry for entry in entries if entry["kind"] == "soaked"):
        shifts = [at for at, share, _ in moves if share > 0 and at <= _at(soaked)]
        seconds, phase = soaked["body"]["seconds"], soaked["phase"]
        if knows and shifts and phase.startswith(("canary", "cutover")) and seconds > _at(soaked) - shifts[-1] + 1.0:
            yield f"{phase} says that it soaked {seconds:.1f} s, {_at(soaked) - shifts[-1]:.1f} s after the shift"


def _meant(entries: Sequence[Body], at: float, share: float) -> bool:
    acts = ("shift", "set back")
    intents = [e for e in entries if e["kind"] == "intent" and e["body"]["act"] in acts and e["body"]["share"] == share]
    return any(_at(intent) <= at + SLACK for intent in intents)


def _named(entries: Sequence[Body], act: str) -> bool:
    return any(entry["kind"] in ("intent", "outcome") and entry["body"]["act"] == act for entry in entries)


def _share(moves: Sequence[Move], before: float, slack: float = 0.0) -> float:
    """Give the split just before a moment; with `slack`, the smallest that stood in the seconds before it."""
    shares = [(at, share) for at, share, _ in moves if at < before]
    near = [share for at, share in shares if at >= before - slack]
    return min([*near, shares[-1][1]]) if shares else 0.0


def _at(entry: Body) -> float:
    return datetime.fromisoformat(entry["at"]).timestamp()
