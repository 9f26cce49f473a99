"""Whether the site's name resolves to what is expected, at every resolver that is asked."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Annotated, Literal

import dns.asyncresolver
import dns.exception
import dns.resolver
from pydantic import AfterValidator

from golive.adapters.checks.run import Known, Saw, Scene, Unseen
from golive.core.plain import plain
from golive.core.scalars import Part, Texts

WITHIN = 3.0
SHOWN = 3
MOST = 20
SYSTEM = "this host's own"


def _resolver(said: str) -> str:
    address, port = place(said)
    ipaddress.ip_address(address)
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    return said


def _resolvers(said: tuple[str, ...]) -> tuple[str, ...]:
    for one in said:
        try:
            _resolver(one)
        except ValueError as error:
            raise ValueError(f"{one!r} is no resolver's address ({error}); for example 9.9.9.9 or [::1]:5353") from None
    return said


class ResolvesSettings(Part):
    """Names; the addresses (for CNAME, names) of which one at least has to come and no other may; and who is asked.

    `resolvers` are addresses with or without a port; none asks this host's own.
    """

    names: Texts
    expected: Texts
    kind: Literal["A", "AAAA", "CNAME"] = "A"
    resolvers: Annotated[Texts, AfterValidator(_resolvers)] = ()


async def resolves(scene: Scene, wanted: ResolvesSettings) -> Saw | Unseen:
    """See whether each resolver answers each name with what is expected, and with nothing else.

    One that lies fails the line, though another does not answer; one that does not answer keeps it from passing.
    """
    expected = f"{', '.join(wanted.names[:SHOWN])}: {wanted.kind} {', '.join(wanted.expected[:SHOWN])}"
    if not wanted.names or not wanted.expected:
        return Unseen(expected, "the line names nothing to resolve", "give names and expected")
    asked = [(name, resolver) for name in wanted.names for resolver in wanted.resolvers or (SYSTEM,)]
    came = await asyncio.gather(*(_ask(name, wanted.kind, resolver) for name, resolver in asked))
    good = {_same(one) for one in wanted.expected}
    wrong, silent, evidence = [], [], {}
    for (name, resolver), answer in zip(asked, came, strict=True):
        said = f"{plain(name, 80)} at {resolver}"
        if isinstance(answer, str):
            silent.append(f"{said}: {answer}")
        elif not answer or not set(map(_same, answer)) <= good:
            wrong.append(f"{said}: {plain(', '.join(answer), 80) or 'no such record'}")
        evidence[said] = answer if isinstance(answer, str) else answer[:MOST]
    if wrong:
        then = "mend the zone, wait for the old answer's time to live, and look again"
        return Saw(False, expected, "; ".join(wrong[:SHOWN]), evidence, then)
    if silent:
        return Unseen(expected, "; ".join(silent[:SHOWN]), "see whether the resolver answers from here", evidence)
    return Saw(True, expected, f"so at {len(wanted.resolvers or (SYSTEM,))} resolvers", evidence)


async def _ask(name: str, kind: str, resolver: str) -> list[str] | str:
    """Give the answers, none for a name without such a record; a text why there was no answer."""
    try:
        asking = dns.asyncresolver.Resolver(configure=resolver is SYSTEM)
        if resolver is not SYSTEM:
            address, asking.port = place(resolver)
            asking.nameservers = [address]
        answer = await asking.resolve(name, kind, lifetime=WITHIN, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.Timeout:
        return f"no answer in {WITHIN:g} s"
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        return plain(f"{type(error).__name__}: {error}", 120)
    return sorted(record.to_text().rstrip(".") for record in answer)


def place(said: str) -> tuple[str, int]:
    """Give address and port of `9.9.9.9`, `9.9.9.9:53`, `::1` or `[::1]:53`.

    Raises:
        ValueError: If the port is no number.
    """
    if said.startswith("["):
        address, _, port = said[1:].partition("]")
        return address, int(port.removeprefix(":") or 53)
    if said.count(":") == 1:
        address, _, port = said.partition(":")
        return address, int(port)
    return said, 53


def _same(answer: str) -> str:
    """Give an answer as it is compared: names without case and last dot, addresses in their shortest form."""
    try:
        return str(ipaddress.ip_address(answer))
    except ValueError:
        return answer.rstrip(".").lower()


KNOWN = {"resolves": Known("The site's name resolves to what is expected", resolves, ResolvesSettings)}
