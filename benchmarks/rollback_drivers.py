"""The drivers that a guard of the benchmark makes, loaded ahead."""

from golive.adapters.health import http
from golive.adapters.logs import jsonl
from golive.adapters.metrics import haproxy as direct
from golive.adapters.metrics import prometheus
from golive.adapters.routers import haproxy

__all__ = ["direct", "haproxy", "http", "jsonl", "prometheus"]
