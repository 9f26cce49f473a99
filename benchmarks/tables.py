"""The tables of the verdict, from the results of its cells, as Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.cells import (
    BETWEEN,
    CANARY_RATES,
    CORRELATIONS,
    FAILING,
    HEALTHY,
    MIDDLE,
    P95,
    RATES,
    SETTLE,
    SICK,
    WATCH_RATES,
    bound,
    over,
)
from benchmarks.field import FAILED_PROCEED, SLOW_PROCEED
from benchmarks.measuring import KAYENTA, OURS

ALPHA = 0.01
RULES = (OURS, "as written", "Flagger, threshold 1", "Flagger, threshold 5")
RULES += ("Argo, failureLimit 0", "Argo, failureLimit 3", KAYENTA)
HEADS = (OURS, "as written", "Flagger 1", "Flagger 5", "Argo 0", "Argo 3", KAYENTA)
NOTHING = "–"
HELD_TITLE = "Healthy go-lives held for all of `hold_up_to` (minutes that HOLD added)"
BETWEEN_TITLE = "Between the lines: rolled back by us / by us when a HOLD ends the go-live (as written)"

Results = dict[str, Any]


def render(results: Results, tables: Iterable[str]) -> str:
    """Give these tables; a cell that was not run is a dash."""
    return "\n\n".join(TABLES[name](results) for name in tables)


def _false_rollback(results: Results) -> str:
    found = [_title("Healthy go-lives that were rolled back", results, "go-live/", r"\d+/0\.(0001|0005|001)")]
    rows = [
        [f"{rate}", _percent(failed), *_rolled_back(results.get(f"go-live/{rate}/{failed}"))]
        for failed in (0.0001, 0.0005, 0.001)
        for rate in RATES
    ]
    found += [table(["site req/s", "canary fails", *HEADS], rows)]
    found += [_title(BETWEEN_TITLE, results, "go-live/", r"\d+/0\.(00.5|00[2-6]|01)(/ends)?")]
    heads = ["canary fails", *(f"{rate} req/s" for rate in RATES)]
    rows = [[_percent(failed), *(_both(results, f"go-live/{rate}/{failed}") for rate in RATES)] for failed in BETWEEN]
    found += [table(heads, rows)]
    found += [_title(HELD_TITLE, results, "go-live/", r"\d+/0\.(000.|001)")]
    rows = [
        [_percent(failed), *(_held(results.get(f"go-live/{rate}/{failed}")) for rate in RATES)] for failed in HEALTHY
    ]
    return "\n\n".join([*found, table(heads, rows)])


def _strained(results: Results) -> str:
    kinds = [(f"bursts, correlation {rho}", f"bursts {rho}") for rho in CORRELATIONS]
    kinds += [("cold start of 10 s", "cold start 10"), ("cold start of 30 s", "cold start 30")]
    kinds += [("0.1 % of probes lost", "probe loss")]
    rows = [
        [name, f"{rate}", _percent(failed), *_rolled_back(results.get(f"strained/{rate}/{key}/{failed}"))]
        for name, key in kinds
        for failed in (0.0005, 0.001)
        for rate in RATES
        if f"strained/{rate}/{key}/{failed}" in results
    ]
    title = _title("Healthy go-lives under strain that were rolled back", results, "strained/")
    return "\n\n".join([title, table(["strain", "site req/s", "canary fails", *HEADS], rows)])


def _let_through(results: Results) -> str:
    rows = []
    for failed in SICK:
        for rate in RATES:
            start = [results[key] for key in [f"let through/{rate}/{failed}/start"] if key in results]
            middle = [results[key] for key in results if key.startswith(f"let through/{rate}/{failed}/middle")]
            rows.append([_percent(failed), f"{rate}", _through(start), _through(middle)])
    title = _title(
        "Sick canaries that got a PROCEED in the phase in which they were sick", results, "let through/", ".*start"
    )
    return "\n\n".join([title, table(["canary fails", "site req/s", "from the first shift", "from mid-soak"], rows)])


def _watch(results: Results) -> str:
    rows = [
        [f"{rate}", f"{found['runs']}", *_rolled_back(found)[:-1]]
        for rate in WATCH_RATES
        if (found := results.get(f"watch/{rate}"))
    ]
    title = _title("Days of watch, all visitors on a canary that fails 0.1 %, that said ROLLBACK", results, "watch/")
    return "\n\n".join([title, table(["site req/s", "days", *HEADS[:-1]], rows)])


def _delay(results: Results) -> str:
    found = []
    for changed, where in ((0, "from the start of a soak"), (MIDDLE, "from the middle of a soak")):
        found.append(_title(f"Seconds to the rollback, failing {where} of 20 minutes", results, "delay/0.0/"))
        rows, failed_rows, ratios = [], [], []
        for rate in CANARY_RATES:
            for failing in FAILING:
                cell = results.get(f"delay/0.0/{rate}/{failing}/{changed}")
                least = bound(failing, FAILED_PROCEED, rate, ALPHA)
                ratio = cell["rules"][OURS]["delay"] / least if cell else math.nan
                ratios += [ratio] if cell else []
                labels = [f"{rate}", _percent(failing)]
                rows.append([*labels, f"{least:.1f}", f"{ratio:.2f}", *_each(cell, _seconds)])
                failed_rows.append([*labels, *_each(cell, _requests)])
        found.append(table(["canary req/s", "fails", "bound", "ours / bound", *HEADS], rows))
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            found.append(f"Geometric mean of ours / bound: **{mean:.2f}**, over {len(ratios)} cells.")
        found.append(f"**Failed requests that visitors saw before it**, failing {where}:")
        found.append(table(["canary req/s", "fails", *HEADS], failed_rows))
    found.append("**Rolled back while still healthy** (0.05 % failed), in the ten minutes before the middle:")
    found.append(table(["canary req/s", *HEADS], [[f"{rate}", *_early(results, rate)] for rate in CANARY_RATES]))
    found.append(_title("Seconds to our rollback when failures are correlated within a second", results, "delay/"))
    strengths = (0.0, *(rho for rho in CORRELATIONS if f"delay/{rho}/1/0.01/0" in results))
    heads = [f"{where}, {rho}" for where in ("start", "middle") for rho in strengths]
    rows = [
        [f"{rate}", _percent(failing), *_correlated(results, f"{rate}/{failing}", strengths)]
        for rate in CANARY_RATES
        for failing in FAILING
    ]
    found.append(table(["canary req/s", "fails", *heads], rows))
    rows = [
        [_percent(failing), f"{minute['alone']:.1f}", f"{minute['with']:.1f}"]
        for failing in FAILING
        if (minute := results.get(f"delay/0.0/{max(CANARY_RATES)}/{failing}/{MIDDLE}", {}).get("minute"))
    ]
    found.append("**What a literal trigger over at least 60 s would cost**, 100 canary requests/s, from the middle:")
    found.append(table(["fails", "seconds, since the change alone", "seconds, over at least 60 s"], rows))
    return "\n\n".join(found)


def _latency(results: Results) -> str:
    found = []
    for changed, where in ((0, "from the start of a soak"), (MIDDLE, "from the middle of a soak")):
        waited = 0 if changed else SETTLE
        rows = []
        for rate in CANARY_RATES:
            for p95 in P95:
                cell, slow = results.get(f"latency/{rate}/{p95}/{changed}"), over(1000, p95)
                least = waited + bound(slow, SLOW_PROCEED, rate, ALPHA)
                labels = [f"{rate}", f"{p95 / 1000:g} s", f"{slow:.1%}", f"{least:.1f}"]
                rows.append([*labels, *_each(cell, _seconds)])
        found.append(_title(f"Seconds to the rollback of a slow canary, {where}", results, "latency/"))
        found.append(table(["canary req/s", "p95", "over 1000 ms", "bound", *HEADS], rows))
    return "\n\n".join(found)


def _cost(results: Results) -> str:
    cost = results.get("cost")
    if not cost:
        return "**Cost**: not measured."
    rows = []
    for key in cost:
        if key.endswith("/add"):
            rate, rho, _ = key.split("/")
            added, judged = cost[key], cost[f"{rate}/{rho}/judge"]
            rows.append([rate, rho, f"{added:.0f}", f"{judged:.0f}", f"**{added + judged:.0f}**"])
    looks = table(["site req/s", "correlation", "`Evidence.add`, µs", "`judge`, µs", "one look, µs"], rows)
    day = f"A day of 86,400 seconds and two versions, judged every second: **{cost['day']:.1f} s** of processor time."
    held = f"Judging holds {cost['hour kB']:.0f} kB after an hour and {cost['day kB']:.0f} kB after a day."
    return "\n\n".join(["**Cost of the one function**, processor time", looks, f"{day} {held}"])


def _title(text: str, results: Results, prefix: str, keys: str = ".*") -> str:
    """Give a title with how many go-lives stand behind each cell whose name is `prefix` and then `keys`."""
    wanted = re.compile(re.escape(prefix) + keys)
    runs = sorted({found["runs"] for name, found in results.items() if wanted.fullmatch(name)})
    numbers = " or ".join(f"{number:,}" for number in runs) or "no"
    return f"**{text}** ({numbers} go-lives a cell)"


def _rolled_back(cell: Results | None) -> list[str]:
    return _each(cell, lambda told: _share(told["rolled_back"], told["runs"]))


def _each(cell: Results | None, tell: Callable[[Results], str]) -> list[str]:
    rules = cell["rules"] if cell else {}
    return [tell(rules[name]) if name in rules else NOTHING for name in RULES]


def _both(results: Results, name: str) -> str:
    cell, ending = results.get(name), results.get(f"{name}/ends")
    ours, letter = (
        _share(cell["rules"][rule]["rolled_back"], cell["runs"]) if cell else NOTHING for rule in (OURS, "as written")
    )
    ended = _share(ending["rules"][OURS]["rolled_back"], ending["runs"]) if ending else NOTHING
    return f"{ours} / {ended} ({letter})"


def _held(cell: Results | None) -> str:
    return f"{_share(cell['held'], cell['runs'])} ({cell['added']:.1f})" if cell else NOTHING


def _through(found: Sequence[Results]) -> str:
    came, proceeded = (sum(cell["reached"][name] for cell in found) for name in ("came", "proceeded"))
    return f"{proceeded} of {came}, {proceeded / came:.1%}" if came else NOTHING


def _correlated(results: Results, key: str, strengths: Sequence[float]) -> list[str]:
    cells = [results.get(f"delay/{rho}/{key}/{changed}") for changed in (0, MIDDLE) for rho in strengths]
    return [_seconds(cell["rules"][OURS]) if cell else NOTHING for cell in cells]


def _early(results: Results, rate: int) -> list[str]:
    cells = [results[key] for f in FAILING if (key := f"delay/0.0/{rate}/{f}/{MIDDLE}") in results]
    if not cells:
        return [NOTHING for _ in RULES]
    means = [sum(cell["rules"][name]["early"] for cell in cells) / len(cells) for name in RULES]
    return [f"{mean:.2%}" for mean in means]


def _seconds(told: Results) -> str:
    return _seen(told, f"{told['delay']:.1f}" if "delay" in told else "")


def _requests(told: Results) -> str:
    return _seen(told, f"{told['failed']:.0f}" if "failed" in told else "")


def _seen(told: Results, text: str) -> str:
    """Give the text, with the share of the go-lives that were never rolled back after the change."""
    healthy = 1 - told["early"]
    missed = 1 - (told["rolled_back"] - told["early"]) / healthy if healthy else 0.0
    if not text:
        return "never"
    return text if missed < 1e-9 else f"{text} (not {missed:.1%})"


def _share(share: float, runs: int) -> str:
    return "0" if share == 0 else f"{share:.0%}" if share >= 0.1 else f"{share:.2%}" if runs >= 400 else f"{share:.1%}"


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(heads), " | ".join("---:" for _ in heads), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


TABLES: dict[str, Callable[[Results], str]] = {
    "go-live": _false_rollback,
    "strained": _strained,
    "watch": _watch,
    "let through": _let_through,
    "delay": _delay,
    "latency": _latency,
    "cost": _cost,
}
