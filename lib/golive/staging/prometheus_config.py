"""Prometheus's configuration for a site with two versions, as a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

EVERY = 1.0
SHARE_OF_INTERVAL = 0.9


@dataclass(frozen=True)
class PrometheusSite:
    """What a configuration is made of.

    Attributes:
        versions: Version -> host and port of its `/metrics`.
        routers: Job -> host and port of a router's `/metrics`; "" for a job that has lost its target.
        every: Seconds between two scrapes.
        router_metrics: Path of the routers' metrics.
        parameters: What is asked of a router beside its path.
    """

    versions: Mapping[str, str]
    routers: Mapping[str, str] = field(default_factory=dict)
    every: float = EVERY
    router_metrics: str = "/metrics"
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def prometheus_config(site: PrometheusSite) -> dict[str, Any]:
    """Give the configuration as what YAML holds.

    The job of both versions is `site`; its targets have the label `version`, which their own series keep.
    """
    versions = [{"targets": [target], "labels": {"version": name}} for name, target in site.versions.items()]
    jobs: list[dict[str, Any]] = [{"job_name": "site", "honor_labels": True, "static_configs": versions}]
    for job, target in site.routers.items():
        asked = {name: list(values) for name, values in site.parameters.items()}
        jobs.append(
            {
                "job_name": job,
                "metrics_path": site.router_metrics,
                **({"params": asked} if asked else {}),
                "static_configs": [{"targets": [target] if target else []}],
            }
        )
    timeout = f"{round(site.every * SHARE_OF_INTERVAL * 1000)}ms"
    return {
        "global": {"scrape_interval": f"{round(site.every * 1000)}ms", "scrape_timeout": timeout},
        "scrape_configs": jobs,
    }


def prometheus_config_text(site: PrometheusSite) -> str:
    """Give the configuration as YAML."""
    return yaml.safe_dump(prometheus_config(site), sort_keys=False)
