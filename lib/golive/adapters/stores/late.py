"""Entries that could not be appended when they were made, kept until the store answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

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
        """Append what is kept, oldest first, marked as late; give how many. Doing it twice adds nothing."""
        kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept:
            data = json.loads(path.read_text())
            body = {**data["body"], "late": True}
            store.append(Draft(data["id"], Kind(data["kind"]), Who(**data["who"]), body, data["phase"]))
            path.unlink()
        return len(kept)
