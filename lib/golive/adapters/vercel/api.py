"""Calls to Vercel's REST API: one at a time each bounded in time, in size and in number, and none with a secret in it.

Bodies of errors and `limit.resetMs` of a 429 are as in vercel.com/docs/rest-api/errors. Limits are Vercel's for each
endpoint, so one that says 429 is left alone for as long as it asks, and the others are not.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from golive.adapters.bounded import TooLarge, fetch
from golive.adapters.vercel.account import Account
from golive.adapters.vercel.trouble import Kind, Trouble, of_status
from golive.core.skew import told_by
from golive.ports import Clock

READ_WITHIN = 0.8
WRITE_WITHIN = 1.5
LARGEST = 2_000_000
LONGEST_REFUSAL = 2000
LONGEST_WAIT, SHORTEST_WAIT, UNSAID_WAIT = 120.0, 0.2, 5.0
MINUTE = 60.0
IDENTIFIERS = re.compile(r"/(?:dpl|prj|team)_[^/]+")
Model = TypeVar("Model", bound=BaseModel)


class Api:
    """One account's calls. Trouble is a value; `sent` counts requests by method and endpoint, `skew` is by how many
    seconds Vercel's clock is ahead of ours, None until an answer has told.

    Args:
        account: Whose, and where.
        clock: For the minute in which requests are counted, and for how long a limited endpoint is left alone.
    """

    def __init__(self, account: Account, clock: Clock) -> None:
        self.account = account
        self.sent: Counter[str] = Counter()
        self.skew: float | None = None
        self._clock = clock
        self._minute: deque[float] = deque()
        self._not_before: dict[str, float] = {}
        self._client: httpx.AsyncClient | None = None

    async def get(
        self, model: type[Model], path: str, within: float = READ_WITHIN, urgent: bool = False, **query: str
    ) -> Model | Trouble:
        """Read; what is `urgent` is counted among the requests a minute, and never held back by them."""
        content = await self._call("GET", path, query, None, within, urgent)
        return content if isinstance(content, Trouble) else _understood(model, f"GET {path}", content)

    async def send(
        self, verb: str, path: str, body: Any = None, within: float = WRITE_WITHIN, **query: str
    ) -> bytes | Trouble:
        """Change something; never held back by our own limit. Gives what was answered."""
        return await self._call(verb, path, query, body, within)

    async def ask(
        self, model: type[Model], verb: str, path: str, body: Any = None, within: float = WRITE_WITHIN, **query: str
    ) -> Model | Trouble:
        """Change something, or ask with a body, and understand the answer.

        What was answered but not understood may have been done (`maybe_done`).
        """
        content = await self._call(verb, path, query, body, within)
        if isinstance(content, Trouble):
            return content
        said = _understood(model, f"{verb} {path}", content)
        return said if not isinstance(said, Trouble) else Trouble(said.kind, said.why, 200, maybe_done=True)

    @asynccontextmanager
    async def lines(
        self, path: str, quiet: float = READ_WITHIN, **query: str
    ) -> AsyncIterator[httpx.Response | Trouble]:
        """Open a stream of lines, which may say nothing for `quiet` seconds; who reads it bounds how much of it.

        Raises:
            httpx.HTTPError: To who reads, when a stream that was open breaks off or stays silent.
        """
        what, opened = f"GET {path}", False
        told = self._before(what, urgent=False)
        if isinstance(told, Trouble):
            yield told
            return
        timeout = httpx.Timeout(READ_WITHIN, read=quiet)
        try:
            async with (
                asyncio.timeout(READ_WITHIN) as opening,
                self._open().stream(
                    "GET", self._url(path), params=self._query(path, query), headers=told, timeout=timeout
                ) as answer,
            ):
                refusal = None if answer.status_code == 200 else await self._refusal(what, answer)
                opening.reschedule(None)
                opened = True
                yield refusal or answer
        except (httpx.HTTPError, TimeoutError) as error:
            if opened:
                raise
            yield Trouble(Kind.NO_ANSWER, f"{what}: {Kind.NO_ANSWER}: {type(error).__name__}")

    async def _refusal(self, what: str, answer: httpx.Response) -> Trouble:
        content = b""
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > LONGEST_REFUSAL:
                break
        return self._refused(what, answer, content)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _call(
        self, verb: str, path: str, query: Mapping[str, str], body: Any, within: float, urgent: bool = True
    ) -> bytes | Trouble:
        what = f"{verb} {path}"
        told = self._before(what, urgent)
        if isinstance(told, Trouble):
            return told
        url = httpx.URL(self._url(path), params=self._query(path, query))
        sent = self._clock.now().timestamp()
        try:
            answer = await fetch(self._open(), verb, str(url), within=within, largest=LARGEST, headers=told, json=body)
        except TooLarge as error:
            return Trouble(Kind.GARBAGE, f"{what}: {Kind.GARBAGE}: {error}", maybe_done=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Trouble(Kind.NO_ANSWER, f"{what}: {Kind.NO_ANSWER}: {type(error).__name__}")
        except httpx.TimeoutException:
            why = f"{what}: {Kind.NO_ANSWER} whole in {within:g} s"
            return Trouble(Kind.NO_ANSWER, why, maybe_done=True)
        except httpx.HTTPError as error:
            why = f"{what}: {Kind.NO_ANSWER}: the connection was cut ({type(error).__name__})"
            return Trouble(Kind.NO_ANSWER, why, maybe_done=True)
        _, self.skew = told_by(answer.headers.get("date", ""), sent, self._clock.now().timestamp())
        if answer.is_success:
            return answer.content
        return self._refused(what, answer, answer.content)

    def _before(self, what: str, urgent: bool) -> dict[str, str] | Trouble:
        """Give the headers of a call that may be made now, and count it; Trouble when it may not."""
        name = self.account.token_variable
        token = os.environ.get(name, "")
        if not token:
            return Trouble(Kind.NO_TOKEN, f"{what}: not asked, the environment variable {name} is empty: export it")
        if not (token.isascii() and token.isprintable()):
            return Trouble(Kind.NO_TOKEN, f"{what}: not asked, what {name} holds is no token: export it anew")
        now, place = self._clock.monotonic(), _endpoint(what)
        left = self._not_before.get(place, now) - now
        if left > 0:
            return Trouble(Kind.LIMITED, f"{what}: {Kind.LIMITED}; not asked for another {left:.1f} s", 429, left)
        while self._minute and self._minute[0] <= now - MINUTE:
            self._minute.popleft()
        if not urgent and len(self._minute) >= self.account.requests_per_minute:
            left = self._minute[0] + MINUTE - now
            why = f"{what}: {Kind.HELD_BACK} ({self.account.requests_per_minute}); the next in {left:.1f} s"
            return Trouble(Kind.HELD_BACK, why, wait=left)
        self._minute.append(now)
        self.sent[place] += 1
        return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def _refused(self, what: str, answer: httpx.Response, content: bytes) -> Trouble:
        wait = 0.0
        if answer.status_code == 429:
            wait = _wait(answer.headers, content, self._clock.now().timestamp())
            self._not_before[_endpoint(what)] = self._clock.monotonic() + wait
        trouble = of_status(answer.status_code, what, content, wait)
        token = os.environ.get(self.account.token_variable, "")
        hidden = trouble.why.replace(token, "[the token]") if token else trouble.why
        return Trouble(trouble.kind, hidden, trouble.status, trouble.wait, trouble.maybe_done)

    def _url(self, path: str) -> str:
        return self.account.api + quote(path, safe="/")

    def _query(self, path: str, query: Mapping[str, str]) -> dict[str, str]:
        """Give the query with the team, without which a call goes to the token's own account."""
        of_the_token = path.startswith(("/v2/user", "/v2/teams/"))
        return {**query, **({"teamId": self.account.team} if self.account.team and not of_the_token else {})}

    def _open(self) -> httpx.AsyncClient:
        """Give the client; no proxy stands between this machine and itself, and no redirect is followed."""
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=not self.account.rehearses, follow_redirects=False)
        return self._client


def _endpoint(what: str) -> str:
    return IDENTIFIERS.sub("/…", what)


def _understood(model: type[Model], what: str, content: bytes) -> Model | Trouble:
    try:
        return model.model_validate(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        return Trouble(Kind.GARBAGE, f"{what}: {Kind.GARBAGE}: {place[:80]}: {str(first['msg'])[:100]}", 200)
    except (ValueError, RecursionError):
        return Trouble(Kind.GARBAGE, f"{what}: {Kind.GARBAGE}: no JSON", 200)


def _wait(headers: Mapping[str, str], content: bytes, now: float) -> float:
    """Give the seconds that a 429 asks to wait: `Retry-After`, or until `error.limit.resetMs`; within reason."""
    wait = UNSAID_WAIT
    if re.fullmatch(r"\d{1,6}", headers.get("retry-after", "")):
        wait = float(headers["retry-after"])
    else:
        with suppress(ValueError, KeyError, TypeError, OverflowError, RecursionError):
            wait = float(json.loads(content)["error"]["limit"]["resetMs"]) / 1000 - now
    return min(LONGEST_WAIT, max(SHORTEST_WAIT, wait)) if wait == wait else UNSAID_WAIT
