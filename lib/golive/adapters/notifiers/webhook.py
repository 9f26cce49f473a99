"""Notices as JSON to a webhook."""

from __future__ import annotations

import os
from dataclasses import asdict

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from golive.core.errors import NotifyFailed
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Notice

DEADLINE = 5.0


class WebhookNotifier:
    """`golive.ports.Notifier`: the URL is a secret, so only its environment variable is named."""

    name = "webhook"

    class Settings(Part):
        """`url_variable` is the name of an environment variable that holds the URL."""

        url_variable: str

    @classmethod
    def made(cls, settings: Settings, around: Around) -> WebhookNotifier:
        """Give the notifier of that variable's URL."""
        return cls(settings.url_variable)

    def __init__(self, url_variable: str) -> None:
        self._variable = url_variable

    async def notify(self, notice: Notice) -> None:
        """Post the notice, twice if need be; NotifyFailed, without the URL, when both fail."""
        url = os.environ.get(self._variable)
        if not url:
            raise NotifyFailed(f"the environment variable {self._variable} is not set")
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(2),
                wait=wait_fixed(0.5),
                retry=retry_if_exception_type(httpx.HTTPError),
                reraise=True,
            ):
                with attempt:
                    async with httpx.AsyncClient(timeout=DEADLINE) as client:
                        answer = await client.post(url, json=asdict(notice))
                        answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise NotifyFailed(f"the webhook of {self._variable} answered {error.response.status_code}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotifyFailed(f"the webhook of {self._variable} did not answer: {type(error).__name__}") from None
