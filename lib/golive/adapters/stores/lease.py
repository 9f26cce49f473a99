"""Lease and beats of the guards of one host, in files that nobody locks: a frozen process can keep none of them.

A lease is a file whose name holds its fence, and it is made only where there is none of that name: of several
members that want the same fence one gets it. Each member has a file of its own for its beat, which it overwrites in
place, so that it beats on a full disk too.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from golive.core.errors import StoreUnavailable
from golive.core.moments import utc
from golive.core.pair import Beat, Lease, Member
from golive.ports import Clock

BEAT_BYTES = 1024
LONG_GONE = 600.0  # seconds after which a member that does not act is no news any more
TRIES = 5  # reads of a file that is being overwritten


class LeaseFiles:
    """The lease of one run and its members' beats, in a folder of its local disk.

    Args:
        folder: The folder; made with the first lease.
        clock: Its monotonic seconds are the store's clock, together with `boot`.
        boot: Id of this host's boot.
    """

    def __init__(self, folder: Path, clock: Clock, boot: str) -> None:
        self._folder, self._clock, self._boot = folder, clock, boot

    def take(self, member: Member, over: int, silent: float) -> int | None:
        """Take the lease after fence `over`, if its holder has been silent or let go; give the new fence."""
        standing = self.lease()
        if (standing.fence if standing else 0) != over:
            return None
        if standing is not None and not standing.released and self._age(standing.holder) < silent:
            return None
        fence = over + 1
        self._overwrite(member, 0)
        if not self._claim(fence, member):
            return None
        self._overwrite(member, fence)
        return fence

    def beat(self, member: Member, fence: int) -> bool:
        """Say that a member lives; False when it acts under a fence that is not the newest any more."""
        self._overwrite(member, fence)
        return fence == 0 or self.holds(fence)

    def holds(self, fence: int) -> bool:
        """Say whether the lease of that fence is the newest, and not released."""
        return self._newest() == fence and not self._released_path(fence).exists()

    def release(self, fence: int) -> None:
        """Give the lease of that fence back."""
        if fence and self._newest() == fence:
            self._released_path(fence).touch()

    def leave(self, member: Member) -> None:
        """Forget a member that has ended, and release what it holds."""
        standing = self.lease()
        if standing is not None and standing.holder.guard == member.guard:
            self.release(standing.fence)
        self._beat_path(member).unlink(missing_ok=True)

    def lease(self) -> Lease | None:
        """Give the newest lease."""
        fence = self._newest()
        if not fence:
            return None
        holder = self._read(self._lease_path(fence))["holder"]
        return Lease(fence, Member(**holder), self._released_path(fence).exists())

    def beats(self) -> Sequence[Beat]:
        """Give the members' newest beats, the acting one's first."""
        standing = self.lease()
        holder = standing.holder.guard if standing and not standing.released else ""
        found = []
        for path in self._folder.glob("beat-*.json"):
            try:
                said = self._read(path)
            except FileNotFoundError:
                continue
            member, acting = Member(**said["member"]), said["member"]["guard"] == holder
            age = self._since(member, said["at"])
            if acting or age < LONG_GONE:
                found.append(Beat(member, acting, said["utc"], age, said["fence"]))
        return sorted(found, key=lambda beat: (not beat.acting, beat.age))

    def _age(self, member: Member) -> float:
        try:
            return self._since(member, self._read(self._beat_path(member))["at"])
        except FileNotFoundError:
            return math.inf

    def _since(self, member: Member, at: float) -> float:
        return self._clock.monotonic() - at if member.boot == self._boot else math.inf

    def _newest(self) -> int:
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return 0
        return max(
            (int(name[6:-5]) for name in names if name.startswith("lease-") and name.endswith(".json")), default=0
        )

    def _claim(self, fence: int, member: Member) -> bool:
        """Make the file of a fence with all its text at once, durably; say whether there was none before."""
        draft = self._folder / f".{member.guard}-{fence}"
        self._write(draft, json.dumps({"holder": asdict(member)}))
        try:
            os.link(draft, self._lease_path(fence))
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True

    def _overwrite(self, member: Member, fence: int) -> None:
        text = self._beat_text(member, fence)
        try:
            with self._beat_path(member).open("r+b", buffering=0) as file:
                file.write(text.encode())
        except FileNotFoundError:
            self._write(self._beat_path(member), text)

    def _beat_text(self, member: Member, fence: int) -> str:
        said = {"member": asdict(member), "fence": fence, "at": self._clock.monotonic(), "utc": utc(self._clock.now())}
        return f"{json.dumps(said):<{BEAT_BYTES - 1}}\n"

    def _write(self, path: Path, text: str) -> None:
        """Write a whole file that nobody sees half written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def _read(self, path: Path) -> Any:
        for _ in range(TRIES):
            try:
                return json.loads(path.read_bytes())
            except ValueError as error:
                broken = error
        raise StoreUnavailable(f"{path} holds no beat and no lease: {broken}\nNEXT     look at its disk") from broken

    def _lease_path(self, fence: int) -> Path:
        return self._folder / f"lease-{fence:08}.json"

    def _released_path(self, fence: int) -> Path:
        return self._folder / f"lease-{fence:08}.released"

    def _beat_path(self, member: Member) -> Path:
        return self._folder / f"beat-{member.guard}.json"
