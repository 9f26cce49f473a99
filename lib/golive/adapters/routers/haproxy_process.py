"""One HAProxy process as the router driver sees it: what stands in it, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from golive.adapters.haproxy_answers import Server, Unreadable, servers_of, variables_of
from golive.adapters.haproxy_socket import HaproxySocket, NoAnswer, shown
from golive.adapters.routers.haproxy_commands import Pair
from golive.core.errors import nearest
from golive.ports import Refused, Unknown

TOKEN, CLAIM = "golive_token", "golive_claim"
NOBODY = "-"  # what the claim holds once somebody has given it back: a variable of HAProxy's can't be taken away


@dataclass(frozen=True)
class Names:
    """What the plan calls the parts of HAProxy's configuration.

    `besides` are servers that take no part in the split, such as a backup that shows a sorry page.
    """

    backends: tuple[str, ...]
    stable: str
    canary: str
    besides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """What stands in one process: a pair for each backend, and its token and its claim ("" for none)."""

    process: str
    pairs: tuple[Pair, ...]
    token: str
    claim: str

    def __str__(self) -> str:
        shares = (f"{pair.canary.backend} {_percent(pair.share)}" for pair in self.pairs)
        return f"{self.process} has the canary at {', '.join(shares)}"


class HaproxyProcess:
    """One process behind one runtime socket."""

    def __init__(self, socket: HaproxySocket, names: Names) -> None:
        self.socket, self._names = socket, names
        self.name = str(socket.address)

    async def read(self) -> Standing | Unknown | Refused:
        """Give what stands; Refused when the plan names what this HAProxy does not have."""
        backends = self._names.backends
        asked = (f"get var proc.{name}" for name in (TOKEN, CLAIM))
        answer = await self.socket.ask(*(f"show servers state {one}" for one in backends), *asked)
        if isinstance(answer, NoAnswer):
            return Unknown(answer.text)
        *answers, rest = [*answer.split("\n\n", len(backends)), ""][: len(backends) + 1]
        pairs: list[Pair] = []
        for backend, text in zip(backends, answers, strict=False):
            if text.strip() == "Can't find backend.":
                return await self._no_such_backend(backend)
            servers = servers_of(text)
            if isinstance(servers, Unreadable):
                return Unknown(f"{self.name} answered {servers.why}")
            pair = self._pair(backend, servers)
            if not isinstance(pair, Pair):
                return pair
            pairs.append(pair)
        if len(pairs) < len(backends):
            return Unknown(f"{self.name} answered {len(pairs)} of {len(backends)} questions")
        variables = variables_of(rest)
        claim = variables.get(CLAIM, "")
        return Standing(self.name, tuple(pairs), variables.get(TOKEN, ""), "" if claim == NOBODY else claim)

    async def change(self, commands: Sequence[str]) -> Unknown | Refused | None:
        """Send commands; None when HAProxy says that it did them all."""
        answer = await self.socket.change(commands)
        if isinstance(answer, NoAnswer):
            return Unknown(answer.text) if answer.reached else Refused(answer.text)
        if not answer:
            return None
        hint = ": the socket needs `level admin`" if "Permission denied" in answer else ""
        return Refused(f"{self.name} said {answer!r}{hint}")

    def _pair(self, backend: str, servers: Mapping[tuple[str, str], Server]) -> Pair | Unknown | Refused:
        names = self._names
        for name in (names.stable, names.canary):
            if (backend, name) not in servers:
                known = nearest(name, [shown(server) for _, server in servers])
                return Refused(f"{self.name}: backend {backend} has no server {name!r}{known}")
        for (_, name), server in servers.items():
            if name not in (names.stable, names.canary, *names.besides) and server.takes:
                return Unknown(
                    f"{self.name}: backend {backend} also sends visitors to {shown(name)} (weight {server.weight}), "
                    "which this plan does not know: list it under besides if it is a backup, else take it out"
                )
        return Pair(servers[backend, names.stable], servers[backend, names.canary])

    async def _no_such_backend(self, backend: str) -> Refused:
        answer = await self.socket.ask("show backend")
        lines = answer.splitlines() if isinstance(answer, str) else []
        known = [shown(line) for line in lines if line.strip() and not line.startswith("#")]
        return Refused(f"{self.name} has no backend {backend!r}{nearest(backend, known)}")


def doubtful(standing: Standing) -> str:
    """Say why what stands in a process is no split, or "" when it is one."""
    for pair in standing.pairs:
        where = f"{standing.process}: backend {pair.stable.backend}"
        if pair.share is None:
            how = f"stable {_how(pair.stable)}, canary {_how(pair.canary)}"
            return f"{where} sends nobody anywhere ({how}): visitors get 503; give stable a weight and state ready"
        if pair.canary.takes and pair.stable.takes and pair.stable.down:
            return f"{where}: HAProxy's checks find {pair.stable.name} down, so every visitor goes to the canary"
        if pair.share != standing.pairs[0].share:
            return f"{standing}: the backends of one site must have one split"
    return ""


def unfit(standing: Standing, share: float) -> str:
    """Say why a process can't be moved to `share`, or "" when it can."""
    for pair in standing.pairs:
        where = f"{standing.process}: backend {pair.stable.backend}"
        if share < 1 and pair.stable.out:
            command = f"set server {pair.stable.backend}/{pair.stable.name} state ready"
            return f"{where}: stable is in {pair.stable.out}; end that first: {command}"
        if 0 < share < 1 and pair.stable.down:
            return f"{where}: HAProxy's checks find stable down: every visitor would go to the canary"
        if share > (pair.share or 0) and pair.canary.down:
            return f"{where}: HAProxy's checks find the canary down: look at its health before sending it visitors"
    return ""


def _how(server: Server) -> str:
    return f"in {server.out}" if server.out else f"weight {server.weight}"


def _percent(share: float | None) -> str:
    return "no split" if share is None else f"{share:.2%}"
