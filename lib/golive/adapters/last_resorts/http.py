"""A call as the last resort: it makes the canary's health fail, so that whoever balances takes it out."""

from __future__ import annotations

import os
import shlex
from datetime import timedelta
from typing import Annotated, Literal

import httpx
from pydantic import AfterValidator

from golive.adapters.bounded import fetch
from golive.core.scalars import Part, PositiveDuration
from golive.drivers import Around
from golive.ports import Used


def _a_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("a URL was expected, for example 'http://canary.internal/admin/unhealthy'")
    return text


class HttpLastResort:
    """`golive.ports.LastResort`: one request; an answer of 2xx says that it worked."""

    name = "http"

    class Settings(Part):
        """What is asked, within which time; `token_variable` names an environment variable with a bearer token."""

        url: Annotated[str, AfterValidator(_a_url)]
        method: Literal["POST", "PUT", "DELETE"] = "POST"
        body: str = ""
        token_variable: str = ""
        within: PositiveDuration = timedelta(seconds=5)

    @classmethod
    def made(cls, settings: Settings, around: Around) -> HttpLastResort:
        """Give the last resort that makes this request."""
        return cls(settings)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def use(self, reason: str) -> Used:
        """Make the request."""
        wanted = self._settings
        within, what = wanted.within.total_seconds(), f"{wanted.method} {wanted.url}"[:200]
        token = os.environ.get(wanted.token_variable, "") if wanted.token_variable else ""
        if wanted.token_variable and not token:
            return Used(False, f"{what}: the environment variable {wanted.token_variable} is not set")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with httpx.AsyncClient(timeout=within) as client:
                content = wanted.body.encode()
                answer = await fetch(client, wanted.method, wanted.url, within=within, headers=headers, content=content)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Used(False, f"{what} did not answer: {type(error).__name__}")
        return Used(answer.is_success, f"{what} answered {answer.status_code}")

    def by_hand(self) -> str:
        """Give the request as a shell line; it takes the token from the environment."""
        wanted = self._settings
        token = f'-H "Authorization: Bearer ${wanted.token_variable}" ' if wanted.token_variable else ""
        body = f"-d {shlex.quote(wanted.body)} " if wanted.body else ""
        seconds = f"{wanted.within.total_seconds():g}"
        return f"curl -fsS -m {seconds} -X {wanted.method} {token}{body}{shlex.quote(wanted.url)}"
