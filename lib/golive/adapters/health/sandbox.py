"""The sandbox's versions, asked for their health."""

from __future__ import annotations

from golive.adapters.health.http import HttpHealth


class SandboxHealth(HttpHealth):
    """`golive.ports.Health` of the run's own world."""

    class Settings(HttpHealth.Settings):
        """The URLs that are asked."""

        stable: str = "{world.stable}/api/health"
        canary: str = "{world.canary}/api/health"
