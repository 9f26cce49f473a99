"""What HAProxy's runtime socket answers, read with distrust: bounded, and never an exception.

Columns and numbers are those of HAProxy's management guide (2.6): `show stat` is CSV under a header that begins
with `# `; `show servers state` has a version in its first line and names its columns in the second.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from golive.adapters.haproxy_socket import shown

MOST_ROWS = 10_000
STATE_VERSION = "1"
STATE_COLUMNS = ("be_name", "srv_name", "srv_addr", "srv_op_state", "srv_admin_state", "srv_uweight", "srv_port")
IN_MAINTENANCE = 0x23  # set by a person, inherited from a tracked server, or its name does not resolve
IN_DRAIN = 0x18  # set by a person, or inherited
TAKES_VISITORS = (1, 2)  # starting, running; not stopped, nor stopping
NUMBER = re.compile(r"\d{1,18}")
VARIABLE = re.compile(r"proc\.(\w+): type=str value=<([\x20-\x7e]{0,200})>")


@dataclass(frozen=True)
class Unreadable:
    """An answer that is not what was asked for; `why` is safe to show."""

    why: str


@dataclass(frozen=True)
class Server:
    """One server of one backend, as `show servers state` tells it."""

    backend: str
    name: str
    address: str
    weight: int
    admin: int
    operational: int

    @property
    def out(self) -> str:
        """Give "maintenance" or "drain" when its administrative state keeps visitors away, else ""."""
        if self.admin & IN_MAINTENANCE:
            return "maintenance"
        return "drain" if self.admin & IN_DRAIN else ""

    @property
    def takes(self) -> int:
        """Give the weight with which it takes visitors, as configured: 0 in maintenance and in drain."""
        return 0 if self.out else self.weight

    @property
    def down(self) -> bool:
        """Say whether HAProxy's own checks have taken it out."""
        return not self.out and self.operational not in TAKES_VISITORS


def servers_of(text: str) -> dict[tuple[str, str], Server] | Unreadable:
    """Give (backend, server) -> server of one `show servers state`."""
    version, _, rest = text.partition("\n")
    if version != STATE_VERSION or not rest.startswith("# "):
        return Unreadable(f"no servers' state in version {STATE_VERSION}, but {shown(text)!r}")
    header, *lines = rest.splitlines()
    place = {name: index for index, name in enumerate(header.removeprefix("# ").split())}
    missing = [name for name in STATE_COLUMNS if name not in place]
    if missing:
        return Unreadable(f"servers' state without the column {missing[0]}")
    if len(lines) > MOST_ROWS:
        return Unreadable(f"{len(lines)} servers, more than {MOST_ROWS}")
    found: dict[tuple[str, str], Server] = {}
    for line in filter(None, lines):
        cells = line.split()
        if len(cells) != len(place):
            return Unreadable(f"a server's line with {len(cells)} of {len(place)} columns: {shown(line)!r}")
        backend, name, address, *numbers, port = (cells[place[column]] for column in STATE_COLUMNS)
        if not all(NUMBER.fullmatch(number) for number in (*numbers, port)):
            return Unreadable(f"a server's line without numbers: {shown(line)!r}")
        operational, admin, weight = map(int, numbers)
        if (backend, name) in found:
            return Unreadable(f"two lines for {shown(backend)}/{shown(name)}")
        found[backend, name] = Server(backend, name, f"{address}:{port}", weight, admin, operational)
    return found


def stats_of(text: str) -> dict[tuple[str, str], Mapping[str, str]] | Unreadable:
    """Give (proxy, server) -> column -> text of one `show stat`."""
    if not text.startswith("# pxname,svname,"):
        return Unreadable(f"no statistics, but {shown(text)!r}")
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    try:
        for row in csv.DictReader(io.StringIO(text.removeprefix("# "), newline=""), restkey="", restval=""):
            if len(found) >= MOST_ROWS:
                return Unreadable(f"more than {MOST_ROWS} rows of statistics")
            key = (row["pxname"], row["svname"])
            if key in found:
                return Unreadable(f"two rows for {shown(key[0])}/{shown(key[1])}")
            found[key] = {name: value for name, value in row.items() if name}
    except csv.Error as error:
        return Unreadable(f"statistics that are no CSV: {error}")
    return found


def numbers_of(row: Mapping[str, str], columns: tuple[str, ...]) -> dict[str, int] | Unreadable:
    """Give the whole numbers in a row's columns; an empty cell is one that HAProxy does not count."""
    found: dict[str, int] = {}
    for column in columns:
        text = row.get(column, "")
        if not NUMBER.fullmatch(text):
            return Unreadable(f"{column} is {shown(text)!r}, not a count")
        found[column] = int(text)
    return found


def weight_of(text: str) -> tuple[int, int] | Unreadable:
    """Give (weight, weight in the configuration) of one `get weight`."""
    found = re.fullmatch(r"(\d{1,3}) \(initial (\d{1,3})\)\n+", text)
    return (int(found[1]), int(found[2])) if found else Unreadable(f"no weight, but {shown(text)!r}")


def variables_of(text: str) -> dict[str, str]:
    """Give name -> text of what one `get var proc.NAME` after another shows; without those that are no short text."""
    found = (VARIABLE.fullmatch(line) for line in text.split("\n"))
    return {one[1]: one[2] for one in found if one}
