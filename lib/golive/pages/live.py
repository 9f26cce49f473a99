"""The chart that is drawn again every other second: one figure, of which only the lines change."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from golive.core.plan import Criteria
from golive.core.samples import Tally, Version
from golive.pages.charts import quantile
from golive.pages.curve import Curve

SIZE, DPI = (8.2, 4.4), 100
LATENCY_LIMITS = ((500, "hold above", "--"), (1000, "roll back above", "-"))
HALF_A_LINE = 7
GROWS = 1.3


@dataclass(frozen=True)
class Theme:
    """Colours of a chart, which tell nothing that width and dashes do not."""

    paper: str
    ink: str
    canary: str
    stable: str


LIGHT = Theme("#ffffff", "#111111", "#0b5394", "#666666")
DARK = Theme("#111111", "#eeeeee", "#8ec5ff", "#aaaaaa")


class LiveChart:
    """Failed share and p95 of canary beside stable, against the plan's limits.

    Args:
        length: Seconds that the time axis shows at first; it grows when the curve does.
    """

    def __init__(self, criteria: Criteria, length: float, theme: Theme = LIGHT) -> None:
        self._theme, self._length = theme, max(10.0, length)
        figure = Figure(figsize=SIZE, dpi=DPI, facecolor=theme.paper)
        self._canvas = FigureCanvasAgg(figure)
        self._failed, self._latency = figure.subplots(2, 1, sharex=True)
        figure.subplots_adjust(left=0.09, right=0.9, top=0.97, bottom=0.12, hspace=0.14)
        self._high = {self._failed: self._limits(criteria), self._latency: 1150.0}
        self._lines = [
            self._line(self._failed, version, lambda t: 100 * t.failed / t.requests) for version in reversed(Version)
        ] + [self._line(self._latency, version, lambda t: quantile(t, 0.95)) for version in reversed(Version)]
        self._ground: Any = None
        self._start: float | None = None

    def draw(self, curve: Curve) -> bytes:
        """Give the chart as a PNG of always the same size."""
        ends: dict[Any, list[tuple[float, float, Version]]] = {self._failed: [], self._latency: []}
        for line, axes, version, value in self._lines:
            times, values = curve.points(version, value)
            line.set_data(times, values)
            seen = [(y, x) for x, y in zip(times, values, strict=True) if not math.isnan(y)]
            ends[axes] += [(*seen[-1], version)] if seen else []
            self._make_room(axes, curve, max((y for y, _ in seen), default=0.0))
        if self._ground is None or curve.start != self._start:
            self._draw_ground(curve)
        self._canvas.restore_region(self._ground)
        for line, axes, _, _ in self._lines:
            axes.draw_artist(line)
        for axes, found in ends.items():
            self._name(axes, found)
        return self._png()

    def _limits(self, criteria: Criteria) -> float:
        """Draw the plan's limits; give how high the axis of failed shares has to be."""
        failed = criteria.failed
        limits = [(failed.proceed_below * 100, "hold above", "--")]
        if failed.rollback_above is not None:
            limits.append((failed.rollback_above * 100, "roll back above", "-"))
        for axes, shown in ((self._failed, limits), (self._latency, LATENCY_LIMITS)):
            for value, name, dashes in shown:
                axes.axhline(value, color=self._theme.ink, linestyle=dashes, linewidth=1.0)
                axes.text(0, value, f" {name}", fontsize=10, va="bottom", color=self._theme.ink)
        return limits[-1][0] * 1.3

    def _line(self, axes: Any, version: Version, value: Callable[[Tally], float]) -> tuple[Any, Any, Version, Any]:
        of_canary = version is Version.CANARY
        style = {"linewidth": 2.6, "linestyle": "-"} if of_canary else {"linewidth": 1.4, "linestyle": (0, (4, 1.5))}
        color = self._theme.canary if of_canary else self._theme.stable
        (line,) = axes.plot([], [], color=color, animated=True, **style)
        return line, axes, version, value

    def _make_room(self, axes: Any, curve: Curve, highest: float) -> None:
        if curve.seconds > self._length:
            self._length, self._ground = curve.seconds * GROWS, None
        if highest > self._high[axes]:
            self._high[axes], self._ground = highest * GROWS, None

    def _draw_ground(self, curve: Curve) -> None:
        """Draw what stays: axes, limits, names."""
        since = f"{datetime.fromtimestamp(curve.start, UTC):%H:%M:%S} UTC" if curve.start else "the first count"
        self._failed.set_ylabel("failed")
        self._failed.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
        self._latency.set_ylabel("p95, ms")
        self._latency.set_xlabel(f"seconds since {since}", color=self._theme.ink)
        for axes in (self._failed, self._latency):
            axes.set_xlim(0, self._length)
            axes.set_ylim(0, self._high[axes])
            axes.set_facecolor(self._theme.paper)
            axes.tick_params(colors=self._theme.ink, labelsize=10)
            axes.yaxis.label.set_color(self._theme.ink)
            for spine in axes.spines.values():
                spine.set_color(self._theme.ink)
        self._canvas.draw()
        self._ground, self._start = self._canvas.copy_from_bbox(self._canvas.figure.bbox), curve.start

    def _name(self, axes: Any, ends: list[tuple[float, float, Version]]) -> None:
        """Write each line's name at its end; two lines may end at one point, and their names may not."""
        for place, (y, x, version) in enumerate(sorted(ends, key=lambda end: (end[0], end[2]), reverse=True)):
            name = axes.annotate(
                version.value,
                (x, min(y, self._high[axes])),
                xytext=(5, (len(ends) - 1 - 2 * place) * HALF_A_LINE),
                textcoords="offset points",
                fontsize=11,
                fontweight="bold" if version is Version.CANARY else "normal",
                color=self._theme.canary if version is Version.CANARY else self._theme.stable,
                va="center",
                annotation_clip=False,
            )
            axes.draw_artist(name)
            name.remove()

    def _png(self) -> bytes:
        out = io.BytesIO()
        seen = Image.frombuffer("RGBA", self._canvas.get_width_height(), self._canvas.buffer_rgba())
        seen.convert("RGB").save(out, "PNG", compress_level=1)
        return out.getvalue()
