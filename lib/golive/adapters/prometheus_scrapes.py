"""From the series of several answers to one scrape of each target, read off at one moment.

Answers are asked for one after the other, so a scrape may arrive between two of them. A target's series are
therefore all read at the newest scrape that the answers of the *leading* selectors have, which were asked first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from golive.adapters.prometheus_answers import Series, tame
from golive.adapters.prometheus_selectors import labels_of, name_of
from golive.core.digest import EDGES
from golive.core.errors import nearest
from golive.core.samples import CouldNotMeasure, Unmeasured, Version

NEEDED = (500, 1000)
ALL = "all"
FACTORS = {"seconds": 1000.0, "milliseconds": 1.0}
_SUFFIX = re.compile(r"_(bucket|count|sum)$")
LEADING = ("there", "requests", "histogram")

Key = tuple[tuple[str, str], ...]
Target = tuple[str, str]


@dataclass(frozen=True)
class Group:
    """What is read of one version in one scrape: its counts, or its times, of all requests or of one route.

    Attributes:
        quantities: Quantity -> the selectors whose series are summed.
        unit: Of a histogram's buckets.
    """

    version: Version
    kind: str
    route: str
    quantities: Mapping[str, tuple[str, ...]] = field(hash=False)
    unit: str = "seconds"

    @property
    def leading(self) -> tuple[str, ...]:
        """The selectors that are asked first: they say which scrape is read."""
        return tuple(one for name in LEADING for one in self.quantities.get(name, ()))

    @property
    def following(self) -> tuple[str, ...]:
        """The selectors that are asked when the leading ones have answered."""
        return tuple(one for name, those in self.quantities.items() if name not in LEADING for one in those)

    def __str__(self) -> str:
        return f"{self.version}{', ' + self.route if self.route else ''}"


@dataclass(frozen=True)
class Scrape:
    """One target's series at one scrape.

    Attributes:
        at: When it was scraped, in seconds since the epoch by Prometheus' clock.
        values: Series -> its count.
        named: Quantity -> its series; a histogram's are `ALL` and one of each edge in milliseconds.
    """

    at: float
    values: Mapping[Key, float]
    named: Mapping[str | float, frozenset[Key]]


def target_of(series: Series) -> Target:
    """Give job and instance."""
    return series.labels.get("job", ""), series.labels.get("instance", "")


def scrapes_of(
    group: Group, answers: Mapping[str, Sequence[Series]], ignore: frozenset[str], interval: float
) -> dict[Target, Scrape] | CouldNotMeasure:
    """Give the newest whole scrape of each target of a group, or why there is none.

    Args:
        answers: Selector -> the series that it gave.
        ignore: Labels that tell apart no more than which Prometheus scraped, such as `replica`.
        interval: Seconds between scrapes.
    """
    newest = _newest(group, answers, ignore)
    if not newest:
        asked = " and ".join(group.leading)
        return CouldNotMeasure(
            Unmeasured.EMPTY, f"{group}: no series for {tame(asked)}; is its target up, its name right?"
        )
    absent = _unbelievable(group, answers)
    if absent is not None:
        return absent
    values: dict[Target, dict[Key, float]] = {target: {} for target in newest}
    named: dict[Target, dict[str | float, set[Key]]] = {target: {} for target in newest}
    for quantity, selectors in group.quantities.items():
        for series in (one for selector in selectors for one in answers[selector]):
            target = target_of(series)
            if target not in newest or _replica(series, ignore) != newest[target][1]:
                continue
            value = _value_at(series, newest[target][0], interval)
            if value is None:
                continue
            if not math.isfinite(value) or value < 0:
                return CouldNotMeasure(Unmeasured.NOT_A_NUMBER, f"{group}: {series} is {value}")
            name = _edge(series, group.unit) if quantity == "histogram" else quantity
            if name is None:
                return CouldNotMeasure(
                    Unmeasured.GARBAGE, f"{group}: {series} is no bucket of a histogram: le is {_le(series)!r}"
                )
            key = key_of(series, ignore)
            values[target][key] = value
            named[target].setdefault(name, set()).add(key)
    twice = _twice(values)
    if twice:
        return CouldNotMeasure(Unmeasured.GARBAGE, f"{group}: {twice}")
    return {
        target: Scrape(
            newest[target][0], values[target], {name: frozenset(keys) for name, keys in named[target].items()}
        )
        for target in newest
    }


def edges_of(group: Group, scrapes: Mapping[Target, Scrape]) -> frozenset[int] | CouldNotMeasure:
    """Give the edges, in milliseconds, that every histogram of a group has; or which needed one it lacks."""
    shared: set[float] | None = None
    for scrape in scrapes.values():
        found: dict[Key, set[str | float]] = {}
        for name, keys in scrape.named.items():
            for key in keys:
                if name == ALL or isinstance(name, float):
                    found.setdefault(tuple(pair for pair in key if pair[0] != "le"), set()).add(name)
        for edges in found.values():
            numbers = sorted(edge for edge in edges if isinstance(edge, float))
            for needed in (*NEEDED, ALL):
                if needed not in edges:
                    return _lacking(group, needed, numbers)
            shared = set(numbers) if shared is None else shared & set(numbers)
    return frozenset(NEEDED if shared is None else (edge for edge in EDGES if edge in shared))


def key_of(series: Series, ignore: frozenset[str]) -> Key:
    """Give what tells a series from others, whoever scraped it."""
    return tuple(sorted(pair for pair in series.labels.items() if pair[0] not in ignore))


def _newest(
    group: Group, answers: Mapping[str, Sequence[Series]], ignore: frozenset[str]
) -> dict[Target, tuple[float, Key]]:
    """Give target -> its newest whole scrape, and which replica of Prometheus has it."""
    moments: dict[Target, dict[Key, dict[str, float]]] = {}
    for selector in group.leading:
        for series in answers[selector]:
            of_selector = moments.setdefault(target_of(series), {}).setdefault(_replica(series, ignore), {})
            of_selector[selector] = max(of_selector.get(selector, 0.0), series.points[-1][0])
    return {
        target: max((min(of_selector.values()), replica) for replica, of_selector in replicas.items())
        for target, replicas in moments.items()
    }


def _replica(series: Series, ignore: frozenset[str]) -> Key:
    return tuple(sorted(pair for pair in series.labels.items() if pair[0] in ignore))


def _value_at(series: Series, at: float, interval: float) -> float | None:
    """Give the value at a scrape; None when the scrape no longer had the series."""
    for moment, value in reversed(series.points):
        if moment <= at:
            return value if moment > at - interval / 2 else None
    return None


def _le(series: Series) -> str | None:
    return series.labels.get("le")


def _edge(series: Series, unit: str) -> str | float | None:
    """Give the edge of a bucket in milliseconds, by its number and not by its text; None for no bucket."""
    try:
        edge = float(_le(series) or "")
    except ValueError:
        return None
    if math.isnan(edge) or edge < 0:
        return None
    return ALL if math.isinf(edge) else round(edge * FACTORS[unit], 6)


def _lacking(group: Group, needed: str | int, numbers: Sequence[float]) -> CouldNotMeasure:
    if needed == ALL:
        return CouldNotMeasure(Unmeasured.GARBAGE, f'{group}: a histogram without its bucket le="+Inf"')
    has = ", ".join(f"{edge:g}" for edge in numbers[:30]) or "none"
    closest = min(numbers, key=lambda edge: abs(edge - int(needed)), default=None)
    hint = f"; the nearest is {closest:g} ms" if closest is not None else ""
    other = "milliseconds" if group.unit == "seconds" else "seconds"
    scale = FACTORS[other] / FACTORS[group.unit]
    fits = any(abs(edge * scale - int(needed)) < 0.5 for edge in numbers)
    unit = f"; is its unit {other}?" if fits else ""
    return CouldNotMeasure(
        Unmeasured.GARBAGE, f"{group}: the histogram has no edge at {needed} ms, but at {has} (ms){hint}{unit}"
    )


def _twice(values: Mapping[Target, Mapping[Key, float]]) -> str:
    """Say which target is scraped by two jobs, so that each of its requests would count twice; "" for none."""
    seen: dict[Key, str] = {}
    for (job, instance), of_target in values.items():
        for key in of_target:
            without = tuple(pair for pair in key if pair[0] != "job")
            if instance and seen.setdefault(without, job) != job:
                return f"{instance} is scraped by two jobs, {seen[without]!r} and {job!r}: name one, as in job={job!r}"
    return ""


def _unbelievable(group: Group, answers: Mapping[str, Sequence[Series]]) -> CouldNotMeasure | None:
    """Say which following selector gave nothing where that can't be told from a wrong name; None for none.

    An error counter may be absent because there was no error yet. That is believed only when it is the
    requests' own counter, matched on labels that the requests do have.
    """
    seen = [series for selector in group.leading for series in answers[selector]]
    names = {_SUFFIX.sub("", series.labels.get("__name__", "")) for series in seen}
    labels = {label for series in seen for label in series.labels}
    labels |= {label for selector in group.leading if answers[selector] for label in labels_of(selector)}
    counted = any(answers[selector] for selector in group.quantities.get("requests", ()))
    of_route = [one for name in ("requests", "histogram") for one in group.quantities.get(name, ()) if group.route]
    for selector in (*of_route, *(group.following if counted else ())):
        if answers[selector]:
            continue
        if _SUFFIX.sub("", name_of(selector)) not in names:
            hint = "create its series at start, or count by a label of the requests' own counter"
            return CouldNotMeasure(
                Unmeasured.EMPTY, f"{group}: no series for {tame(selector)}, which may be none or a wrong name; {hint}"
            )
        for label in labels_of(selector):
            if label not in labels:
                return CouldNotMeasure(
                    Unmeasured.EMPTY,
                    f"{group}: {tame(selector)} matches on an unknown label {label!r}{nearest(label, labels)}",
                )
    return None
