"""Critical log entries from files of JSON lines, read as they grow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from golive.core.samples import CouldNotMeasure, Unmeasured, Version
from golive.core.scalars import Part
from golive.drivers import Around

MOST_BYTES = 1_000_000
LONGEST = 300


class JsonlLogs:
    """`golive.ports.Logs` on one file for each version; what was there before is not news."""

    class Settings(Part):
        """Paths of the files that the versions write."""

        stable: str
        canary: str

    @classmethod
    def made(cls, settings: Settings, around: Around) -> JsonlLogs:
        """Give the reader of these files, with the plan's critical patterns."""
        paths = {Version.STABLE: Path(settings.stable), Version.CANARY: Path(settings.canary)}
        return cls(paths, around.planned.logs.critical)

    def __init__(self, paths: Mapping[Version, Path], patterns: Sequence[str]) -> None:
        self._paths, self._patterns = paths, tuple(pattern.lower() for pattern in patterns)
        self._offsets = {version: path.stat().st_size if path.exists() else 0 for version, path in paths.items()}

    async def critical(self) -> Mapping[Version, Sequence[str]] | CouldNotMeasure:
        """Give the messages of new critical entries, by version."""
        try:
            return {version: self._read(version, path) for version, path in self._paths.items()}
        except OSError as error:
            return CouldNotMeasure(Unmeasured.REFUSED, f"logs: {error}")

    def _read(self, version: Version, path: Path) -> Sequence[str]:
        if path.stat().st_size < self._offsets[version]:
            self._offsets[version] = 0
        with path.open("rb") as file:
            file.seek(self._offsets[version])
            data = file.read(MOST_BYTES)
        whole = data[: data.rfind(b"\n") + 1]
        self._offsets[version] += len(whole)
        lines = whole.decode("utf-8", "replace").splitlines()
        return [message for line in lines if (message := self._critical(line))]

    def _critical(self, line: str) -> str:
        try:
            entry = json.loads(line)
            message = str(entry["message"])[:LONGEST]
            level = str(entry.get("level", ""))
        except (ValueError, KeyError, TypeError):
            return ""
        told = f"{level} {message}".lower()
        return message if any(pattern in told for pattern in self._patterns) else ""
