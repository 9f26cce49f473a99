"""Envoy as a child process, in front of both versions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from golive.sandbox.faults import Fault
from golive.sandbox.site import RELEASES
from golive.sandbox.supervisor import Children
from golive.staging.envoy_config import KEYS, EnvoySite, envoy_bootstrap_text
from golive.staging.ports import free
from golive.staging.waiting import answer, until

METRICS = "/stats/prometheus"


class Envoy:
    """One Envoy; `world` names what a plan may ask of it."""

    faults: tuple[Fault, ...] = ()
    metrics_path = METRICS
    metrics_parameters: Mapping[str, tuple[str, ...]] = {}

    def __init__(
        self, program: str, children: Children, folder: Path, logs: Path, versions: Mapping[str, int], token: str
    ) -> None:
        self._program, self._children = program, children
        self._config, self._log = folder / "envoy.json", logs / "envoy.log"
        self._versions, self._token = versions, token
        self._port, self._admin = free(2)
        self._share = 0.0
        self._child: subprocess.Popen[str] | None = None

    @property
    def world(self) -> Mapping[str, str]:
        """The names under which a plan's settings find it."""
        return {"router": f"http://127.0.0.1:{self._port}", "envoy": f"http://127.0.0.1:{self._admin}"}

    @property
    def metrics(self) -> str:
        """Host and port of its own metrics."""
        return f"127.0.0.1:{self._admin}"

    def start(self, share: float) -> None:
        """Start it; nobody is on the canary until `wait`."""
        self._share = share
        site = EnvoySite(
            self._port,
            self._admin,
            self._versions["stable"],
            self._versions["canary"],
            self._token,
            deployment=RELEASES["canary"][1],
        )
        self._config.write_text(envoy_bootstrap_text(site))
        command = [self._program, "-c", str(self._config), "--concurrency", "1", "--use-dynamic-base-id"]
        self._child = self._children.run("envoy", [*command, "-l", "warn"])

    def wait(self) -> None:
        """Return once it serves, with the canary at the share of its start; WorldFailed when it does not."""
        assert self._child is not None
        until(lambda: answer(f"{self.world['envoy']}/ready") is not None, self._child, self._log)
        fraction = json.dumps({"numerator": round(self._share * 10_000), "denominator": "TEN_THOUSAND"})
        settings = urlencode(dict.fromkeys(KEYS.values(), fraction), quote_via=quote)  # Envoy takes no + for a blank
        modify = f"{self.world['envoy']}/runtime_modify?{settings}"
        until(lambda: answer(modify, b"") is not None, self._child, self._log)
        until(lambda: answer(f"{self.world['router']}/api/health") is not None, self._child, self._log)

    def fault(self, fault: Fault, on: bool) -> None:
        """Let one of `faults` begin or end: there is none yet."""
        raise NotImplementedError(f"{fault} of Envoy")
