"""A report's bytes, from a file or an address, bounded; and the JSON or XML in them, with every surprise said."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from xml.etree.ElementTree import Element, ParseError

import defusedxml
import defusedxml.ElementTree
import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from golive.adapters.bounded import TooLarge, fetch, trusted
from golive.adapters.files import FileTrouble, read_bounded
from golive.core.plain import plain

LARGEST = 20_000_000
WITHIN = 8.0
MOST_REDIRECTS = 5
SHOWN = 120
DEEPEST = 200
OURS = {"X-Golive-Ours": "check"}
Model = TypeVar("Model", bound=BaseModel)


class ReportTrouble(Exception):
    """A report can't be read: why, as a clause, and the next thing to do. It could not be measured."""

    def __init__(self, why: str, then: str = "") -> None:
        self.why, self.then = why, then
        super().__init__(why)


class Loose(BaseModel):
    """A part of somebody else's document: what is not named here is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True)
class Report:
    """A report as it came: where from, its bytes, and their SHA-256."""

    address: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


async def report_at(address: str, base: Path, within: float = WITHIN, *, largest: int = LARGEST) -> Report:
    """Give the report at a path (from `base` on) or at an http(s) address.

    Raises:
        ReportTrouble: If there is none, it is empty, has more than `largest` bytes, or did not come in time.
    """
    content = await (_fetched(address, within, largest) if "://" in address else _read(address, base, largest))
    shown = plain(address, SHOWN)
    if not content.strip():
        raise ReportTrouble(f"{shown} is empty", "run the tool again, and see why it wrote nothing")
    return Report(shown, content)


async def _read(address: str, base: Path, largest: int) -> bytes:
    try:
        return await asyncio.to_thread(read_bounded, base / Path(address).expanduser(), largest)
    except FileTrouble as error:
        raise ReportTrouble(f"{plain(address, SHOWN)}: {error}", "put the report there") from error


async def _fetched(address: str, within: float, largest: int) -> bytes:
    shown = plain(address, SHOWN)
    try:
        async with httpx.AsyncClient(
            follow_redirects=True, max_redirects=MOST_REDIRECTS, headers=OURS, timeout=within, verify=trusted()
        ) as client:
            answer = await fetch(client, "GET", address, within=within, largest=largest)
    except TooLarge as error:
        raise ReportTrouble(f"{shown}: {error}", "see what answers there: a report is smaller") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        said = plain(error, 150) or type(error).__name__
        raise ReportTrouble(f"{shown}: {said}", "see whether the address answers from here") from error
    if answer.status_code != 200:
        raise ReportTrouble(f"{shown} answered {answer.status_code}", "see whether the report was published there")
    return answer.content


def json_of(report: Report) -> Any:
    """Give the JSON in a report.

    Raises:
        ReportTrouble: If it is cut off, is no JSON or no UTF-8, names a key twice, or nests too deeply.
    """
    try:
        text = report.content.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ReportTrouble(f"{report.address} is no text in UTF-8 (byte {error.start})", _again()) from error
    except RecursionError as error:
        raise ReportTrouble(f"{report.address} nests too deeply", _again()) from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or "Unterminated" in error.msg
        what = "is cut off before its end" if cut else f"is no JSON: {error.msg} at line {error.lineno}"
        raise ReportTrouble(f"{report.address} {what}", _again()) from error
    except ValueError as error:
        raise ReportTrouble(f"{report.address} is no JSON: {plain(error, 100)}", _again()) from error


def model_of(model: type[Model], data: Any, report: Report, dialect: str) -> Model:
    """Give a document as the model of its dialect.

    Raises:
        ReportTrouble: Naming the first place that is not as the dialect has it.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = plain(".".join(map(str, first["loc"])), 80) or "the whole"
        raise ReportTrouble(f"{report.address} is no {dialect}: {place}: {first['msg']}", _dialect(dialect)) from error
    except RecursionError as error:
        raise ReportTrouble(f"{report.address} nests too deeply", _again()) from error


def xml_of(report: Report) -> Element:
    """Give the root of the XML in a report.

    Raises:
        ReportTrouble: If it is cut off or no XML, or has a DTD or entities, which no report needs.
    """
    try:
        root: Element = defusedxml.ElementTree.fromstring(report.content, forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        why = f"{report.address} has a DTD or entities ({type(error).__name__}): it is not read"
        raise ReportTrouble(why, "find out who wrote it: no test runner does") from error
    except ParseError as error:
        cut = error.code in (3, 5)  # expat: no element found, unclosed token
        what = "is cut off before its end" if cut else f"is no XML: {plain(error, 100)}"
        raise ReportTrouble(f"{report.address} {what}", _again()) from error
    except (ValueError, LookupError) as error:
        raise ReportTrouble(f"{report.address} is no XML: {plain(error, 100)}", _again()) from error
    if _deeper_than(root, DEEPEST):
        raise ReportTrouble(f"{report.address} nests more than {DEEPEST} elements deep", _again())
    return root


def is_xml(report: Report) -> bool:
    """Say whether a report begins as XML does."""
    return report.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def other_dialect(report: Report, expected: Sequence[str]) -> NoReturn:
    """Raise ReportTrouble: the report is well-formed and of none of the dialects that are read here."""
    names = " or ".join(expected)
    raise ReportTrouble(f"{report.address} is no {names}", _dialect(names))


def _deeper_than(root: Element, depth: int) -> bool:
    level = [root]
    for _ in range(depth):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f"the key {plain(twice, 40)!r} stands twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _again() -> str:
    return "run the tool again, and take the whole file that it wrote"


def _dialect(name: str) -> str:
    return f"let the tool write {name}"
