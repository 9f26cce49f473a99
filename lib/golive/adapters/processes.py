"""Guard processes of this host: which one this is, whether another's has ended, and how to end it."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import psutil

from golive.adapters.clocks import boot_id
from golive.core.pair import Member

ENDS_WITHIN = 2.0
POLL = 0.01


def this_process(guard: str) -> Member:
    """Give this process as the member of that name."""
    pid = os.getpid()
    started = _started(pid)
    assert started is not None
    return Member(guard, socket.gethostname(), boot_id(), pid, started, _space())


def ended(member: Member) -> bool:
    """Say whether a member's process on this host has surely ended: nobody has its number, or somebody else has."""
    return _started(member.pid) != member.started


def end(member: Member) -> bool:
    """End a member's process on this host at once, frozen or not; say whether it has ended.

    It is named by number and start time, so that nobody else's process is ever ended.
    """
    until = time.monotonic() + ENDS_WITHIN
    while not ended(member):
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def _started(pid: int) -> float | None:
    """Give when a living process started, None when there is none: one that nobody has waited for has ended too."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
        return _told_started(pid)
    return None if words[0] in "ZX" else int(words[19]) / os.sysconf("SC_CLK_TCK")


def _told_started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
