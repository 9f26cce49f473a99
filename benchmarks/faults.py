"""Rehearse every fault and print what became of it, beside what was expected.

Usage: benchmarks/faults.py [NAME@PHASE …]. An end is right when status, archive, split and processes are.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from golive.archive.verify import Standing, read_record, verify
from golive.core.folding import fold
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
    "tests-failed@0": HELD,
    "scan-found@0": HELD,
    "sbom-other-build@0": HELD,
    "vitals-poor@0": HELD,
    "migration-pending@0": HELD,
    "tree-dirty@0": HELD,
    "tag-not-pushed@0": HELD,
    "incident-open@0": HELD,
    "other-deployment@0": HELD,
    "budget-spent@0": HELD,
    "dashboard-gone@0": HELD,
    "dashboard-stale@0": HELD,
    "flag-off@0": HELD,
    "chat-empty@0": HELD,
    "limit-off@0": HELD,
    "statement-other-commit@0": HELD,
    "freeze-on@0": HELD,
    "staging-sick@0": HELD,
    "cache-off@0": HELD,
    "user-report@2": HELD,
    "pool-exhausted@3": HELD,
    "cdn-cold@3": HELD,
    "security-alert@4": HELD,
    "keys-forgotten@4": HELD,
    "webhook-open@4": HELD,
    "endpoint-gone@4": HELD,
}


def trouble(root: Path, status: int) -> str:
    """Give what is wrong with a run that has ended: archive, split, or processes that it left; "" if nothing."""
    found = verify(root)
    if found.standing is not Standing.CONSISTENT:
        return f"archive {found.standing}: {found.why}"
    split = fold(read_record(root / "record.jsonl")).split
    if status != COMPLETED and split != 0.0:
        return f"{split:.0%} of visitors are left on the canary"
    commands = [process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"])]
    left = sum(any(str(root) in part for part in command) for command in commands)
    return f"{left} processes are left" if left else ""


def rehearse(fault: str, expected: int, runs: Path) -> bool:
    """Rehearse one fault and print its row; say whether it ended as expected, with everything in order."""
    began = time.monotonic()
    command = [sys.executable, "-m", "golive.cli", "rehearse", "--fault", fault, "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - began
    ends = ("COMPLETED", "ROLLED", "HELD", "ERROR")
    said = [line for line in done.stdout.splitlines() if line.startswith(ends)] or [done.stderr[-120:]]
    root = next(runs.glob("*-sandbox"), None)
    wrong = trouble(root, done.returncode) if root else "no run was made"
    good = done.returncode == expected and not wrong
    row = f"{fault:<20}{expected:>10}{done.returncode:>8}{seconds:>9.0f} {' ' if good else '✖'}"
    print(row, wrong or said[-1][:120], flush=True)
    return good


def main(asked: list[str]) -> int:
    """Rehearse the faults named, else all; give 1 when one ended otherwise than expected."""
    for name in asked:
        if name not in EXPECTED:
            raise SystemExit(f"unknown fault {name!r}: known are {', '.join(EXPECTED)}")
    print(f"{'fault':<20}{'expected':>10}{'ended':>8}{'seconds':>9}   why")
    wrong = 0
    for fault in asked or EXPECTED:
        with tempfile.TemporaryDirectory() as runs:
            wrong += not rehearse(fault, EXPECTED[fault], Path(runs))
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
