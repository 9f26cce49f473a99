"""What the sandbox's versions log."""

from __future__ import annotations

from golive.adapters.logs.jsonl import JsonlLogs


class SandboxLogs(JsonlLogs):
    """`golive.ports.Logs` of the run's own world."""

    class Settings(JsonlLogs.Settings):
        """Paths of the files that the versions write."""

        stable: str = "{world.logs.stable}"
        canary: str = "{world.logs.canary}"
