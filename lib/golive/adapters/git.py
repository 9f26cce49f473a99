"""A tag for a commit, in a repository and at its remote: read, made, pushed, and read again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from golive.ports import Happened, Refused, Unknown

WITHIN = 15.0
LONGEST = 200
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,99}")
CREDENTIALS = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True)
class Said:
    """What git ended with: its status, and what it printed and complained of, each cut short."""

    status: int
    out: str
    trouble: str


class Repository:
    """A repository at `root` and the remote that its tags are pushed to. Nothing is ever asked of a terminal."""

    def __init__(self, root: Path, remote: str) -> None:
        self._root, self._remote = root, remote

    async def tag(self, name: str, commit: str, message: str) -> Happened | Refused | Unknown:
        """Put an annotated tag on a commit and push it; a tag of that name elsewhere is left where it is."""
        fits = await self._git("check-ref-format", f"refs/tags/{name}")  # which says nothing of a wrong name
        if fits.trouble:
            return Unknown(fits.trouble)
        if not NAME.fullmatch(name) or fits.status:
            return Refused(f"{name[:100]!r} is no name for a tag: letters, digits and . _ / + - were expected")
        wanted = await self._git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
        if wanted.status:
            why = wanted.trouble or "fetch it"
            return Refused(f"the repository {self._root} has no commit {commit[:12]}: {why}"[:480])
        there = await self._at_the_remote(name)
        if isinstance(there, Unknown):
            return there
        if there:
            return self._stands(name, there, wanted.out)
        made = await self._made(name, wanted.out, message)
        if made is not None:
            return made
        pushed = await self._git("push", "--quiet", self._remote, f"refs/tags/{name}")
        there = await self._at_the_remote(name)
        if isinstance(there, Unknown) or not there:
            why = there.why if isinstance(there, Unknown) else f"{self._remote} does not show it"
            return Unknown(f"the tag {name} was made and its push is not seen: {pushed.trouble or why}"[:480])
        return self._stands(name, there, wanted.out)

    async def _made(self, name: str, commit: str, message: str) -> Refused | None:
        """Make the tag here unless it stands; None when it does."""
        here = await self._git("rev-parse", "--verify", "--quiet", f"refs/tags/{name}^{{commit}}")
        if here.status == 0:
            return None if here.out == commit else Refused(f"the tag {name} stands on {here.out[:12]} here already")
        changed = await self._git("status", "--porcelain", "--untracked-files=no")
        if changed.status or changed.out:
            first = changed.trouble or changed.out.splitlines()[0]
            return Refused(f"the repository is not clean, so what was deployed may be no commit: {first}"[:480])
        said = await self._git("tag", "--annotate", name, commit, "--message", message)
        return Refused(f"git tag {name}: {said.trouble}") if said.status else None

    async def _at_the_remote(self, name: str) -> str | Unknown:
        """Give the commit that the remote's tag stands on, "" when it has none."""
        said = await self._git("ls-remote", "--tags", self._remote, f"refs/tags/{name}", f"refs/tags/{name}^{{}}")
        if said.status:
            return Unknown(f"the remote {self._remote} can't be read: {said.trouble or f'status {said.status}'}")
        found = {name: commit for commit, _, name in (line.partition("\t") for line in said.out.splitlines())}
        return found.get(f"refs/tags/{name}^{{}}") or found.get(f"refs/tags/{name}", "")

    def _stands(self, name: str, at: str, wanted: str) -> Happened | Refused:
        where = f"the tag {name} stands on {at[:12]} at {self._remote}"
        return Happened(where) if at == wanted else Refused(f"{where} already, and the release is {wanted[:12]}")

    async def _git(self, *words: str) -> Said:
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}
        ssh = {"GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")}
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", "-C", str(self._root), *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **quiet, **ssh},
                start_new_session=True,
            )
        except OSError as error:
            return Said(1, "", f"git can't be run: {error.strerror}")
        try:
            out, trouble = await asyncio.wait_for(process.communicate(), WITHIN)
        except TimeoutError:
            return Said(1, "", f"git {words[0]} took over {WITHIN:.0f} s and was ended")
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return Said(process.returncode or 0, out.decode("utf-8", "replace").strip(), _line(trouble))


def _line(trouble: bytes) -> str:
    """Give the last line of what git complained of, without what may be a password in an address."""
    lines = trouble.decode("utf-8", "replace").strip().splitlines()
    told = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    return CREDENTIALS.sub("//…@", told)[:LONGEST]
