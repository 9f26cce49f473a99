"""The evidence against time: upwards it speaks for the canary, downwards against it; a line on each side decides."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from golive.core.plain import plain
from golive.core.verdict import Hold, Reading, Verdict, Word
from golive.pages.looks import PAPER
from golive.ports import EvidenceNote

MOST_POINTS = 600
SHOWN = 1.25  # more than enough is drawn as that much
SEEN = 0.01  # less against the canary is no line
GAP = 4.0  # times the usual distance of two points
APART = 0.17
WIDEST = 92
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "black", "linewidth": 2.4, "linestyle": "-"},
    {"color": "#0b5394", "linewidth": 1.8, "linestyle": "--"},
    {"color": "#595959", "linewidth": 1.6, "linestyle": "-."},
    {"color": "#a04000", "linewidth": 1.8, "linestyle": ":"},
    {"color": "#2e6b2e", "linewidth": 1.2, "linestyle": (0, (5, 1, 1, 1, 1, 1))},
)


@dataclass(frozen=True)
class Point:
    """How far each measure's evidence was: to roll back, and to proceed, as shares of what it takes."""

    second: float
    shares: Mapping[str, Sequence[float]]


def points_of(notes: Sequence[EvidenceNote]) -> list[Point]:
    """Give the guard's notes of a phase as points, in seconds since the first of them."""
    if not notes:
        return []
    moments = [datetime.fromisoformat(note.utc) for note in notes]
    return [Point((m - moments[0]).total_seconds(), n.shares) for m, n in zip(moments, notes, strict=True)]


