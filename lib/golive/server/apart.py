"""Calls that may hang, each in a thread of its own: none of them keeps the server or another call waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Got = TypeVar("Got")


async def apart(call: Callable[[], Got], within: float) -> Got:
    """Give what `call` gives; a thread that hangs is left behind, and ends with the process.

    Raises:
        TimeoutError: If it gives nothing in so many seconds.
    """
    loop = asyncio.get_running_loop()
    came: asyncio.Future[Got] = loop.create_future()

    def settle(result: Got | None, error: BaseException | None) -> None:
        if came.done():
            return
        if error is not None:
            came.set_exception(error)
        else:
            came.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        try:
            result = call()
        except Exception as error:  # handed over to whoever waits
            said: tuple[Got | None, BaseException | None] = (None, error)
        else:
            said = (result, None)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *said)

    threading.Thread(target=work, daemon=True).start()
    async with asyncio.timeout(within):
        return await came
