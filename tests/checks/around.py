"""The sandbox's surroundings in this process, and the lines of its plan looked at there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx
from aiohttp.test_utils import TestServer

from golive.adapters.checks.known import known
from golive.adapters.checks.run import Scene, run_checks
from golive.adapters.clocks import SystemClock
from golive.core.phases import CheckUse
from golive.ports import Finding
from golive.sandbox import version
from golive.sandbox.faults import Fault
from golive.sandbox.site import Site
from golive.sandbox.surroundings.app import Surroundings, application
from golive.sandbox.surroundings.pipeline import COMMIT
from tests.builders import sandbox


class Around:
    """A scene in the sandbox's surroundings. `lines` are those of the sandbox's own plan, by what it calls them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._surroundings = folder, Surroundings(folder / "reports")
        self._server = TestServer(application(self._surroundings))
        self._log = (folder / "canary.jsonl").open("a")
        self.site = Site("canary", self._log, calm=True)
        self._canary = TestServer(version.application(self.site))
        self.earlier: dict[str, Any] = {}
        self.plan = sandbox()
        phases = self.plan.phases
        self.lines = {use.called: use for p in phases for use in p.lines}

    async def start(self) -> None:
        await self._server.start_server()
        await self._canary.start_server()
        self.world = {
            "surroundings": str(self._server.make_url("")).rstrip("/"),
            "reports": str(self.folder / "reports"),
            "commit": COMMIT,
            "canary": str(self._canary.make_url("")).rstrip("/"),
            "python": sys.executable,
            **await self._surroundings.answer(),
        }

    async def stop(self) -> None:
        self._surroundings.close()
        await self._server.close()
        await self._canary.close()
        self._log.close()

    async def fault(self, name: str, on: bool = True) -> None:
        (place,) = Fault(name).place
        async with httpx.AsyncClient(base_url=self.world[place]) as client:
            (await client.post("/-/fault", json={"name": name, "on": on})).raise_for_status()

    async def look(self, line: str | CheckUse, **more: Any) -> Finding:
        """Look at a line of the plan, or at any other."""
        use = self.lines[line] if isinstance(line, str) else line
        clock = SystemClock()
        site = self.world["canary"]
        parts: Any = [more.pop(name, None) for name in ("router", "metrics", "health", "book")]
        here: dict[str, Any] = {"commit": COMMIT, "world": self.world, "plan": self.plan, "base": self.folder}
        here |= {"earlier": self.earlier, **more}
        scene = Scene(site, site, site, *parts, clock, self.folder, 0.0, **here)
        (finding,) = await run_checks([use], known(), scene)
        self.earlier[use.called] = finding.evidence
        return finding
