"""The commands that move visitors in HAProxy: which, and in which order. Pure text.

Two rules hold everywhere: what rises comes first and what sinks comes second, so that never both weights are 0 and
visitors always have a server; and weights are whole numbers, never a percentage, which HAProxy would take of the
weight in its configuration and round down.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from golive.adapters.haproxy_answers import Server
from golive.adapters.haproxy_socket import Address
from golive.adapters.routers.haproxy_weights import PARTS, Weights


@dataclass(frozen=True)
class Pair:
    """Stable and canary of one backend in one process, as they were read."""

    stable: Server
    canary: Server

    @property
    def share(self) -> float | None:
        """The visitors' share on the canary, 0 to 1; None when neither takes visitors."""
        total = self.stable.takes + self.canary.takes
        return self.canary.takes / total if total else None

    @property
    def weights(self) -> Weights:
        """Their weights, whatever keeps visitors away besides."""
        return Weights(self.stable.weight, self.canary.weight)


def forward(pair: Pair, to: Weights, sticky: bool) -> list[str]:
    """Give what moves a backend to `to`; takes the canary out of maintenance only if it was read to be in it.

    A rollback that comes in between has put the canary into maintenance, and stands: weights alone do not end that.
    With sticky cookies a weight of 0 moves no holder of one, so 0 is maintenance too.
    """
    rising, sinking = _moves(pair, pair.weights, to)
    canary = f"set server {pair.canary.backend}/{pair.canary.name}"
    held = [f"{canary} state maint"] if sticky and not to.canary else []
    if not pair.canary.out:
        return [*rising, *sinking, *held]
    weight = f"{canary} weight {to.canary}"  # while it is out its weight moves nobody: it is right before it takes any
    ready = [f"{canary} state ready"] if to.canary else []
    return [weight, *_without(rising, weight), *ready, *_without(sinking, weight), *held]


def undo(pair: Pair, attempted: Weights) -> list[str]:
    """Give what brings a backend back from `attempted` to how it was read."""
    rising, sinking = _moves(pair, attempted, pair.weights)
    state = {"maintenance": "maint", "drain": "drain"}.get(pair.canary.out)
    held = [f"set server {pair.canary.backend}/{pair.canary.name} state {state}"] if state else []
    return [*rising, *held, *sinking]


def back(backend: str, stable: str, canary: str) -> list[str]:
    """Give what sends every visitor of a backend to stable, holders of the canary's sticky cookies too.

    Only maintenance moves those. Stable is put in service first, so that nobody is left without a server.
    """
    return [
        f"set server {backend}/{stable} state ready",
        f"set server {backend}/{stable} weight {PARTS}",
        f"set server {backend}/{canary} state maint",
        f"set server {backend}/{canary} weight 0",
    ]


def claim(variable: str, whose: str, expect: str) -> list[str]:
    """Give what makes a variable of the process `whose`, if it still is `expect` (or, for "-", was never set).

    One command compares and sets. The socket lets a variable be set in its experimental mode alone, which holds for
    the connection.
    """
    before = re.sub(r"([.])", r"[\1]", expect)
    value = f"var(proc.{variable},-),regsub(^{before}$,{whose})"
    return ["experimental-mode on", f"set var proc.{variable} {value}"]


def by_hand(address: Address, backend: str, stable: str, canary: str) -> str:
    """Give the shell lines that do `back` and show what came of it, with socat or with nc."""
    socat, nc = _through(address)
    done = shlex.quote("; ".join(back(backend, stable, canary)))
    seen = shlex.quote(f"show servers state {backend}")
    return "\n".join(
        (
            f"# {backend} at {address}: an empty answer is success; then {canary} has srv_admin_state above 0",
            f"echo {done} | {socat}",
            f"echo {seen} | {socat}",
            f"# without socat: echo {done} | {nc}",
        )
    )


def _moves(pair: Pair, now: Weights, to: Weights) -> tuple[list[str], list[str]]:
    rising: list[str] = []
    sinking: list[str] = []
    for server, before, after in ((pair.canary, now.canary, to.canary), (pair.stable, now.stable, to.stable)):
        command = f"set server {server.backend}/{server.name} weight {after}"
        (rising if after > before else sinking).append(command)
    return rising, sinking


def _without(commands: list[str], one: str) -> list[str]:
    return [command for command in commands if command != one]


def _through(address: Address) -> tuple[str, str]:
    if address.path:
        return f"socat stdio {shlex.quote(f'UNIX-CONNECT:{address.path}')}", f"nc -U {shlex.quote(address.path)}"
    return f"socat stdio TCP:{address}", f"nc {address.host} {address.port}"
