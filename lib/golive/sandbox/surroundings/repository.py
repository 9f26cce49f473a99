"""The repository of the sandbox's site: a work tree with a tagged release, and the remote that it is pushed to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from golive.sandbox.faults import Fault

TAG = "v20260101-120000-canary"
WHO = {
    **{f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Ada"),)},
    "GIT_AUTHOR_EMAIL": "ada@sandbox.example",
    "GIT_COMMITTER_EMAIL": "ada@sandbox.example",
    "GIT_AUTHOR_DATE": "2026-01-01T12:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T12:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
TREE, REMOTE = "repository", "remote.git"
RELEASE = "release.txt"


class Repository:
    """The repository under `folder`; the same release has the same commit in every sandbox."""

    def __init__(self, folder: Path) -> None:
        self.tree, self.remote = folder / TREE, folder / REMOTE
        self.tree.mkdir(parents=True)
        self.remote.mkdir()
        self._git(self.remote, "init", "--quiet", "--bare")
        self._git(self.tree, "init", "--quiet", "--initial-branch", "main")
        (self.tree / RELEASE).write_text("1.5.0\n")
        self._git(self.tree, "add", RELEASE)
        self._git(self.tree, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Release 1.5.0")
        self._git(self.tree, "-c", "tag.gpgsign=false", "tag", "--annotate", TAG, "--message", "Canary deployment")
        self._git(self.tree, "remote", "add", "origin", str(self.remote))
        self._git(self.tree, "push", "--quiet", "origin", "main", TAG)

    @property
    def commit(self) -> str:
        """The release's commit."""
        return self._git(self.tree, "rev-parse", "HEAD").strip()

    def follow(self, faults: frozenset[Fault]) -> None:
        """Let the work tree and the remote be as the faults want them."""
        (self.tree / RELEASE).write_text("1.5.0, mended by hand\n" if Fault.TREE_DIRTY in faults else "1.5.0\n")
        pushed = ("--delete",) if Fault.TAG_NOT_PUSHED in faults else ()
        if bool(pushed) == (self._git(self.tree, "ls-remote", "origin", f"refs/tags/{TAG}") != ""):
            self._git(self.tree, "push", "--quiet", *pushed, "origin", f"refs/tags/{TAG}")

    def _git(self, folder: Path, *arguments: str) -> str:
        done = subprocess.run(
            ("git", *arguments), cwd=folder, env={**os.environ, **WHO}, capture_output=True, text=True, check=True
        )
        return done.stdout
