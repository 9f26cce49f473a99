"""Recorded samples, read back from CSV: what has a wrong form is an error with its line, before anything is judged.

What is in the form and can't be true (more failed than requests, a negative count, NaN) is no error
here: it is a fact about the recording, and whoever judges the samples says so.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from golive.core.digest import ROUTE_COUNTS, route_column
from golive.core.errors import SamplesWrong, nearest
from golive.core.judging.measures import measures_of
from golive.core.plan import Plan
from golive.core.samples import Gauges, Sample, Tally, Version

NEEDED = ("second", "version", "requests", "failed", "over_500ms", "over_1000ms")
OPTIONAL = ("client_errors", "limited", "phase", "share", "cpu", "memory", "seconds")
MOST_ROWS = 1_000_000
LONGEST_LINE = 20_000
SHOWN = 60
MOST_DIGITS = 15
VERSIONS = {version.value: version for version in Version}


@dataclass(frozen=True)
class Recorded:
    """What a recording holds.

    Attributes:
        samples: In the order of the file.
        columns: Names of the columns that it has.
    """

    samples: Sequence[Sample]
    columns: frozenset[str]

    def without(self, plan: Plan) -> tuple[str, ...]:
        """Give the criteria of a plan of which nothing was recorded."""
        lacking = [name for name in ("client_errors", "cpu", "memory") if name not in self.columns]
        for measure in measures_of(plan):
            needed = {route_column(measure.route, count) for count in ("requests", measure.kind)}
            if measure.route and not needed <= self.columns:
                lacking.append(measure.name)
        return tuple(lacking)


def of_samples(samples: Sequence[Sample]) -> Recorded:
    """Give samples that were never a file, as a guard's book keeps them, as a recording."""
    routes = {name for sample in samples for name in sample.routes}
    columns = {*NEEDED, *OPTIONAL, *(route_column(route, count) for route in routes for count in ROUTE_COUNTS)}
    return Recorded(samples, frozenset(columns))


