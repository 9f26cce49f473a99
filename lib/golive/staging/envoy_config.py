"""Envoy's bootstrap for a site with two versions, as a pure function.

Visitors go to the clusters `site_stable` and `site_canary`, requests of ours (header `X-Golive-Ours`) to
`ours_stable` and `ours_canary`: the same servers, counted apart. The split of each pair is one runtime key
that holds a fraction; a key that nobody has set is 0, so that an Envoy that restarts sends nobody to the canary.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from golive.core.digest import EDGES

OURS = "X-Golive-Ours"
TOKEN_KEY = "golive.token"
CANARY_KEY = "golive.canary"
KEYS = {"site": "golive.site", "ours": "golive.ours"}
MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


@dataclass(frozen=True)
class EnvoySite:
    """What a bootstrap is made of.

    Attributes:
        port: Where visitors are served, on loopback.
        admin_port: Where the admin API answers, on loopback.
        stable: Port of the stable version, on loopback.
        canary: Port of the canary.
        token: What proves which world started this Envoy; stands in the static runtime layer.
        deployment: Name of the canary's deployment; stands there, too.
        flush: Seconds between two merges of the histograms.
        timeout: Seconds after which a request that is not answered is a 504.
        health_path: Path of active health checks; "" for none.
    """

    port: int
    admin_port: int
    stable: int
    canary: int
    token: str = ""
    deployment: str = ""
    flush: float = 1.0
    timeout: float = 3.0
    health_path: str = ""


def envoy_bootstrap(site: EnvoySite) -> dict[str, Any]:
    """Give the bootstrap as what JSON holds: no retries, no outlier detection, edges for the verdict's limits."""
    clusters = {f"{pair}_{name}": port for pair in KEYS for name, port in _versions(site).items()}
    return {
        "admin": {"address": _address(site.admin_port)},
        "stats_flush_interval": f"{site.flush:g}s",
        "stats_config": {
            "histogram_bucket_settings": [{"match": {"suffix": "upstream_rq_time"}, "buckets": _buckets()}]
        },
        "layered_runtime": {
            "layers": [
                {"name": "world", "static_layer": {TOKEN_KEY: site.token, CANARY_KEY: site.deployment}},
                {"name": "admin", "admin_layer": {}},
            ]
        },
        "static_resources": {
            "listeners": [_listener(site)],
            "clusters": [_cluster(name, port, site) for name, port in clusters.items()],
        },
    }


def envoy_bootstrap_text(site: EnvoySite) -> str:
    """Give the bootstrap as a JSON text; Envoy reads it from a file that ends in `.json`."""
    return json.dumps(envoy_bootstrap(site), indent=1)


def _buckets() -> list[float]:
    """Give the edges that readers know Envoy by, and beside each the one that is exact."""
    return [float(edge) for edge in sorted({*EDGES, *map(just_below, EDGES)})]


def _versions(site: EnvoySite) -> Mapping[str, int]:
    return {"stable": site.stable, "canary": site.canary}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _listener(site: EnvoySite) -> dict[str, Any]:
    ours = [{"name": OURS, "present_match": True}]
    routes = [
        *_pair("ours", site, {"headers": ours}),
        *_pair("site", site, {}),
    ]
    manager = {
        "@type": MANAGER,
        "stat_prefix": "site",
        "route_config": {"name": "site", "virtual_hosts": [{"name": "site", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
    }
    return {
        "name": "site",
        "address": _address(site.port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _pair(pair: str, site: EnvoySite, match: Mapping[str, Any]) -> list[dict[str, Any]]:
    fraction = {"default_value": {"numerator": 0, "denominator": "MILLION"}, "runtime_key": KEYS[pair]}
    return [
        _route({"prefix": "/", **match, "runtime_fraction": fraction}, f"{pair}_canary", site),
        _route({"prefix": "/", **match}, f"{pair}_stable", site),
    ]


def _route(match: Mapping[str, Any], cluster: str, site: EnvoySite) -> dict[str, Any]:
    return {"match": match, "route": {"cluster": cluster, "timeout": f"{site.timeout:g}s"}}


def _cluster(name: str, port: int, site: EnvoySite) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(port)}}
    cluster: dict[str, Any] = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    if site.health_path:
        cluster["health_checks"] = [
            {
                "timeout": "1s",
                "interval": "1s",
                "unhealthy_threshold": 3,
                "healthy_threshold": 2,
                "http_health_check": {
                    "path": site.health_path,
                    "request_headers_to_add": [{"header": {"key": OURS, "value": "health"}}],
                },
            }
        ]
    return cluster


def just_below(edge: int) -> int:
    """Give the bucket whose requests took less than `edge` milliseconds, and all of those.

    Envoy keeps times in bins of two digits and counts a bin that an edge begins as within it: `le="1000"` holds
    what took up to 1099 ms, `le="990"` what took up to 999 ms.
    """
    step = int(10 ** max(0, len(str(edge - 1)) - 2))
    return (edge - 1) // step * step
