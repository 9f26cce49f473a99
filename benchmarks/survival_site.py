"""What a sandbox's router and canary say themselves, without any code of golive's in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

OURS = {"X-Golive-Ours": "benchmark"}


class Site:
    """The processes that a `world.json` names."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.control, self.canary = str(told["control"]), str(told["canary"])
        self._http = httpx.Client(timeout=5.0, headers=OURS)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def moves(self, since: float) -> list[tuple[float, float, str]] | None:
        """Give the router's own log of its moves from `since` on (UTC seconds); None when it does not answer."""
        try:
            answer = self._http.get(f"{self.control}/-/moves", timeout=0.5).raise_for_status()
        except httpx.HTTPError:
            return None
        return [(at, share, how) for at, share, how in answer.json()["moves"] if at >= since]

    def arrivals(self, since: float) -> list[float]:
        """Give when visitors came to the canary, as it wrote down itself, from `since` on; none when it is gone."""
        try:
            answer = self._http.get(
                f"{self.canary}/-/arrivals", params={"since": since}, timeout=1.0
            ).raise_for_status()
        except httpx.HTTPError:
            return []
        return [came for came, _, _ in answer.json()["arrivals"]]

    def force(self, share: float) -> None:
        """Set the split as a call would that was sent long ago: whatever it is now."""
        self._http.put(f"{self.control}/-/split", json={"share": share}).raise_for_status()

    def claim(self) -> str:
        """Give whose go-live the router shows, "" for nobody's and where it does not answer."""
        try:
            return str(self._http.get(f"{self.control}/-/split", timeout=0.5).raise_for_status().json()["claim"])
        except httpx.HTTPError:
            return ""

    def reset(self) -> None:
        """Send everybody to stable, let nobody have a claim any more, and let the canary be well."""
        self._http.put(f"{self.control}/-/rollback", json={}).raise_for_status()
        self._http.put(f"{self.control}/-/claim", json={"whose": "", "expect": self.claim()}).raise_for_status()
        self.fail(False)

    def fail(self, on: bool) -> None:
        """Let every request to the canary fail, or none."""
        body = {"name": "errors", "on": on, "share": 1.0}
        self._http.post(f"{self.canary}/-/fault", json=body).raise_for_status()
