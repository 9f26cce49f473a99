"""Which run a page of the server means: by its name in the project, by its guards on this host, or by its path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from golive import rescue
from golive.adapters.guards import guarded
from golive.core.errors import NameUnknown
from golive.folders import RunFolder, runs_in, runs_root


@dataclass(frozen=True)
class Runs:
    """The runs that a server knows.

    Attributes:
        started: The folder that the server shows, whose project's runs come first.
        root: The folder of runs, where it was named.
    """

    started: Path
    root: Path | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of runs, without what is there twice."""
        found = [self.root] if self.root else [runs_root(self.started), runs_root()]
        return tuple(dict.fromkeys(path.resolve() for path in found))

    def folders(self) -> list[RunFolder]:
        """Give every run of the project, and those whose guards live on this host, by name."""
        found = {folder.root: folder for root in self.roots for folder in runs_in(root)}
        if self.root is None:
            found |= {root: RunFolder(root) for root in guarded() if RunFolder(root).is_run}
        return sorted(found.values(), key=lambda folder: folder.name)

    def named(self, name: str) -> RunFolder:
        """Give the folder of the run of that name, or at that path.

        Raises:
            NameUnknown: If there is none; names the nearest.
        """
        for root in self.roots:
            try:
                return rescue.folder_of(name, root)
            except NameUnknown:
                continue
        among = self.folders()
        one = next((folder for folder in among if folder.name == name), None)
        if one is None:
            raise NameUnknown("run", name, [folder.name for folder in among])
        return one
