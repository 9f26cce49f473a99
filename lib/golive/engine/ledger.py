"""What the guard writes: entries that never fail to be made, digests of minutes, notices to people."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from golive.core.digest import minute_digests, row
from golive.core.errors import GoLiveError, Stopped, StoreUnavailable
from golive.core.record import Draft, Entry, Kind
from golive.core.samples import Sample
from golive.engine.post import Post
from golive.ports import Notice

May = Callable[[Sequence[Entry]], None]
AGAIN_AFTER = 1.0
ASK_EVERY = 3.0


class Ledger:
    """`stored` says whether the record took what it was last given; what it refuses is kept to be taken in later.

    `kept` are those of its own drafts that the record does not hold yet. A record that has refused is left alone for
    a second, so that a locked one costs a look one wait and not one for each entry.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self.stored = True
        self.kept: list[Draft] = []
        self._refused_at: float | None = None
        self._locked_since: float | None = None
        self._asked_at: float | None = None
        self._minute: list[Mapping[str, str]] = []
        self._told: set[str] = set()
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def locked(self) -> float:
        """For how many seconds the record has taken nothing."""
        return 0.0 if self._locked_since is None else self._post.clock.monotonic() - self._locked_since

    def append(self, kind: Kind, body: Mapping[str, Any], phase: str = "", may: May | None = None) -> str:
        """Make an entry and give its id; only `may` can refuse it."""
        draft = Draft(self._post.new_id(), kind, self._post.who, body, phase)
        if not self._try(draft, may):
            self.kept.append(draft)
            with contextlib.suppress(OSError):  # a full disk: this process still has it, and tries on
                self._post.late.write(draft)
        return draft.id

    def intend(self, body: Mapping[str, Any], phase: str, may: May | None = None) -> str | None:
        """Make the intent of an act that may only follow a durable one, and give its id; None when it is not stored."""
        draft = Draft(self._post.new_id(), Kind.INTENT, self._post.who, body, phase)
        return draft.id if self._try(draft, may) else None

    def refused(self) -> None:
        """Take notice that the record could not be reached."""
        now = self._post.clock.monotonic()
        self.stored, self._refused_at, self._locked_since = False, now, self._locked_since or now

    def try_again(self, ask: bool) -> None:
        """Give the record what it has refused so far; with `ask`, see whether it could take an entry at all."""
        if self._waits():
            return
        try:
            taken = self._post.late.take_in(self._post.store)
            if self.kept:
                self._take_in_kept()
            elif ask and not taken and self._due():
                self._ask()
        except StoreUnavailable:
            self.refused()
        else:
            self._took()

    def digest(self, samples: Sequence[Sample], end: bool = False) -> None:
        """Take in samples that the book holds, and enter the digest of each minute that is over."""
        self._minute += [row(sample) for sample in samples]
        minutes = sorted({entry["utc"][:16] for entry in self._minute})
        over = minutes if end else minutes[:-1]
        done = [entry for entry in self._minute if entry["utc"][:16] in over]
        for minute, (rows, sha256) in minute_digests(done).items():
            self.append(Kind.DIGEST, {"minute": minute, "rows": rows, "sha256": sha256})
        self._minute = [entry for entry in self._minute if entry["utc"][:16] not in over]

    def tell(self, level: str, title: str, text: str, run: str, then: str) -> None:
        """Notify people outside, once for each text, without waiting for it."""
        if f"{title}{text}" in self._told:
            return
        self._told.add(f"{title}{text}")
        task = asyncio.ensure_future(self._notify(Notice(level, title, text, run, then)))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _notify(self, notice: Notice) -> None:
        sent = {}
        for notifier in self._post.notifiers:
            try:
                await notifier.notify(notice)
                sent[notifier.name] = "ok"
            except GoLiveError as error:
                sent[notifier.name] = f"failed: {error}"
        self.append(Kind.NOTICE, {**notice.__dict__, "sent": sent})

    def _try(self, draft: Draft, may: May | None) -> bool:
        if self.kept:
            self.try_again(ask=False)
        if self._waits():
            return False
        try:
            self._post.store.append(draft, may)
        except StoreUnavailable:
            self.refused()
            return False
        self._took()
        return True

    def _take_in_kept(self) -> None:
        """Append the drafts that not even the folder for late ones has taken; an id is never entered twice."""
        for draft in self.kept:
            self._post.store.append(Draft(draft.id, draft.kind, draft.who, {**draft.body, "late": True}, draft.phase))

    def _ask(self) -> None:
        """Let the record begin an append, and think better of it under its lock."""
        self._asked_at = self._post.clock.monotonic()

        def refuse(entries: Sequence[Entry]) -> None:
            raise Stopped("it answers", "")

        try:
            self._post.store.append(Draft(self._post.new_id(), Kind.NOTE, self._post.who), refuse)
        except Stopped:
            return

    def _due(self) -> bool:
        asked = self._asked_at
        return not self.stored or asked is None or self._post.clock.monotonic() - asked >= ASK_EVERY

    def _waits(self) -> bool:
        return self._refused_at is not None and self._post.clock.monotonic() - self._refused_at < AGAIN_AFTER

    def _took(self) -> None:
        self.stored, self._refused_at, self._locked_since = True, None, None
        self.kept.clear()
