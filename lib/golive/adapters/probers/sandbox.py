"""Requests of ours through the sandbox's router."""

from __future__ import annotations

from golive.adapters.probers.http import HttpProber


class SandboxProber(HttpProber):
    """`golive.ports.Prober` of the run's own world."""

    class Settings(HttpProber.Settings):
        """Where requests are sent."""

        router: str = "{world.router}"
