"""How a check asks a site or an endpoint: marked as ours, bounded in time and size, without following it anywhere."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import jsonpointer

from golive.adapters.bounded import TooLarge, fetch, trusted
from golive.adapters.checks.run import Look, Saw, Scene, Unseen
from golive.adapters.reports.reading import Report, ReportTrouble, json_of, report_at
from golive.core.plain import plain

OURS = {"X-Golive-Ours": "check"}
WITHIN = 3.0
LARGEST = 1_000_000
TRIES = 5


class Site:
    """Asks one site. What comes is whole and at most 1 MB; what does not come is a ReportTrouble with the address."""

    def __init__(self, url: str, within: float = WITHIN) -> None:
        self._url, self._within = url.rstrip("/"), within

    async def ask(
        self,
        path: str,
        verb: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        kept: Sequence[str] = ("content-type", "retry-after"),
        tries: int = 1,
    ) -> httpx.Response:
        """Give an answer; of several tries the first that is no failure of the server, else the last.

        Raises:
            ReportTrouble: If none came.
        """
        address = path if "://" in path else self._url + path
        sent = {**OURS, **(headers or {})}
        for left in range(tries - 1, -1, -1):
            try:
                async with httpx.AsyncClient(timeout=self._within, verify=trusted()) as client:
                    answer = await fetch(
                        client,
                        verb,
                        address,
                        within=self._within,
                        largest=LARGEST,
                        headers=sent,
                        json=json,
                        content=content,
                        kept=kept,
                    )
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                if left:
                    continue
                said = plain(error, 120) or type(error).__name__
                then = "see what answers there" if isinstance(error, TooLarge) else "see whether it answers from here"
                raise ReportTrouble(f"{plain(address, 120)}: {said}", then) from error
            if answer.status_code < 500 or not left:
                return answer
        raise ReportTrouble(f"{plain(address, 120)} was not asked", "let the line try at least once")


def json_in(answer: httpx.Response, status: int = 200) -> Any:
    """Give the JSON in an answer of that status.

    Raises:
        ReportTrouble: If it has another status, or no JSON.
    """
    address = plain(answer.request.url, 120)
    if answer.status_code != status:
        raise ReportTrouble(f"{address} answered {answer.status_code}", "see what it says when you ask it by hand")
    if not answer.content.strip():
        raise ReportTrouble(f"{address} answered nothing", "see what it says when you ask it by hand")
    return json_of(Report(address, answer.content))


async def json_at(address: str, base: Path) -> Any:
    """Give the JSON of an endpoint, or of a file (from `base` on): 1 MB at most.

    Raises:
        ReportTrouble: If there is none.
    """
    if "://" in address:
        return json_in(await Site("").ask(address, tries=2))
    return json_of(await report_at(address, base, largest=LARGEST))


def at(data: Any, pointer: str) -> Any:
    """Give what stands at a JSON pointer (RFC 6901).

    Raises:
        ReportTrouble: If nothing does.
    """
    try:
        return jsonpointer.resolve_pointer(data, pointer)
    except (jsonpointer.JsonPointerException, TypeError) as error:
        raise ReportTrouble(f"its JSON has no {plain(pointer, 60)}", "mend the pointer of this line") from error


def text_at(data: Any, pointer: str) -> str:
    """Give the value at a JSON pointer as a plan writes it, "not there" where nothing stands."""
    try:
        return shown(at(data, pointer)).strip('"')
    except ReportTrouble:
        return "not there"


def shown(value: Any) -> str:
    """Give a JSON value as a short text."""
    return plain(json.dumps(value, ensure_ascii=False), 60)


def measuring(expected: str) -> Callable[[Callable[[Scene, Any], Awaitable[Saw | Unseen]]], Look]:
    """Let what keeps a check from reading an answer be *could not measure*, `expected` being what it had in mind."""

    def wrap(look: Callable[[Scene, Any], Awaitable[Saw | Unseen]]) -> Look:
        async def looked(scene: Scene, settings: Any) -> Saw | Unseen:
            try:
                return await look(scene, settings)
            except ReportTrouble as trouble:
                return Unseen(expected, trouble.why, trouble.then)

        return looked

    return wrap
