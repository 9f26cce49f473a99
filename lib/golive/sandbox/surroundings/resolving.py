"""Two resolvers that know the site's name, and what one of them may do wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from golive.sandbox.faults import Fault

NAME = "sandbox.example"
ADDRESS, OTHER_ADDRESS = "127.0.0.1", "203.0.113.9"
LIFETIME = 60


class Resolver(asyncio.DatagramProtocol):
    """Answers for the site's name over UDP, with what `faults` lets it say."""

    def __init__(self, faults: Callable[[], frozenset[Fault]]) -> None:
        self._faults = faults
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question; what is none gets no answer."""
        faults = self._faults()
        try:
            question = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if Fault.RESOLVER_SILENT in faults or self._transport is None:
            return
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA
        asked = question.question[0]
        if asked.name.to_text(omit_final_dot=True).lower() != NAME:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif asked.rdtype == dns.rdatatype.A:
            address = OTHER_ADDRESS if Fault.RESOLVER_LIES in faults else ADDRESS
            answer.answer.append(dns.rrset.from_text(asked.name, LIFETIME, "IN", "A", address))
        self._transport.sendto(answer.to_wire(), addr)


async def resolver(faults: Callable[[], frozenset[Fault]]) -> tuple[asyncio.DatagramTransport, str]:
    """Begin to answer on a free loopback port; give what to close, and the address as `host:port`."""
    made: Callable[[], Resolver] = lambda: Resolver(faults)  # noqa: E731
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(made, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    return transport, f"{host}:{port}"
