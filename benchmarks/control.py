"""The Roll back control in mid-soak: from the click to ROLLED BACK on the page, over HTTP, on a real Jupyter server.

`python -m benchmarks.control [TRIALS]`. Each trial is a sandbox of its own whose canary has 1 % of the visitors.
Without a guard: both are killed half a second before the click, so that the control waits two seconds for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
from tests.server.served import Served

from golive.notebook import open_phase
from golive.notebook.page import Page

SECONDS = (1, 5, 12, 20)
PHASE = "canary-1"
REACH = 1.5


@dataclass(frozen=True)
class Click:
    """One click: seconds from it to the page that says ROLLED BACK, by the browser's clock and by the page's own."""

    second: int
    guarded: bool
    seconds: float
    said: float


async def to_the_soak(page: Page) -> None:
    """Go through a page until its soak is under way."""
    for act in (page.checks, page.baseline, page.shift, page.prove):
        await act()


def kill_guards(page: Page) -> None:
    """End both guards of a run at once, by their process ids."""
    for beat in page.run.book.beats():
        psutil.Process(beat.member.pid).kill()


@contextmanager
def soaking(folder: Path) -> Iterator[Page]:
    """Give a page whose soak has just begun; its run is ended afterwards."""
    os.environ["GOLIVE_RUNS"] = str(folder / "runs")
    page = open_phase("sandbox", PHASE)
    try:
        asyncio.run(to_the_soak(page))
        yield page
    finally:
        if not page.state.closed:
            page.close_run("abandoned", "measured")


def click(served: Served, page: Page, second: int, guarded: bool) -> Click:
    """Roll back in that second of the soak."""
    name = str(page.run.folder.root)
    xsrf, _ = served.form(name)
    time.sleep(second - (0 if guarded else 0.5))
    if not guarded:
        kill_guards(page)
        time.sleep(0.5)
    begun = time.monotonic()
    data = {"_xsrf": xsrf, "because": f"measured in second {second} of the soak"}
    shown = served.browser.post("golive/rollback", params={"run": name}, data=data, follow_redirects=True)
    took = time.monotonic() - begun
    if '<h1><span class="glyph">←</span> ROLLED BACK</h1>' not in shown.text:
        raise SystemExit(f"the page does not say ROLLED BACK:\n{shown.text}")
    said = float(shown.text.partition("knew after ")[2].split()[0])
    return Click(second, guarded, took, said)


def measured(trials: int) -> list[Click]:
    """Click so many times in each of the seconds, and as often without a guard."""
    clicks = []
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        try:
            for _ in range(trials):
                for second, guarded in (*((second, True) for second in SECONDS), (SECONDS[1], False)):
                    with soaking(Path(folder)) as page:
                        one = click(served, page, second, guarded)
                    print(
                        f"second {second}, {'guard' if guarded else 'no guard'}: {one.seconds:.2f} s", file=sys.stderr
                    )
                    clicks.append(one)
        finally:
            served.close()
    return clicks


def table(clicks: list[Click]) -> str:
    """Give the table."""
    lines = ["| click in the soak's second | clicks | median, s | worst, s |", "|---|---|---|---|"]
    for second, guarded in dict.fromkeys((one.second, one.guarded) for one in clicks):
        took = [one.seconds for one in clicks if (one.second, one.guarded) == (second, guarded)]
        name = str(second) if guarded else f"{second}, both guards just killed"
        lines.append(f"| {name} | {len(took)} | {median(took):.2f} | {max(took):.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    clicks = measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    worst = max(one.seconds for one in clicks if one.guarded)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    kept = "kept" if worst <= REACH else "not kept"
    print(f"{table(clicks)}\nReach: {REACH} s with a guard, {kept}. Load averages {load} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