def parse(lines: Iterable[str], file: str) -> Recorded:
    """Give the samples in the lines of a CSV.

    Raises:
        SamplesWrong: Naming file, line, column, value and what was expected.
    """
    reader = csv.reader(_plain(lines, file), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check(header, file)
        rows = _Rows(header, file)
        samples = [rows.sample(reader.line_num, cells) for cells in _bounded(reader, file) if cells]
    except csv.Error as error:
        raise SamplesWrong(f"{file}, line {reader.line_num}: no CSV: {error}\n{_next()}") from None
    if not samples:
        raise SamplesWrong(f"{file} has a header and no sample\n{_next()}")
    return Recorded(samples if "seconds" in header else _with_length(samples), frozenset(header))


def _plain(lines: Iterable[str], file: str) -> Iterator[str]:
    try:
        for number, line in enumerate(lines, 1):
            if "\0" in line or len(line) > LONGEST_LINE:
                what = "a NUL byte" if "\0" in line else f"{len(line)} characters"
                raise SamplesWrong(f"{file}, line {number}: {what}: text in lines was expected\n{_next()}")
            yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeDecodeError as error:
        raise SamplesWrong(
            f"{file} is no UTF-8 text (byte {error.object[error.start]:#04x}): a CSV was expected\n{_next()}"
        ) from None


def _bounded(rows: Iterable[list[str]], file: str) -> Iterator[list[str]]:
    for number, cells in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise SamplesWrong(
                f"{file} has more than {MOST_ROWS} samples\nNEXT     replay it in parts, each with the header line"
            )
        yield cells


def _check(header: Sequence[str], file: str) -> None:
    if not any(header):
        raise SamplesWrong(f"{file} is empty: a header was expected\n{_next()}")
    other = next((mark for mark in ";\t|" if mark in ",".join(header)), None)
    missing = [name for name in NEEDED if name not in header]
    if missing and other:
        raise SamplesWrong(f"{file}, line 1: columns are divided by {other!r}: ',' was expected\n{_next()}")
    if missing:
        named = ", ".join(repr(name[:SHOWN]) for name in header[:20])
        raise SamplesWrong(f"{file}, line 1: no column {', '.join(missing)} among {named[:400]}\n{_next()}")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise SamplesWrong(f"{file}, line 1: column {twice[:SHOWN]!r} stands twice\n{_next()}")


def _next() -> str:
    return f"NEXT     write a CSV with the columns {','.join(NEEDED)}"


class _Rows:
    """From the cells of one line to a sample."""

    def __init__(self, header: Sequence[str], file: str) -> None:
        self._file, self._width = file, len(header)
        self._at = {name: i for i, name in enumerate(header)}
        self._edges = [
            (int(name[5:-2]), i)
            for name, i in self._at.items()
            if name.startswith("over_") and name.endswith("ms") and name[5:-2].isdecimal()
        ]
        parts = [name.removesuffix(": requests") for name in header if name.endswith(": requests")]
        self._routes = [route for route in parts if route_column(route, "failed") in self._at]

    def sample(self, line: int, cells: Sequence[str]) -> Sample:
        """Give the sample of one line; its length is 0 when no column says it."""
        if len(cells) != self._width:
            raise SamplesWrong(f"{self._file}, line {line}: {len(cells)} cells: {self._width} were expected\n{_next()}")
        second = self._number(line, cells, "second")
        if second is None or not math.isfinite(second):
            raise self._wrong(line, "second", cells[self._at["second"]], "seconds as a plain number")
        tally = Tally(
            self._count(line, cells, "requests"),
            self._count(line, cells, "failed"),
            self._count(line, cells, "client_errors") if "client_errors" in self._at else 0,
            self._count(line, cells, "limited") if "limited" in self._at else 0,
            {edge: self._count(line, cells, at) for edge, at in self._edges},
        )
        return Sample(
            second,
            second,
            self._length(line, cells),
            self._version(line, cells),
            tally,
            Gauges(self._gauge(line, cells, "cpu"), self._gauge(line, cells, "memory")),
            cells[self._at["phase"]].strip() if "phase" in self._at else "",
            self._share(line, cells),
            self._parts(line, cells) if self._routes else {},
        )

    def _version(self, line: int, cells: Sequence[str]) -> Version:
        name = cells[self._at["version"]].strip()
        if name not in VERSIONS:
            raise self._wrong(line, "version", name, f"'stable' or 'canary'{nearest(name, VERSIONS)}")
        return VERSIONS[name]

    def _parts(self, line: int, cells: Sequence[str]) -> dict[str, Tally]:
        found = {}
        for route in self._routes:
            requests, failed, slow = (route_column(route, count) for count in ROUTE_COUNTS)
            if cells[self._at[requests]]:
                over = {1000: self._count(line, cells, slow)} if slow in self._at else {}
                found[route] = Tally(self._count(line, cells, requests), self._count(line, cells, failed), over=over)
        return found

    def _length(self, line: int, cells: Sequence[str]) -> float:
        if "seconds" not in self._at:
            return 0.0
        length = self._number(line, cells, "seconds")
        if length is None or not 0 < length < math.inf:
            raise self._wrong(line, "seconds", cells[self._at["seconds"]], "the length of the stretch, above 0")
        return length

    def _share(self, line: int, cells: Sequence[str]) -> float | None:
        share = self._number(line, cells, "share")
        if share is not None and not 0 <= share <= 1:
            raise self._wrong(line, "share", cells[self._at["share"]], "a share from 0 to 1, or nothing")
        return share

    def _gauge(self, line: int, cells: Sequence[str], column: str) -> float | None:
        value = self._number(line, cells, column)
        return value if value is not None and 0 <= value < math.inf else None

    def _count(self, line: int, cells: Sequence[str], column: str | int) -> int:
        text = cells[column if isinstance(column, int) else self._at[column]]
        if text.isdigit() and text.isascii() and len(text) < MOST_DIGITS:
            return int(text)
        name = column if isinstance(column, str) else next(n for n, at in self._at.items() if at == column)
        value = self._number(line, cells, name)
        if value is None or not abs(value) < 10**MOST_DIGITS:
            # no count at all: it is a fact about the recording, which the flaw of the tally names when it is judged
            return math.nan if value is None or math.isnan(value) else math.inf  # type: ignore[return-value]
        if not value.is_integer():
            raise self._wrong(line, name, text, "a whole number: a count, not a rate")
        return int(value)

    def _number(self, line: int, cells: Sequence[str], column: str) -> float | None:
        """Give the number in a cell; None when it is empty, or nobody has written the column."""
        text = cells[self._at[column]].strip() if column in self._at else ""
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise self._wrong(line, column, text, "a number") from None

    def _wrong(self, line: int, column: str, value: str, expected: str) -> SamplesWrong:
        said = f"{self._file}, line {line}, column {column[:SHOWN]}: {value[:SHOWN]!r}: {expected} was expected"
        return SamplesWrong(f"{said}\nNEXT     mend line {line}, or leave it out")


def _with_length(samples: Sequence[Sample]) -> list[Sample]:
    """Give each sample the length that most steps between a version's rows have; 1 s when there is no step."""
    newest: dict[Version, float] = {}
    steps: Counter[float] = Counter()
    for sample in samples:
        if sample.version in newest and sample.second > newest[sample.version]:
            steps[round(sample.second - newest[sample.version], 3)] += 1
        newest[sample.version] = sample.second
    length = steps.most_common(1)[0][0] if steps else 1.0
    return [replace(sample, seconds=length) for sample in samples]
