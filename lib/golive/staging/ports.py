"""Loopback ports that nobody uses."""

from __future__ import annotations

import socket
from contextlib import ExitStack


def free(number: int) -> tuple[int, ...]:
    """Give as many different ports, free a moment ago: whoever binds one must be ready to see it taken."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(int(one.getsockname()[1]) for one in sockets)
