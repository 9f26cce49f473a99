"""HAProxy as a master with its worker, in front of both versions, and what others may do to it behind golive's back."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from golive.core.errors import WorldFailed
from golive.sandbox.faults import Fault
from golive.sandbox.supervisor import Children
from golive.staging.haproxy_config import Site, haproxy_config
from golive.staging.ports import free
from golive.staging.runtime import PARTS, ask, move, share, worker
from golive.staging.waiting import answer, until

RULES = {Fault.NO_SHIFT: "use-server stable if TRUE", Fault.WRONG_SHARE: "use-server stable if { rand(2) eq 0 }"}
RELOADED_WITHIN = 1.0
RELOADS = 5


class Haproxy:
    """One HAProxy; `world` names what a plan may ask of it."""

    faults = (*RULES, Fault.RELOAD_RESETS_WEIGHTS, Fault.METRICS_RESET)
    metrics_path = "/metrics"
    metrics_parameters: Mapping[str, tuple[str, ...]] = {"scope": ("backend", "server")}

    def __init__(
        self, program: str, children: Children, folder: Path, logs: Path, versions: Mapping[str, int], token: str
    ) -> None:
        self._program, self._children = program, children
        self._config, self._socket, self._log = folder / "haproxy.cfg", folder / "haproxy.sock", logs / "haproxy.log"
        self._versions, self._token = versions, token
        self._port, self._exporter = free(2)
        self._share, self._rules = 0.0, set[Fault]()
        self._child: subprocess.Popen[str] | None = None

    @property
    def world(self) -> Mapping[str, str]:
        """The names under which a plan's settings find it."""
        return {
            "router": f"http://127.0.0.1:{self._port}",
            "haproxy": str(self._socket),
            "haproxy_metrics": f"http://{self.metrics}/metrics",
        }

    @property
    def metrics(self) -> str:
        """Host and port of its exporter."""
        return f"127.0.0.1:{self._exporter}"

    def start(self, share: float) -> None:
        """Start it; nobody is on the canary until `wait`, nor after a reload: its weight in the file is 0."""
        self._share = share
        self._write(0.0)
        self._child = self._children.run("haproxy", [self._program, "-W", "-db", "-f", str(self._config)])

    def wait(self) -> None:
        """Return once it serves, with the canary at the share of its start; WorldFailed when it does not."""
        assert self._child is not None
        until(lambda: worker(self._socket) is not None, self._child, self._log)
        move(self._socket, self._share)
        until(lambda: answer(f"{self.world['router']}/api/health") is not None, self._child, self._log)

    def fault(self, fault: Fault, on: bool) -> None:
        """Let one of `faults` begin or end.

        A rule is somebody's change of the configuration that leaves the weights alone; `reload-resets-weights` is
        a reload that does not. OSError when HAProxy does not take it.
        """
        if fault is Fault.METRICS_RESET:
            if on:
                ask(self._socket, "clear counters all")
        elif fault is Fault.RELOAD_RESETS_WEIGHTS:
            if on:
                self._reload(0.0)
        else:
            (self._rules.add if on else self._rules.discard)(fault)
            self._reload(share(self._socket, "site"))

    def _write(self, share: float) -> None:
        stable, canary = (f"127.0.0.1:{self._versions[name]}" for name in ("stable", "canary"))
        weight = round(share * PARTS)
        site = Site(str(self._socket), self._port, stable, canary, self._token, self._exporter, canary_weight=weight)
        rules = "".join(f"    {RULES[rule]}\n" for rule in sorted(self._rules))
        self._config.write_text(re.sub(r"^(backend .*\n)", rf"\g<1>{rules}", haproxy_config(site), flags=re.M))

    def _reload(self, share: float) -> None:
        assert self._child is not None
        before = worker(self._socket)
        self._write(share)
        for left in reversed(range(RELOADS)):
            self._child.send_signal(signal.SIGUSR2)  # lost on a master that is not done with the reload before
            try:
                until(lambda: worker(self._socket) not in (None, before), self._child, self._log, RELOADED_WITHIN)
            except WorldFailed:
                if not left:
                    raise
            else:
                return
