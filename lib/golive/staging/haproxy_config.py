"""HAProxy's configuration for one site with a stable and a canary, as text. Works with HAProxy 2.6 and later."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "X-Golive-Ours"
COOKIE = "golive-version"


@dataclass(frozen=True)
class Site:
    """What stands in HAProxy's configuration.

    What is not the default is there for tests of what goes wrong with it.

    Attributes:
        socket: Path of the runtime socket (`level admin`, for its owner alone).
        visitors: Port on loopback that visitors use.
        stable, canary: Their addresses, host:port.
        token: Proof that this run's own world started it; letters, digits, `_` and `-`.
        metrics: Port on loopback for HAProxy's own Prometheus text; 0 for none.
        sticky: Whether a cookie keeps visitors at their version.
        balance: How servers are chosen: only `roundrobin` keeps to the weights exactly.
        retries: How often HAProxy connects again by itself; hides a dead canary as slowness.
        redispatch: Whether it then takes the other server; hides a dead canary altogether.
        server_timeout: How long it waits for a server.
        health: Path that its own checks ask.
        check_every: How often they ask.
        canary_weight: The canary's weight after a start or a reload, of 100; above 0 a reload undoes a rollback.
    """

    socket: str
    visitors: int
    stable: str
    canary: str
    token: str = ""
    metrics: int = 0
    sticky: bool = False
    balance: str = "roundrobin"
    retries: int = 0
    redispatch: bool = False
    server_timeout: str = "3s"
    health: str = "/api/health"
    check_every: str = "1s"
    canary_weight: int = 0


def haproxy_config(site: Site) -> str:
    """Give the configuration: visitors and requests of ours in a backend each, with the same servers and split.

    After a start and after a reload nobody is on the canary: its weight in the file is 0, and with sticky cookies,
    whose holders a weight does not move, it starts in maintenance.
    """
    parts = [_global(site), _defaults(site), _frontend(site), _backend(site, "site"), _backend(site, "ours")]
    if site.metrics:
        parts.append(_exporter(site.metrics))
    return "\n".join(parts)


def _global(site: Site) -> str:
    token = f"  set-var proc.golive_token str({site.token})\n" if site.token else ""
    return f"""global
  stats socket {site.socket} mode 600 level admin expose-fd listeners
  nbthread 1
{token}"""


def _defaults(site: Site) -> str:
    redispatch = "  option redispatch\n" if site.redispatch else ""
    return f"""defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server {site.server_timeout}
  retries {site.retries}
{redispatch}"""


def _frontend(site: Site) -> str:
    return f"""frontend visitors
  bind 127.0.0.1:{site.visitors}
  use_backend ours if {{ req.hdr({OURS}) -m found }}
  default_backend site
"""


def _backend(site: Site, name: str) -> str:
    """Give a backend; the one for requests of ours follows the other's checks, and asks nothing twice.

    Checks are requests of ours: without the header a version would count them among its visitors' own.
    """
    check = f"check inter {site.check_every} fall 3 rise 2"
    cookie = f"  cookie {COOKIE} insert indirect nocache\n" if site.sticky else ""
    lines = []
    for server, address in (("stable", site.stable), ("canary", site.canary)):
        weight = site.canary_weight if server == "canary" else 100 - site.canary_weight
        watched = check if name == "site" else f"track site/{server}"
        kept = f" cookie {server}" if site.sticky else ""
        held = " disabled" if site.sticky and server == "canary" else ""
        lines.append(f"  server {server} {address} weight {weight} {watched}{kept}{held}\n")
    sent = f"  http-check send meth GET uri {site.health} hdr {OURS} health\n"
    asked = f"  option httpchk\n{sent}" if name == "site" else ""
    return f"backend {name}\n  balance {site.balance}\n{asked}{cookie}{''.join(lines)}"


def _exporter(port: int) -> str:
    return f"""frontend metrics
  bind 127.0.0.1:{port}
  http-request use-service prometheus-exporter if {{ path /metrics }}
  http-request deny
"""
