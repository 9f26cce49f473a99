"""What one version counts of itself, as a common Prometheus client library counts it."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from golive.sandbox.counts import EDGES, PATHS

OTHER = "other"
WHO = ("visitors", "ours")
CODES = {OTHER: (200, 201, 400, 401, 404, 405, 429, 500), **dict.fromkeys(PATHS, (200, 404, 500))}


class Served:
    """The requests that one version has answered; every series is there before the first request.

    A label set made at its first use starts above zero, and what made it never shows as an increase.
    """

    def __init__(self, version: str) -> None:
        self._version = version
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "http_requests", "Answers by path and code.", ("version", "who", "path", "code"), registry=self._registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "From a request's headers to its answer.",
            ("version", "who"),
            buckets=[edge / 1000 for edge in EDGES],
            registry=self._registry,
        )
        for who in WHO:
            self._seconds.labels(version, who)
            for path, codes in CODES.items():
                for code in codes:
                    self._answers.labels(version, who, path, str(code))
        criticals = Counter("critical_log_entries", "Critical log entries.", ("version",), registry=self._registry)
        self.criticals = criticals.labels(version)
        ProcessCollector(registry=self._registry)

    def show(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Let a gauge `name` stand beside the counts; `value` is asked at each scrape."""
        Gauge(name, meaning, ("version",), registry=self._registry).labels(self._version).set_function(value)

    def add(self, who: str, path: str, code: int, seconds: float) -> None:
        """Count one answer."""
        self._answers.labels(self._version, who, path if path in PATHS else OTHER, str(code)).inc()
        self._seconds.labels(self._version, who).observe(seconds)

    def text(self) -> str:
        """Give all series as Prometheus text."""
        return generate_latest(self._registry).decode()
