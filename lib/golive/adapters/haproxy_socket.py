"""HAProxy's runtime socket: one connection for each batch of commands, under a deadline, with a bounded answer.

The protocol is that of HAProxy's management guide, "Unix Socket commands" (2.6): one line of commands parted
by `;`, answers one after the other, then the server closes. There is no status code: a command that changes
something answers an empty line when it is done, and a text when it is not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from golive.core.errors import nearest

DEADLINE = 1.0
LARGEST = 2**20
SHOWN = 200


class Silence(StrEnum):
    """Why there is no answer."""

    REFUSED = "refused"
    SLOW = "slow"
    GARBAGE = "garbage"


@dataclass(frozen=True)
class NoAnswer:
    """HAProxy did not answer; `text` says where, what, and what to do next.

    `reached` is False when it is certain that no command arrived.
    """

    why: Silence
    text: str
    reached: bool = True


@dataclass(frozen=True)
class Address:
    """Where a runtime socket listens: a file, or host and port (then `path` is "")."""

    path: str
    host: str = ""
    port: int = 0

    @classmethod
    def of(cls, text: str) -> Address:
        """Give the address in `/run/haproxy/admin.sock`, `127.0.0.1:9999` or `[::1]:9999`.

        Raises:
            ValueError: If it is neither; says what was expected.
        """
        if text.startswith("/"):
            return cls(text)
        found = re.fullmatch(r"(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})", text)
        if found is None or not 0 < int(found[3]) < 65536:
            raise ValueError(
                f"{text[:SHOWN]!r} is no runtime socket: /run/haproxy/admin.sock or host:port was expected"
            )
        return cls("", found[1] or found[2], int(found[3]))

    def __str__(self) -> str:
        return self.path or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


class HaproxySocket:
    """The runtime socket of one HAProxy process."""

    def __init__(self, address: Address, deadline: float = DEADLINE) -> None:
        self.address, self._deadline = address, deadline

    async def ask(self, *commands: str) -> str | NoAnswer:
        """Send the commands in one line and give all that came back; trouble is a value."""
        reached = False
        try:
            async with asyncio.timeout(self._deadline):
                reader, writer = await self._connect()
                try:
                    writer.write(("; ".join(commands) + "\n").encode())
                    reached = True
                    await writer.drain()
                    answer = await _read(reader)
                finally:
                    writer.close()
        except TimeoutError:
            return NoAnswer(Silence.SLOW, f"HAProxy at {self.address} did not answer in {self._deadline:g} s", reached)
        except OSError as error:
            return NoAnswer(Silence.REFUSED, self._refusal(error), reached)
        if answer is None:
            return NoAnswer(Silence.GARBAGE, f"{self.address} answered more than {LARGEST} bytes: is it HAProxy?")
        if not answer:
            text = f"{self.address} closed without an answer: is it HAProxy's runtime socket (`stats socket`)?"
            return NoAnswer(Silence.GARBAGE, text)
        return answer.decode("utf-8", "replace")

    async def change(self, commands: Sequence[str]) -> str | NoAnswer:
        """Send commands that change something; "" when HAProxy says that it did them all, else what it said."""
        answer = await self.ask(*commands)
        if isinstance(answer, NoAnswer) or answer == "\n" * len(commands):
            return answer if isinstance(answer, NoAnswer) else ""
        if not answer.strip():
            text = f"{self.address} answered {len(answer)} of {len(commands)} commands"
            return NoAnswer(Silence.GARBAGE, text)
        return shown(answer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.address.path:
            return await asyncio.open_unix_connection(self.address.path)
        return await asyncio.open_connection(self.address.host, self.address.port)

    def _refusal(self, error: OSError) -> str:
        where = f"HAProxy's runtime socket {self.address}"
        if isinstance(error, FileNotFoundError):
            return f"{where} does not exist{_sockets_beside(self.address.path)}; look for `stats socket` in haproxy.cfg"
        if isinstance(error, PermissionError):
            return f"{where} may not be opened by this user: `stats socket … user/group/mode` in haproxy.cfg gives that"
        if isinstance(error, ConnectionRefusedError):
            return f"nobody listens at {where}: start HAProxy, or correct the address in the plan"
        return f"{where}: {error.strerror or type(error).__name__}"


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    answer = bytearray()
    while part := await reader.read(65536):
        answer += part
        if len(answer) > LARGEST:
            return None
    return bytes(answer)


def shown(answer: str) -> str:
    """Give what a server sent as one short line that is safe to show."""
    line = " ".join(answer.split())
    return "".join(sign if sign.isprintable() else "?" for sign in line)[:SHOWN]


def _sockets_beside(path: str) -> str:
    try:
        beside = [str(one) for one in Path(path).parent.iterdir() if one.is_socket()][:20]
    except OSError:
        return f" (nor can its folder {Path(path).parent} be read)"
    return nearest(path, beside) if beside else ""