def evidence_chart(points: Sequence[Point], verdict: Verdict, phases: Mapping[float, str] | None = None) -> bytes:
    """Give the picture as a PNG; `phases` are second -> name of a phase that began then."""
    figure = Figure(figsize=(8.2, 3.4), dpi=100, layout="constrained", facecolor=PAPER)
    axes = figure.subplots()
    figure.suptitle(_wrapped(evidence_title(points, verdict, phases)), fontsize=12, x=0.02, ha="left", parse_math=False)
    if not points:
        return _png(figure)
    kept = thinned(points)
    begun, ended = kept[0].second, max(kept[-1].second, kept[0].second + 1)
    _lines_to_cross(axes, begun, ended)
    said: list[tuple[float, str, Any]] = []
    names = list(dict.fromkeys(name for point in kept for name in point.shares))
    for number, name in enumerate(names):
        style = STYLES[number % len(STYLES)]
        own = _without_gaps([point for point in kept if name in point.shares], name)
        times, label = [second for second, _, _ in own], _label(name, verdict)
        axes.plot(times, [speaking for _, _, speaking in own], **style)
        said.append((own[-1][2], label, style["color"]))
        axes.plot(times, _seen([against for _, against, _ in own]), **style)
        if own[-1][1] < -SEEN:
            said.append((own[-1][1], label, style["color"]))
    _labels(axes, said, ended + (ended - begun) * 0.015)
    for second, name in sorted((phases or {}).items())[1:]:
        axes.axvline(second, color="#999999", linewidth=0.8)
        side = "right" if second > begun + 0.85 * (ended - begun) else "left"
        axes.text(second, -SHOWN - 0.08, f" {name} ", fontsize=8, va="bottom", ha=side)
    axes.set_xlim(begun, ended)
    axes.set_ylim(-SHOWN - 0.1, SHOWN + 0.1)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["all it takes", "half", "none", "half", "all it takes"], fontsize=9)
    axes.set_ylabel("against  ◂  evidence  ▸  for", fontsize=9)
    axes.set_xlabel("seconds", fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return _png(figure)


def evidence_title(points: Sequence[Point], verdict: Verdict, phases: Mapping[float, str] | None = None) -> str:
    """Give what the picture shows in one sentence, for people who know no statistics."""
    readings = _measured(points, verdict)
    for point in points:
        crossed = [reading for reading in readings if point.shares.get(reading.criterion, (0.0,))[0] >= 1]
        if crossed and verdict.word is not Word.PROCEED:
            since = max((second for second in phases or () if second <= point.second), default=points[0].second)
            where = f" of {(phases or {})[since]}" if len(phases or ()) > 1 else ""
            after = f"{point.second - since:.0f} s{where}"
            return f"The evidence that too many {_plural(crossed[0])} crossed the line after {after}"
    if not points or not readings:
        return "Nothing was measured, so nothing is drawn"
    between = next((reading for reading in readings if reading.hold is Hold.BETWEEN), None)
    if between is not None and between.seen is not None:
        seen, limit = f"{between.seen:.2%}", f"{between.proceed_below:.2%}"
        counted = f"{between.bad} of {between.requests} {_past(between)}: {seen}, and below {limit} is wanted"
        return f"Too bad to proceed, not bad enough to roll back: {counted}"
    against = max(readings, key=lambda reading: reading.rollback_evidence)
    speaks = "Nothing speaks against the canary"
    if against.rollback_evidence >= 0.2:
        speaks = f"{against.rollback_evidence:.0%} of what a rollback takes speaks against the canary"
    waiting = max(readings, key=lambda reading: reading.needed or 0)
    if waiting.needed:
        whole = waiting.requests + waiting.needed
        of = f" on {waiting.sentence.rpartition(' on ')[2]}" if " on " in waiting.sentence else ""
        return f"{speaks}; {waiting.requests} of about {whole} requests that are needed{of}"
    return f"{speaks}, and what was counted is enough to proceed"


def thinned(points: Sequence[Point]) -> list[Point]:
    """Give at most 600 of the points, with the first and the last of them."""
    if len(points) <= MOST_POINTS:
        return list(points)
    step = (len(points) - 1) / (MOST_POINTS - 1)
    return [points[round(i * step)] for i in range(MOST_POINTS)]


def _seen(against: Sequence[float]) -> list[float]:
    """Leave out what lies on the zero line all along, and keep where a line leaves it and comes back."""
    around = [math.nan, *against, math.nan]
    beside = [any(each < -SEEN for each in around[i : i + 3]) for i in range(len(against))]
    return [height if near else math.nan for height, near in zip(against, beside, strict=True)]


def _without_gaps(points: Sequence[Point], name: str) -> list[tuple[float, float, float]]:
    """Give second, evidence against and for; what was not watched is a break and no slope."""
    steps = sorted(later.second - earlier.second for earlier, later in pairwise(points))
    longest = GAP * steps[len(steps) // 2] if steps else math.inf
    found: list[tuple[float, float, float]] = []
    for point in points:
        if found and point.second - found[-1][0] > longest:
            found.append((point.second, math.nan, math.nan))
        against, speaking = point.shares[name]
        found.append((point.second, -min(against, SHOWN), min(speaking, SHOWN)))
    return found


def _measured(points: Sequence[Point], verdict: Verdict) -> list[Reading]:
    names = {name for point in points[-1:] for name in point.shares}
    return [reading for reading in verdict.readings if reading.criterion in names]


def _plural(reading: Reading) -> str:
    return reading.sentence.replace("that failed", "fail").replace("requests over", "requests take over")


def _past(reading: Reading) -> str:
    return reading.sentence.replace("that failed", "failed").replace("requests over", "requests took over")


def _label(name: str, verdict: Verdict) -> str:
    sentence = next((reading.sentence for reading in verdict.readings if reading.criterion == name), name)
    return sentence.removeprefix("requests ").removeprefix("that ")


def _lines_to_cross(axes: Any, begun: float, ended: float) -> None:
    axes.axhspan(1, SHOWN + 0.1, color="#e8e8e8", zorder=0)
    axes.axhspan(-SHOWN - 0.1, -1, color="#cfcfcf", zorder=0)
    axes.axhline(0, color="#999999", linewidth=0.8)
    for level, text, place in ((1, "may proceed above here", "bottom"), (-1, "roll back here", "top")):
        axes.axhline(level, color="black", linewidth=1.2)
        gap = 0.03 if level > 0 else -0.03
        axes.text(begun + (ended - begun) * 0.01, level + gap, text, fontsize=9.5, weight="bold", va=place, zorder=5)


def _labels(axes: Any, said: Sequence[tuple[float, str, Any]], at: float) -> None:
    """Put each line's name at its end, far enough from the one below it and no higher than the picture."""
    heights: list[float] = []
    placed = sorted(said, key=lambda each: each[0])
    for height, _, _ in placed:
        heights.append(max(height, heights[-1] + APART) if heights else height)
    highest = SHOWN + 0.05
    for i in range(len(heights) - 1, -1, -1):
        heights[i] = highest = min(heights[i], highest)
        highest -= APART
    for height, (_, text, color) in zip(heights, placed, strict=True):
        axes.text(at, height, text, fontsize=9, color=color, va="center", clip_on=False, parse_math=False)


def _wrapped(text: str) -> str:
    words, lines = plain(text, 400).split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > WIDEST:
            lines.append("")
        lines[-1] += f"{word} "
    return "\n".join(lines[:3])


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out, pil_kwargs={"compress_level": 6})
    return out.getvalue()
