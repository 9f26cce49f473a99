"""Ports on loopback for what is told which to take: two tests never get the same, nor does who takes any that is free.

A server of a test ends within `BRIEF` of being told to, whatever it still answers: with 0 aiohttp waits for that.
"""

from __future__ import annotations

import itertools
import os
import random
import socket

FIRST, EACH, WORKERS = 12_000, 1_000, 8  # below those that the system gives out; each worker of pytest has its own
BRIEF = 0.1


def _stretch() -> range:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    return range(FIRST + worker * EACH, FIRST + (worker + 1) * EACH)


def _round() -> itertools.cycle[int]:
    stretch = _stretch()
    begun = random.randrange(len(stretch))  # beside another run of the tests, or soon after one
    return itertools.cycle([*stretch[begun:], *stretch[:begun]])


_next = _round()


def free_port() -> int:
    """Give a port of the loopback that nobody has just now."""
    return next(port for port in itertools.islice(_next, EACH) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
