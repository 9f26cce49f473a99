"""What a plan says of its HAProxy."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from golive.adapters.haproxy_socket import Address
from golive.core.scalars import Part, Texts, YesNo

FROM_THE_WORLD = "{world."
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}")  # what HAProxy's configuration allows in a name


def a_name(text: str) -> str:
    """Give a name as HAProxy's configuration allows it; ValueError says what was expected."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text[:100]!r} is no name of HAProxy's: letters, digits and _ . : - were expected")
    return text


def _names(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(a_name, texts))


def some(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Give texts that are at least one, each once; ValueError says what was expected."""
    if not texts or len(set(texts)) < len(texts):
        raise ValueError("a list of at least one, each once, was expected")
    return texts


def addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Give runtime sockets' addresses; one that the run's world will fill in is read when it has."""
    for text in texts:
        if FROM_THE_WORLD not in text:
            Address.of(text)
    return some(texts)


Name = Annotated[str, AfterValidator(a_name)]
Sockets = Annotated[Texts, AfterValidator(addresses)]


class HaproxySettings(Part):
    """What a plan says of its HAProxy.

    Attributes:
        sockets: Runtime sockets (`level admin`), one for each process: a path, or host:port.
        backends: Moved together: the visitors' and the one for requests of ours.
        stable, canary: Their servers' names in each of the backends.
        besides: Other servers there that take no part, such as backups.
        sticky: Whether the backends set a cookie that keeps visitors at their version.
        deployment: What to call the canary; "" for the address that HAProxy shows for it.
        claims: Whether the go-live is written into a variable of each process, which takes HAProxy 2.6.
    """

    sockets: Sockets
    backends: Annotated[Texts, AfterValidator(some), AfterValidator(_names)] = ("site", "ours")
    stable: Name = "stable"
    canary: Name = "canary"
    besides: Annotated[Texts, AfterValidator(_names)] = ()
    sticky: YesNo = False
    deployment: str = ""
    claims: YesNo = True
