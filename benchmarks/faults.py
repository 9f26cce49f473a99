"""Rehearse every fault and print what became of it, beside what was expected."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from golive.runner import Exit

COMPLETED, HELD, BACK = Exit.COMPLETED, Exit.HELD, Exit.ROLLED_BACK
EXPECTED = {
    "errors@3": BACK,
    "latency@3": BACK,
    "hang@1": BACK,
    "crash@2": BACK,
    "not-found@2": HELD,
    "critical-log@1": BACK,
    "cpu@1": HELD,
    "memory@1": HELD,
    "one-path@3": BACK,
    "slow-leak@3": BACK,
    "both-slow@3": BACK,
    "stable-sick@1": COMPLETED,
    "no-shift@2": HELD,
    "wrong-share@3": HELD,
    "metrics-refused@1": BACK,
    "metrics-slow@1": BACK,
    "metrics-nan@1": BACK,
    "metrics-empty@1": BACK,
    "metrics-garbage@1": BACK,
    "metrics-frozen@1": BACK,
    "metrics-reset@2": COMPLETED,
}


def main(asked: list[str]) -> int:
    """Rehearse the faults named, else all; give the number that ended otherwise than expected."""
    wrong = 0
    print(f"{'fault':<20}{'expected':>10}{'ended':>8}{'seconds':>9}  why")
    with tempfile.TemporaryDirectory() as runs:
        for fault, expected in EXPECTED.items():
            if asked and fault not in asked:
                continue
            began = time.monotonic()
            command = [sys.executable, "-m", "golive.cli", "rehearse", "--fault", fault, "--runs", str(Path(runs))]
            done = subprocess.run(command, capture_output=True, text=True)
            ends = ("COMPLETED", "ROLLED", "HELD", "ERROR")
            said = [line for line in done.stdout.splitlines() if line.startswith(ends)] or [done.stderr[-120:]]
            mark = " " if done.returncode == expected else "✖"
            wrong += done.returncode != expected
            seconds = time.monotonic() - began
            print(
                f"{fault:<20}{expected:>10}{done.returncode:>8}{seconds:>9.0f} {mark} {said[-1][:120]}",
                flush=True,
            )
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
