"""Charts whose titles are their conclusions; legible in greyscale."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from golive.core.digest import EDGES
from golive.core.judging.measures import bad_of
from golive.core.plain import plain
from golive.core.plan import Criteria
from golive.core.samples import Sample, Tally, Version
from golive.core.thinning import thinned
from golive.pages.looks import PAPER

WINDOW = 5.0
HALF_A_LINE = 6
STYLES: dict[Version, dict[str, Any]] = {
    Version.CANARY: {"color": "#0b5394", "linewidth": 2.2, "linestyle": "-"},
    Version.STABLE: {"color": "#595959", "linewidth": 1.4, "linestyle": (0, (6, 1.5))},
}


@dataclass(frozen=True)
class Event:
    """Something that happened, at UTC seconds since the epoch."""

    second: float
    label: str


def soak_chart(samples: Sequence[Sample], *, criteria: Criteria, title: str, events: Sequence[Event] = ()) -> bytes:
    """Give failed share, latency and slow shares of canary beside stable as a PNG."""
    figure = Figure(figsize=(8.2, 6.4), dpi=100, layout="constrained", facecolor=PAPER)
    failed, latency, slow = figure.subplots(3, 1, sharex=True)
    if not samples:
        figure.suptitle("Nothing was measured, so nothing is drawn")
        return _png(figure)
    samples = thinned(samples)
    start = samples[0].second
    _shares(failed, samples, start, "failed")
    _limits(failed, criteria.failed.proceed_below, criteria.failed.rollback_above)
    failed.set_ylabel("failed")
    _quantiles(latency, samples, start)
    latency.set_ylabel("latency, ms\n(from buckets)")
    latency.axhline(500, color="black", linestyle="--", linewidth=0.8)
    latency.axhline(1000, color="black", linestyle="-", linewidth=1.0)
    _shares(slow, samples, start, "over_500ms")
    _limits(slow, criteria.over_500ms.proceed_below, None)
    slow.set_ylabel("over 500 ms")
    slow.set_xlabel(
        f"seconds since {datetime.fromtimestamp(start, UTC):%H:%M:%S} UTC, {_window(samples):.0f} s windows"
    )
    for axes in (failed, latency, slow):
        for event in events:
            axes.axvline(event.second - start, color="black", linestyle=":", linewidth=1)
    for event in events:
        failed.text(
            event.second - start,
            failed.get_ylim()[1],
            f" {plain(event.label, 60)}",
            fontsize=9,
            va="top",
            rotation=90,
            parse_math=False,
        )
    figure.suptitle(_wrapped(title), fontsize=12, x=0.02, ha="left", parse_math=False)
    return _png(figure)


def golive_chart(samples: Sequence[Sample], *, criteria: Criteria, title: str, events: Sequence[Event]) -> bytes:
    """Give the whole go-live on one time axis: split, failed share, p95, and numbered events."""
    figure = Figure(figsize=(11, 7), dpi=100, layout="constrained", facecolor=PAPER)
    split, failed, latency = figure.subplots(3, 1, sharex=True, height_ratios=[1, 1.3, 1.3])
    if not samples:
        figure.suptitle("Nothing was measured, so nothing is drawn")
        return _png(figure)
    samples = thinned(samples)
    start = samples[0].second
    canary = [sample for sample in samples if sample.version is Version.CANARY]
    times = [sample.second - start for sample in canary]
    split.step(
        times, [(s.share if s.share is not None else math.nan) * 100 for s in canary], where="post", color="black"
    )
    split.set_ylim(-4, 142)
    split.set_ylabel("canary's\nvisitors, %")
    seen, names = "", 0
    for sample in canary:
        if sample.phase and sample.phase != seen:
            seen, names = sample.phase, names + 1
            split.text(sample.second - start, 106 if names % 2 else 124, seen, fontsize=9)
            for axes in (split, failed, latency):
                axes.axvline(sample.second - start, color="#bbbbbb", linewidth=0.8)
    _shares(failed, samples, start, "failed")
    _limits(failed, criteria.failed.proceed_below, criteria.failed.rollback_above)
    failed.set_ylabel("failed")
    _quantiles(latency, samples, start)
    latency.axhline(500, color="black", linestyle="--", linewidth=0.8)
    latency.set_ylabel("p95, p99, ms")
    latency.set_xlabel(f"seconds since {datetime.fromtimestamp(start, UTC):%Y-%m-%d %H:%M:%S} UTC")
    for number, event in enumerate(events, 1):
        split.axvline(event.second - start, color="black", linestyle=":", linewidth=1)
        split.text(event.second - start, 60 if number % 2 else 30, f" {number}", fontsize=10, weight="bold")
    figure.suptitle(_wrapped(title), fontsize=12, x=0.02, ha="left", parse_math=False)
    return _png(figure)


def conclusion(samples: Sequence[Sample], criteria: Criteria) -> str:
    """Give what a chart shows in one sentence."""
    canary = [sample for sample in samples if sample.version is Version.CANARY]
    total = sum((sample.tally for sample in canary), Tally())
    if not total.requests:
        return "No canary request was seen"
    share = total.failed / total.requests
    slow = bad_of("over_500ms", total) / total.requests
    said = f"canary failed {share:.2%} of {total.requests} requests, {slow:.1%} took over 500 ms"
    limit = criteria.failed.rollback_above
    if limit is not None and share > limit:
        return f"Above the {limit:.1%} rollback limit: {said}"
    inside = share < criteria.failed.proceed_below and slow < criteria.over_500ms.proceed_below
    return f"{'Inside the limits' if inside else 'Between the limits'}: {said}"


def _window(samples: Sequence[Sample]) -> float:
    """Give over how many seconds a point is counted: more where the samples themselves are longer."""
    return max(WINDOW, sorted(sample.seconds for sample in samples)[len(samples) // 2])


def _windows(samples: Sequence[Sample], version: Version) -> list[tuple[float, Tally]]:
    own = [sample for sample in samples if sample.version is version]
    return [
        (last.second, sum((s.tally for s in own[max(0, i - 30) : i + 1] if s.second > last.second - WINDOW), Tally()))
        for i, last in enumerate(own)
    ]


def _line(axes: Any, samples: Sequence[Sample], start: float, value: Callable[[Tally], float], label: str) -> None:
    ends: list[tuple[float, float, Version]] = []
    for version, style in STYLES.items():
        points = [(second - start, value(t) if t.requests else math.nan) for second, t in _windows(samples, version)]
        axes.plot([x for x, _ in points], [y for _, y in points], **style)
        ends += [(y, x, version) for x, y in points if not math.isnan(y)][-1:]
    axes.margins(x=0)  # the names stand outside
    for place, (y, x, version) in enumerate(sorted(ends)):
        apart = (2 * place - len(ends) + 1) * HALF_A_LINE  # two lines may end at one point; their names may not
        axes.annotate(
            f"{version}{label}",
            (x, y),
            xytext=(4, apart),
            textcoords="offset points",
            fontsize=9,
            color=STYLES[version]["color"],
            va="center",
            annotation_clip=False,
        )


def _shares(axes: Any, samples: Sequence[Sample], start: float, criterion: str) -> None:
    _line(axes, samples, start, lambda tally: 100 * bad_of(criterion, tally) / tally.requests, "")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")


def _limits(axes: Any, proceed: float, rollback: float | None) -> None:
    axes.axhline(proceed * 100, color="black", linestyle="--", linewidth=0.8)
    axes.text(0, proceed * 100, "hold above", fontsize=9, va="bottom")
    if rollback is not None:
        axes.axhline(rollback * 100, color="black", linestyle="-", linewidth=1.4)
        axes.text(0, rollback * 100, "roll back above", fontsize=9, va="bottom")
    high = axes.get_ylim()[1]
    axes.set_ylim(0, max(high, 115 * (rollback or proceed)))


def _quantiles(axes: Any, samples: Sequence[Sample], start: float) -> None:
    _line(axes, samples, start, lambda tally: quantile(tally, 0.95), " p95")
    for version, style in STYLES.items():
        points = [(s - start, quantile(t, 0.99) if t.requests else math.nan) for s, t in _windows(samples, version)]
        axes.plot([x for x, _ in points], [y for _, y in points], **{**style, "linestyle": ":", "linewidth": 1})
    axes.set_ylim(0, max(1100, axes.get_ylim()[1]))


def quantile(tally: Tally, share: float) -> float:
    """Give the upper edge, in ms, of the bucket that holds a quantile; an upper bound, not a measurement."""
    for edge in EDGES:
        if tally.over.get(edge, 0) <= (1 - share) * tally.requests:
            return float(edge)
    return float(EDGES[-1])


def _wrapped(text: str) -> str:
    words, lines = plain(text, 400).split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 95:
            lines.append("")
        lines[-1] += f"{word} "
    return "\n".join(lines[:3])


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out, pil_kwargs={"compress_level": 1})
    return out.getvalue()
