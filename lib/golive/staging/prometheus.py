"""Prometheus as a child process, with its own data beside the run, and what can be made to go wrong with it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from golive.sandbox.faults import Fault
from golive.sandbox.supervisor import Children
from golive.staging.ports import free
from golive.staging.prometheus_config import PrometheusSite, prometheus_config_text
from golive.staging.waiting import answer, until

FIRST_SAMPLES = 20.0


class Prometheus:
    """One Prometheus; `world` names what a plan may ask of it."""

    faults = (Fault.METRICS_REFUSED, Fault.METRICS_SLOW, Fault.METRICS_EMPTY)

    def __init__(self, program: str, children: Children, folder: Path, logs: Path, site: PrometheusSite) -> None:
        self._program, self._children, self._site = program, children, site
        self._config, self._data, self._log = folder / "prometheus.yml", folder / "prometheus", logs / "prometheus.log"
        (self._port,) = free(1)
        self._child: subprocess.Popen[str] | None = None

    @property
    def world(self) -> Mapping[str, str]:
        """The names under which a plan's settings find it."""
        return {"prometheus": f"http://127.0.0.1:{self._port}"}

    def start(self) -> None:
        """Start it; it answers some hundredths of a second later and has its first samples after about 6 s."""
        self._config.write_text(prometheus_config_text(self._site))
        self._child = self._children.run(
            "prometheus",
            [
                self._program,
                f"--config.file={self._config}",
                f"--storage.tsdb.path={self._data}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                "--storage.tsdb.retention.time=1d",
                "--log.level=warn",
            ],
        )

    def wait(self) -> None:
        """Return once it has samples of every target: before that nothing could be measured.

        Raises:
            WorldFailed: If it does not come to that.
        """
        assert self._child is not None
        targets = len(self._site.versions) + len(self._site.routers)
        until(lambda: self._up() == targets, self._child, self._log, FIRST_SAMPLES)

    def fault(self, fault: Fault, on: bool) -> None:
        """Let one of `faults` begin or end."""
        assert self._child is not None
        if fault is Fault.METRICS_SLOW:
            self._child.send_signal(signal.SIGSTOP if on else signal.SIGCONT)
        elif fault is Fault.METRICS_REFUSED and on:
            self._child.kill()
            self._child.wait()
        elif fault is Fault.METRICS_REFUSED:
            self.start()
        else:
            nobody = replace(self._site, versions={}, routers=dict.fromkeys(self._site.routers, ""))
            self._config.write_text(prometheus_config_text(nobody if on else self._site))
            self._child.send_signal(signal.SIGHUP)

    def clear(self) -> None:
        """Take its data away."""
        shutil.rmtree(self._data, ignore_errors=True)

    def _up(self) -> int:
        found = answer(f"{self.world['prometheus']}/api/v1/query?query={quote('sum(up)')}")
        result = json.loads(found)["data"]["result"] if found else []
        return int(float(result[0]["value"][1])) if result else 0
