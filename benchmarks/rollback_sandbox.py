"""A rollback in whole rehearsals on the sandbox, with `errors@3`: the canary at 25 % of visitors fails 30 %.

Both moments are what visitors saw: the first failed response, and the last request that the canary got.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import httpx

from golive.archive.verify import read_record
from golive.core.folding import fold
from golive.core.record import Kind
from golive.runner import Exit
from golive.sandbox.address import WorldAddress

FAULT = "errors@3"


def once(runs: Path) -> tuple[float, float, int]:
    """Rehearse once; give seconds from the first failed response, and from the fault, to the last request.

    The third is how many requests failed. The visitors' own count is read every 0.1 s until the world goes.
    A canary of the sandbox that is not sick fails now and then, so the first failed response is the first
    one after the fault was set.
    """
    command = [sys.executable, "-m", "golive.cli", "rehearse", "--runs", str(runs), "--fault", FAULT]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    seen: list[tuple[float, float | None, float, int]] = []
    while process.poll() is None:
        time.sleep(0.1)
        canary = _canary(runs)
        if canary is not None:
            moment = (time.time(), canary["last_failed_at"], canary["last_at"] or 0.0, int(canary["failed"]))
            seen.append(moment)
    if process.returncode != Exit.ROLLED_BACK:
        raise SystemExit(f"the rehearsal ended with {process.returncode}, not {Exit.ROLLED_BACK:d}")
    (root,) = runs.glob("*-sandbox")
    entries = read_record(root / "record.jsonl")
    fault = next(e for e in entries if e.kind is Kind.FAULT)
    assert fold(entries).split == 0.0
    set_at = datetime.fromisoformat(fault.at).timestamp()
    first = next(failed for at, failed, _, _ in seen if failed is not None and failed >= set_at)
    last = seen[-1][2]
    before = max((count for at, _, _, count in seen if at < set_at), default=0)
    return last - first, last - set_at, seen[-1][3] - before


def _canary(runs: Path) -> dict[str, float | None] | None:
    for place in runs.glob("*-sandbox/work/world.json"):
        try:
            answer = httpx.get(WorldAddress.load(place).visitors + "/-/seen", timeout=1.0).json()
        except httpx.HTTPError:
            return None
        canary: dict[str, float | None] | None = answer.get("canary")
        return canary
    return None


def rehearsed(times: int) -> str:
    """Rehearse so many times, and give the table."""
    rows = []
    for number in range(times):
        with tempfile.TemporaryDirectory() as runs:
            rows.append(once(Path(runs)))
        first, _, failed = rows[-1]
        print(f"{number + 1:>3}: {first:5.2f} s after the first failed response, {failed} failed", file=sys.stderr)
    lines = [
        f"{FAULT}, {times} rehearsals: seconds to the last request that the canary gets",
        f"{'':<34}{'median':>8}{'worst':>8}",
        f"{'from the first failed response':<34}{median(r[0] for r in rows):>8.2f}{max(r[0] for r in rows):>8.2f}",
        f"{'from the moment the fault was set':<34}{median(r[1] for r in rows):>8.2f}{max(r[1] for r in rows):>8.2f}",
        f"{'requests that failed meanwhile':<34}{median(r[2] for r in rows):>8.0f}{max(r[2] for r in rows):>8.0f}",
    ]
    return "\n".join(lines)
