"""Waiting for a program that was just started, and saying clearly that it did not come up."""

from __future__ import annotations

import http.client
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from golive.core.errors import WorldFailed
from golive.sandbox.site import OURS

POLL = 0.03
ONE_ANSWER = 1.0
LARGEST = 1_000_000


def until(ready: Callable[[], bool], child: subprocess.Popen[str], log: Path, seconds: float = 15.0) -> None:
    """Return once `ready` says so.

    Raises:
        WorldFailed: If the program ended, or `seconds` went by; names its log and gives its last line.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if child.poll() is not None:
            raise WorldFailed(f"{log.stem} ended at once: {_last_line(log)}\nNEXT     read {log}")
        if ready():
            return
        time.sleep(POLL)
    raise WorldFailed(f"{log.stem} did not answer in {seconds:.0f} s: {_last_line(log)}\nNEXT     read {log}")


def answer(url: str, posted: bytes | None = None) -> bytes | None:
    """Give what a URL answers with 200, None when it does not; marked as ours."""
    request = urllib.request.Request(url, posted, {OURS: "world"})
    try:
        with urllib.request.urlopen(request, timeout=ONE_ANSWER) as found:
            return bytes(found.read(LARGEST)) if found.status == 200 else None
    except (urllib.error.URLError, http.client.HTTPException, OSError, TimeoutError):
        return None


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "it said nothing"
