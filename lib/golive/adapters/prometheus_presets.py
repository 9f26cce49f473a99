"""Which metrics count what, for what is common: each preset is a plain object, and a plan may override any part.

In a template `{which}` stands for the matchers that tell a version, and `{version}` for the version's name.
Names and labels are those that each project's own documentation gives; only those of HAProxy and of
prometheus_client were held against the running thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from golive.core.errors import NameUnknown
from golive.core.samples import Version

BY_LABEL = {Version.STABLE: 'version="{version}"', Version.CANARY: 'version="{version}"'}


@dataclass(frozen=True)
class Preset:
    """The metrics of one exporter or client library.

    Attributes:
        which: Version -> the matchers that tell it.
        requests, failed, client_errors, limited: Selectors whose series are summed.
        cut_off: Selectors of requests that were counted as failed and that no version ever timed.
        there: Selectors of series that exist before the first request; they tell "none yet" from "unknown".
        histogram, unit: Selector of the buckets of request durations, and `seconds` or `milliseconds`.
        cpu, memory: Expressions that give a share, 0 to 1; "" when there is none that fits everybody.
        critical: Selectors that count critical log entries.
        visitors_only: Whether the series hold no request of ours, by the way they are counted.
    """

    which: Mapping[Version, str] = field(default_factory=lambda: BY_LABEL)
    requests: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    client_errors: tuple[str, ...] = ()
    limited: tuple[str, ...] = ()
    cut_off: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    histogram: str = ""
    unit: str = "seconds"
    cpu: str = ""
    memory: str = ""
    critical: tuple[str, ...] = ()
    visitors_only: bool = False


def by_status(name: str, label: str) -> Preset:
    """Give the preset of a counter that carries the HTTP status in a label."""
    return Preset(
        requests=(f"{name}{{{{which}}}}",),
        failed=(f'{name}{{{{which}},{label}=~"5.."}}',),
        client_errors=(f'{name}{{{{which}},{label}=~"4..",{label}!="429"}}',),
        limited=(f'{name}{{{{which}},{label}="429"}}',),
    )


def known() -> dict[str, Preset]:
    """Give every preset, by name."""
    return {
        "prometheus-client": _prometheus_client(),
        "opentelemetry": _opentelemetry(),
        "micrometer": _micrometer(),
        "haproxy": _haproxy(),
        "envoy": _envoy(),
        "nginx-ingress": _nginx_ingress(),
        "istio": _istio(),
    }


def preset(name: str) -> Preset:
    """Give a preset; the empty one for "".

    Raises:
        NameUnknown: Naming the nearest.
    """
    presets = known()
    if name and name not in presets:
        raise NameUnknown("preset", name, presets)
    return presets[name] if name else Preset()


def _prometheus_client() -> Preset:
    """The names that Prometheus' own documents use for a server's requests; default buckets hold 0.5 and 1.0.

    https://prometheus.io/docs/practices/naming and, for the process, https://prometheus.github.io/client_python.
    """
    return replace(
        by_status("http_requests_total", "code"),
        histogram="http_request_duration_seconds_bucket{{which}}",
        cpu="rate(process_cpu_seconds_total{{which}}[30s])",
    )


def _opentelemetry() -> Preset:
    """HTTP server metrics of the semantic conventions (stable since 1.23), as Prometheus exporters name them.

    `http.server.request.duration` in seconds becomes `http_server_request_duration_seconds`, its attribute
    `http.response.status_code` a label; the advised buckets hold 0.5 and 1.
    https://opentelemetry.io/docs/specs/semconv/http/http-metrics
    """
    return replace(
        by_status("http_server_request_duration_seconds_count", "http_response_status_code"),
        histogram="http_server_request_duration_seconds_bucket{{which}}",
    )


def _micrometer() -> Preset:
    """Spring Boot's `http.server.requests`, JVM, process and Logback metrics.

    Buckets are there only when the application asks for them:
    `management.metrics.distribution.slo.http.server.requests=500ms,1s`.
    https://docs.spring.io/spring-boot/reference/actuator/metrics.html
    """
    heap = 'area="heap"'
    return replace(
        by_status("http_server_requests_seconds_count", "status"),
        histogram="http_server_requests_seconds_bucket{{which}}",
        cpu="process_cpu_usage{{which}}",
        memory=f"sum(jvm_memory_used_bytes{{{{which}},{heap}}}) / sum(jvm_memory_max_bytes{{{{which}},{heap}}})",
        critical=('logback_events_total{{which},level="error"}',),
    )


def _haproxy() -> Preset:
    """HAProxy's built-in exporter, for each server of a backend; it has no histogram and no 429 of its own.

    `http_responses_total` counts answers of the server only: a refused connection and an answer that was cut
    off are in `connection_errors_total` and `response_errors_total` alone (seen on 2.6), so all three together
    are its requests. https://github.com/haproxy/haproxy/tree/master/addons/promex
    """
    errors = ("haproxy_server_connection_errors_total{{which}}", "haproxy_server_response_errors_total{{which}}")
    return Preset(
        which={version: 'proxy="site",server="{version}"' for version in Version},
        requests=("haproxy_server_http_responses_total{{which}}", *errors),
        failed=('haproxy_server_http_responses_total{{which},code="5xx"}', *errors),
        client_errors=('haproxy_server_http_responses_total{{which},code="4xx"}',),
        cut_off=errors,
        visitors_only=True,
    )


def _envoy() -> Preset:
    """Envoy's statistics of an upstream cluster, times in milliseconds; series of a status come with its first answer.

    https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
    """
    return replace(
        by_status("envoy_cluster_upstream_rq", "envoy_response_code"),
        which={version: 'envoy_cluster_name="{version}"' for version in Version},
        there=("envoy_cluster_upstream_rq_total{{which}}",),
        histogram="envoy_cluster_upstream_rq_time_bucket{{which}}",
        unit="milliseconds",
        visitors_only=True,
    )


def _nginx_ingress() -> Preset:
    """The Ingress-NGINX controller: a request that went to the canary carries its backend in the label `canary`.

    The canary's requests keep the names of the main ingress; the label is "" for stable's. The controller must
    report single statuses, not classes. https://kubernetes.github.io/ingress-nginx/user-guide/monitoring
    """
    return replace(
        by_status("nginx_ingress_controller_requests", "status"),
        which={Version.STABLE: 'canary=""', Version.CANARY: 'canary!=""'},
        histogram="nginx_ingress_controller_request_duration_seconds_bucket{{which}}",
    )


def _istio() -> Preset:
    """Istio's standard metrics as the calling proxy (`reporter="source"`) sees them, times in milliseconds.

    Versions are told by the service they are reached at, which is known for refused connections too; the label
    `destination_version` is not. https://istio.io/latest/docs/reference/config/metrics
    """
    return replace(
        by_status("istio_requests_total", "response_code"),
        which={version: 'reporter="source",destination_service_name="{version}"' for version in Version},
        histogram="istio_request_duration_milliseconds_bucket{{which}}",
        unit="milliseconds",
    )
