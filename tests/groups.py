"""The groups of tests: what each needs, and a command that runs them in turn.

A test belongs to the group whose marker it has, else to the group that its folder under `tests/` is named after,
else to `pure`. `python tests/groups.py` runs the everyday groups and ends by naming what it left out;
`python tests/groups.py NAME…` runs those named; with `GOLIVE_ALL_GROUPS=1` all of them run whole, and one whose
program is missing fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALL = "GOLIVE_ALL_GROUPS"
NO_TESTS = 5


@dataclass(frozen=True)
class Group:
    """One group. `few` names the marker of those that run every day; "" is all of them."""

    name: str
    what: str
    everyday: bool = True
    few: str = ""
    program: str = ""
    how: str = "make everything"
    options: tuple[str, ...] = ("tests",)


GROUPS = (
    Group("pure", "no processes beyond the test's own", options=("tests", "-n", "2")),
    Group("processes", "real processes on loopback"),
    Group("packaging", "the wheel, installed into an empty folder"),
    Group("notebooks", "every notebook opened by itself, and nbval", options=("tests", "notebooks", "--nbval-lax")),
    Group("faults", "whole rehearsals with a fault", few="few", how="make faults"),
    Group("slow", "take minutes", everyday=False),
    Group("browser", "pages and archive in a real browser", everyday=False, program="chromium", how="make system"),
)
NAMES = tuple(group.name for group in GROUPS)


def group_of(markers: set[str], path: Path) -> str:
    """Give the group of a test that has these markers and lies at `path`."""
    marked = [name for name in NAMES if name in markers]
    if marked:
        return marked[-1]
    inside = path.relative_to(ROOT).parts[:-1] if path.is_relative_to(ROOT) else ()
    return next((part for part in inside if part in NAMES), "pure")


def left_out(group: Group, everything: bool) -> str:
    """Give one line that says what of the group an everyday run leaves out and why; "" when nothing."""
    if everything:
        return ""
    if group.program and shutil.which(group.program) is None:
        return f"left out: {group.name} ({group.what}; needs {group.program}): {group.how}"
    if group.program or (group.everyday and not group.few):
        return ""
    part = "all but a few, " if group.few else ""
    return f"left out: {group.name} ({part}{group.what}): {group.how}"


def runs(group: Group, everything: bool) -> bool:
    """Say whether the group runs, in part at least."""
    return everything or group.everyday or bool(group.program and shutil.which(group.program))


@dataclass(frozen=True)
class Ran:
    """How a group went."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    why: str = ""


def run(group: Group, whole: bool) -> Ran:
    """Run one group in a pytest of its own and give how it went."""
    if group.program and shutil.which(group.program) is None:
        return Ran(group.name, 0, 1, 0, 0.0, f"{group.program} is missing; NEXT {group.how}")
    marker = f"{group.name} and {group.few}" if group.few and not whole else group.name
    with tempfile.TemporaryDirectory(prefix="golive-tests-") as folder:
        report = Path(folder) / "report.xml"
        environment = {**os.environ}
        if group.name == "notebooks":
            environment["GOLIVE_HOME"] = folder
        begun = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-m", marker, f"--junit-xml={report}", *group.options]
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        seconds = time.monotonic() - begun
        suite = ET.parse(report).getroot().find("testsuite") if report.exists() else None
    count = {key: int(suite.get(key, "0")) if suite is not None else 0 for key in _COUNTED}
    failed = count["failures"] + count["errors"]
    passed = count["tests"] - failed - count["skipped"]
    why = "it has no tests" if status == NO_TESTS else f"pytest ended with {status}" if status else ""
    return Ran(group.name, passed, max(failed, 1 if status else 0), count["skipped"], seconds, why)


_COUNTED = ("tests", "failures", "errors", "skipped")


def main(names: list[str]) -> int:
    """Run the groups named, else the everyday ones, and give the exit status."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no group of tests is called {unknown[0]}: there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    everything = bool(names) or os.environ.get(ALL) == "1"
    chosen = [group for group in GROUPS if (group.name in names if names else runs(group, everything))]
    ran = []
    for group in chosen:
        print(f"\n--- {group.name}: {group.what}", flush=True)
        ran.append(run(group, everything))
    print("\n--- the groups of tests")
    for one in ran:
        word = "passed" if not one.failed else f"FAILED ({one.why})"
        print(f"{one.name:<10} {one.seconds:6.1f} s  {one.passed:4} passed  {word}")
    if not names:
        print("\n".join(line for group in GROUPS if (line := left_out(group, everything))))
    failed = sum(one.failed for one in ran)
    parts = [f"{failed} failed"] * bool(failed) + [f"{sum(one.passed for one in ran)} passed"]
    parts += [f"{skipped} skipped"] * bool(skipped := sum(one.skipped for one in ran))
    print(f"===== {', '.join(parts)} in {sum(one.seconds for one in ran):.2f}s =====")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
