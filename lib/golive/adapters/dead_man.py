"""A dead man's switch outside: a URL that is called as long as the acting guard lives."""

from __future__ import annotations

import os

import httpx

from golive.adapters.bounded import fetch
from golive.core.errors import NotifyFailed
from golive.core.guarding import DeadManRule

DEADLINE = 5.0
LARGEST = 10_000


class UrlSwitch:
    """`golive.ports.DeadManSwitch`: the URL is a secret, so only its environment variable is named.

    Args:
        url_variable: Name of the environment variable that holds the URL, which is got with GET.
        deadline: Seconds that one call may take as a whole.
    """

    def __init__(self, url_variable: str, deadline: float = DEADLINE) -> None:
        self._variable, self._deadline = url_variable, deadline

    async def call(self) -> None:
        """Call the URL once; NotifyFailed, without the URL, when it does not answer with success."""
        url = os.environ.get(self._variable)
        if not url:
            raise NotifyFailed(f"the environment variable {self._variable} is not set")
        try:
            async with httpx.AsyncClient() as client:
                answer = await fetch(client, "GET", url, within=self._deadline, largest=LARGEST)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotifyFailed(f"the URL of {self._variable} did not answer: {type(error).__name__}") from None
        if not answer.is_success:
            raise NotifyFailed(f"the URL of {self._variable} answered {answer.status_code}")


def switch_of(rule: DeadManRule | None) -> UrlSwitch | None:
    """Give the switch that a plan asks for."""
    return UrlSwitch(rule.url_variable) if rule is not None else None
