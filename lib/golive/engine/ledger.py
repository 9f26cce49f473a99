"""What the guard writes: entries that never fail to be made, digests of minutes, notices to people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from golive.core.digest import minute_digests, row, unfit
from golive.core.errors import GoLiveError, StoreUnavailable
from golive.core.record import Draft, Entry, Kind
from golive.core.samples import Sample
from golive.engine.post import Post
from golive.ports import Notice

May = Callable[[Sequence[Entry]], None]


class Ledger:
    """`stored` says whether the store took the last entry; what it refuses is kept to be taken in later."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.stored = True
        self._minute: list[Mapping[str, str]] = []
        self._told: set[str] = set()
        self._telling: set[asyncio.Task[None]] = set()

    def append(self, kind: Kind, body: Mapping[str, Any], phase: str = "", may: May | None = None) -> str:
        """Make an entry and give its id; only `may` can refuse it."""
        draft = Draft(self._post.new_id(), kind, self._post.who, body, phase)
        try:
            self._post.store.append(draft, may)
            self.stored = True
        except StoreUnavailable:
            self.stored = False
            self._post.late(draft)
        return draft.id

    def take_up(self) -> None:
        """Take in what a guard before this one has measured, before any `digest`: what it left undigested is entered.

        Its last minute is taken in whole, since this guard's first samples belong to it too.
        """
        try:
            rows = [row(sample) for sample in self._post.book.samples()]
            left = {minute[:16] for minute in unfit(rows, self._post.store.read())}
        except StoreUnavailable:
            self.stored = False
            return
        left |= {entry["utc"][:16] for entry in rows[-1:]}
        self._minute = [entry for entry in rows if entry["utc"][:16] in left]

    def digest(self, samples: Sequence[Sample], end: bool = False) -> None:
        """Take in samples, and enter the digest of each minute that is over."""
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
