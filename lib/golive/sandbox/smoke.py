"""The sandbox's smoke tests, as a runner of tests would run them: real requests, and a report of Playwright's form."""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

PATHS = ("/", "/products", "/search", "/cart", "/checkout", "/api/health")
OURS = {"X-Golive-Ours": "smoke"}
TRIES = 3
TIMEOUT = 2.0


def passes(url: str) -> bool:
    """Say whether a page answers 200; a healthy site may fail once, not three times."""
    for _ in range(TRIES):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=OURS), timeout=TIMEOUT) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            continue
    return False


def main() -> int:
    """Run them, write the report, and give the number of those that failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", required=True)
    parser.add_argument("--report", type=Path, required=True)
    asked = parser.parse_args()
    begun, since = datetime.now(UTC), time.monotonic()
    results = {path: passes(asked.site + path) for path in PATHS}
    specs = [
        {"title": path, "ok": good, "tests": [{"status": "expected" if good else "unexpected"}]}
        for path, good in results.items()
    ]
    failed = sum(not good for good in results.values())
    stats = {"startTime": begun.isoformat(), "duration": (time.monotonic() - since) * 1000, "skipped": 0, "flaky": 0}
    document = {
        "config": {"metadata": {}},
        "suites": [{"title": "@smoke", "specs": specs}],
        "errors": [],
        "stats": {**stats, "expected": len(results) - failed, "unexpected": failed},
    }
    asked.report.write_text(json.dumps(document))
    for path, good in results.items():
        print(f"{'ok' if good else 'FAILED'} {path}")
    return min(failed, 100)


if __name__ == "__main__":
    sys.exit(main())
