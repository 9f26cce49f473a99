"""The router's counts, as Prometheus text with every series there from the start."""

from __future__ import annotations

from bisect import bisect_left

PATHS = ("/", "/products", "/search", "/cart", "/about", "/checkout")
SLOW = 1000
EDGES = (50, 100, 200, 300, 400, 500, 750, 1000, 2000)
CUT_OFF = float("inf")


class Counts:
    """Requests by version and by who sent them (visitors, or ours), and visitors' by path."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], dict[str, int]] = {}
        self._buckets: dict[tuple[str, str], list[int]] = {}
        self._seconds: dict[tuple[str, str], float] = {}
        versions = ("stable", "canary")
        self._paths = {(version, path): [0, 0, 0] for version in versions for path in (*PATHS, "other")}
        for version in versions:
            for who in ("visitors", "ours"):
                key = (version, who)
                self._counts[key] = {"requests": 0, "failed": 0, "client_errors": 0, "limited": 0}
                self._buckets[key] = [0] * (len(EDGES) + 1)
                self._seconds[key] = 0.0

    def add(self, version: str, who: str, status: int, milliseconds: float, path: str = "other") -> None:
        """Count one answer; `milliseconds` is `CUT_OFF` when there was none."""
        if who == "visitors":
            counted = self._paths[version, path if path in PATHS else "other"]
            for place, more in enumerate((True, status >= 500, milliseconds > SLOW)):
                counted[place] += more
        key = (version, who)
        counts = self._counts[key]
        counts["requests"] += 1
        counts["failed"] += status >= 500
        counts["limited"] += status == 429
        counts["client_errors"] += 400 <= status < 500 and status != 429
        self._buckets[key][bisect_left(EDGES, milliseconds)] += 1
        if milliseconds != CUT_OFF:
            self._seconds[key] += milliseconds / 1000

    def text(self, number: str | None = None) -> str:
        """Give all series; `number` stands in for every value when a fault wants it so."""
        lines = []
        for name in ("requests", "failed", "client_errors", "limited"):
            lines.append(f"# TYPE golive_{name} counter")
            for (version, who), counts in self._counts.items():
                lines.append(f'golive_{name}_total{{version="{version}",who="{who}"}} {number or counts[name]}')
        for place, name in enumerate(("requests", "failed", f"over_{SLOW}ms")):
            lines.append(f"# TYPE golive_path_{name} counter")
            for (version, path), counted in self._paths.items():
                labels = f'version="{version}",who="visitors",path="{path}"'
                lines.append(f"golive_path_{name}_total{{{labels}}} {number or counted[place]}")
        lines.append("# TYPE golive_request_seconds histogram")
        for (version, who), buckets in self._buckets.items():
            labels = f'version="{version}",who="{who}"'
            total = 0
            for edge, count in zip((*(e / 1000 for e in EDGES), "+Inf"), buckets, strict=True):
                total += count
                lines.append(f'golive_request_seconds_bucket{{{labels},le="{edge}"}} {number or total}')
            lines.append(f"golive_request_seconds_count{{{labels}}} {number or total}")
            lines.append(f"golive_request_seconds_sum{{{labels}}} {number or self._seconds[version, who]}")
        return "\n".join(lines) + "\n"
