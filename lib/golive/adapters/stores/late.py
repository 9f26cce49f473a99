"""Entries that could not be appended when they were made, kept until the store answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

from golive.adapters.stores.sqlite import unavailable
from golive.core.canonical import tame
from golive.core.record import Draft, Kind, Who
from golive.ports import Store


class LateBox:
    """One file for each late draft, in a folder of the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, draft: Draft) -> None:
        """Keep a draft durably."""
        self._folder.mkdir(parents=True, exist_ok=True)
        body = {"id": draft.id, "kind": draft.kind.value, "who": draft.who.to_json(), "phase": draft.phase}
        path = self._folder / f"{draft.id}.json"
        with path.with_suffix(".tmp").open("w") as file:
            json.dump({**body, "body": tame(draft.body)}, file)
            file.flush()
            os.fsync(file.fileno())
        path.with_suffix(".tmp").replace(path)

    def take_in(self, store: Store) -> int:
        """Append what is kept, oldest first, marked as late; give how many.

        Doing it twice, or in two processes at once, adds nothing.

        Raises:
            StoreUnavailable: If the record still refuses, or what is kept can't be read.
        """
        taken = 0
        with unavailable("folder of late entries", self._folder):
            for path in sorted(self._folder.glob("*.json"), key=_written):
                try:
                    data = json.loads(path.read_text())
                except FileNotFoundError:
                    continue  # another process has taken it in
                body = {**data["body"], "late": True}
                store.append(Draft(data["id"], Kind(data["kind"]), Who(**data["who"]), body, data["phase"]))
                path.unlink(missing_ok=True)
                taken += 1
        return taken


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
