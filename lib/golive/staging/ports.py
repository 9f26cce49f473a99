"""Loopback ports that nobody uses."""

from __future__ import annotations

import contextlib
import random
import socket

from golive.core.errors import WorldFailed

OURS = range(20_000, 32_768)  # below those that a system gives to whoever asks for any, and so to nobody by chance


def free(number: int) -> tuple[int, ...]:
    """Give as many different ports, free a moment ago: whoever binds one must be ready to see it taken.

    Raises:
        WorldFailed: If there are not so many.
    """
    found: list[int] = []
    with contextlib.ExitStack() as held:
        for port in random.sample(OURS, len(OURS)):
            one = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == number:
                return tuple(found)
    raise WorldFailed(
        f"of the loopback's ports {OURS[0]} to {OURS[-1]} only {len(found)} are free, and {number} are needed\n"
        "NEXT     ss -ltnp shows what holds them"
    )
