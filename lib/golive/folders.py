"""Where things are: the project, a run's folder, and the user's own state folder."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from golive.core.errors import GoLiveError, NameUnknown

MARKER = "golive.toml"
RUNS_VARIABLE = "GOLIVE_RUNS"


def project(start: Path | None = None) -> Path | None:
    """Give the project's root: `GOLIVE_HOME`, else the nearest folder upwards with `golive.toml`."""
    home = os.environ.get("GOLIVE_HOME")
    if home:
        return Path(home).expanduser().resolve()
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / MARKER).is_file()), None)


def runs_root(start: Path | None = None) -> Path:
    """Give the folder of runs: `GOLIVE_RUNS`, else the project's `runs/`, else one in the user's state folder."""
    named = os.environ.get(RUNS_VARIABLE)
    if named:
        return Path(named).expanduser().resolve()
    root = project(start)
    return root / "runs" if root else Path(platformdirs.user_state_dir("golive")) / "runs"


def runs_in(root: Path) -> list[RunFolder]:
    """Give the folders of the runs in `root`, oldest first."""
    folders = [RunFolder(path) for path in sorted(root.glob("*"))] if root.is_dir() else []
    return [folder for folder in folders if folder.is_run]


def claims_file() -> Path:
    """Give the file that says which run on this host has which router; one for each user."""
    return Path(platformdirs.user_state_dir("golive")) / "claims.db"


@dataclass(frozen=True)
class RunFolder:
    """The paths of one run. People and processes work in `work/`; a seal copies upwards."""

    root: Path

    @classmethod
    def make(cls, root: Path, name: str, taken: Collection[str] = ()) -> RunFolder:
        """Make a folder of that name in `root`, with a number behind it when the name is taken, there or elsewhere.

        Raises:
            GoLiveError: If there is no room, or no right to write.
        """
        try:
            root.mkdir(parents=True, exist_ok=True)
            for candidate in (name, *(f"{name}-{number}" for number in range(2, 100))):
                if candidate in taken:
                    continue
                try:
                    (root / candidate).mkdir()
                except FileExistsError:
                    continue
                made = cls(root / candidate)
                made.prepare()
                return made
        except OSError as error:
            raise GoLiveError(
                f"no run can be made in {root}: {error.strerror}\nNEXT     --runs FOLDER, or {RUNS_VARIABLE}=FOLDER, "
                "naming one that can be written"
            ) from error
        raise GoLiveError(f"{root / name} exists a hundred times\nNEXT     wait a second")

    def prepare(self) -> None:
        """Make what is missing of the folders inside."""
        for path in (self.work, self.logs, self.pages, self.operators, self.late, self.guards):
            path.mkdir(parents=True, exist_ok=True)

    @property
    def name(self) -> str:
        """The run's name, as people type it."""
        return self.root.name

    @property
    def work(self) -> Path:
        """Everything that changes while the run is open."""
        return self.root / "work"

    @property
    def plan(self) -> Path:
        """The plan's own copy, frozen at the start."""
        return self.work / "plan.yaml"

    @property
    def options(self) -> Path:
        """What the plan was asked to be when the run was made: "" or `as-production`."""
        return self.work / "options"

    @property
    def by_hand(self) -> Path:
        """The commands that send everybody back to stable without golive."""
        return self.work / "ROLLBACK.txt"

    @property
    def record(self) -> Path:
        """The record (SQLite)."""
        return self.work / "record.db"

    @property
    def store(self) -> Path:
        """Where the record is when it is not in this folder: the store's driver and settings (JSON)."""
        return self.work / "store.json"

    @property
    def is_run(self) -> bool:
        """Whether a run has this folder: its record is here, or is said to be elsewhere."""
        return self.record.is_file() or self.store.is_file()

    @property
    def shared(self) -> tuple[Path, ...]:
        """The files that another host needs to guard this run and to roll it back."""
        return (self.plan, self.options, self.router, self.by_hand, self.world)

    @property
    def book(self) -> Path:
        """Samples and looks, which only guards write (SQLite)."""
        return self.work / "book.db"

    @property
    def guards(self) -> Path:
        """Lease and beats of the run's guards: small files that nobody locks."""
        return self.work / "guards"

    @property
    def alive(self) -> Path:
        """A file that a guard touches at each beat; the world lives by it."""
        return self.work / "alive"

    @property
    def world(self) -> Path:
        """Addresses and token of the run's own world (JSON)."""
        return self.work / "world.json"

    @property
    def router(self) -> Path:
        """The router's driver and settings (JSON): all that a rollback needs."""
        return self.work / "router.json"

    @property
    def operators(self) -> Path:
        """One locked file for each operator's process that lives."""
        return self.work / "operators"

    @property
    def evidence(self) -> Path:
        """Files that people gave with what they attested or waived, named by their hash."""
        return self.work / "evidence"

    @property
    def late(self) -> Path:
        """Entries that could not be appended when they were made."""
        return self.work / "late"

    @property
    def logs(self) -> Path:
        """Logs of the processes that belong to the run."""
        return self.work / "logs"

    @property
    def pages(self) -> Path:
        """Executed notebooks, as they are being written."""
        return self.work / "notebooks"

    @property
    def completed(self) -> Path:
        """Copies of attended pages for the archive, each completed from the record."""
        return self.work / "completed"

    @property
    def lab(self) -> Path:
        """JupyterLab's settings and layout for this run."""
        return self.work / "lab"


def find_run(name: str, runs: Path | None = None) -> RunFolder:
    """Give the folder of the run of that name, or at that path, without opening it.

    A page in a run's own folder finds that run by its name, wherever the folder lies.

    Raises:
        NameUnknown: If there is none; names the nearest.
    """
    root = (runs or runs_root()).resolve()
    path = Path(name).expanduser() if "/" in name else root / name
    if name and not RunFolder(path).is_run:
        path = next((here for here in Path.cwd().parents if here.name == name and RunFolder(here).is_run), path)
    if not name or not RunFolder(path).is_run:
        raise NameUnknown("run", name, [folder.name for folder in runs_in(root)])
    return RunFolder(path.resolve())
