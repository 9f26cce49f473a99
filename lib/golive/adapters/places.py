"""Where something answers, as a name that is the same for everybody: what only one host can reach carries its name."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def on_host(address: str) -> str:
    """Give an address (URL, host:port or path) that means the same on every host; loopback and paths gain the host."""
    if address.startswith("/"):
        return f"{socket.gethostname()}:{address}"
    parts = urlsplit(address if "://" in address else f"//{address}")
    return f"{address} of {socket.gethostname()}" if _only_here(parts.hostname or "") else address


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
