"""The JupyterLab of one run: started on loopback with a token, found again by Jupyter's own runtime files, ended."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
from jupyter_core.paths import jupyter_runtime_dir

from golive.core.errors import GoLiveError
from golive.folders import RUNS_VARIABLE, RunFolder, project
from golive.lab.links import surroundings
from golive.runner.spare import PRELOAD

EXTENSIONS = {"golive.server": True}  # an editable install has no file that switches it on
FIRST_PORT, TRIES = 8888, 100
STARTS_WITHIN, ANSWERS_WITHIN, ENDS_WITHIN = 120.0, 3.0, 15.0
POLL = 0.1
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Living:
    """A server that answers.

    Attributes:
        url: Its address, with its base and a slash at the end.
        token: What lets a reader in; "" where it asks for a password instead.
    """

    url: str
    port: int
    token: str
    pid: int


class LabServer:
    """A server that this process has started; it is in a session of its own, so a Ctrl-C meets it only through us."""

    def __init__(self, process: subprocess.Popen[bytes], living: Living) -> None:
        self._process, self.living = process, living

    @property
    def lives(self) -> bool:
        """Whether its process has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it with its kernels, and return once it has gone."""
        self._process.terminate()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start(folder: RunFolder, first_page: str, port: int | None) -> LabServer:
    """Start a server that shows the run's folder, on that port or on a free one, and return once it answers.

    Raises:
        GoLiveError: If the port is in use, or the server does not start; says where its log is.
    """
    if port is not None:
        need_free(port, folder.name)
    log = folder.logs / "lab.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            _command(folder, first_page, port),
            cwd=folder.pages,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    return LabServer(process, _answering(process, log))


def need_free(port: int, run: str) -> None:
    """Raise GoLiveError when somebody listens on that port of loopback, or it may not be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise GoLiveError(
                f"port {port} can't be had: {error.strerror}; nothing was started on it\n"
                f"NEXT     golive open {run} --port N with another, or without --port for one that is free"
            ) from error


def living(folder: RunFolder) -> tuple[Living | None, str]:
    """Give the server that shows this run's folder and answers, else None; and why one that there is can't be used.

    A runtime file whose server is dead, or whose number and port are somebody else's by now, is no server.
    """
    why = ""
    for told in _runtime_files():
        if Path(str(told.get("root_dir", ""))).resolve() != folder.root:
            continue
        one = Living(told["url"], int(told["port"]), str(told.get("token", "")), int(told["pid"]))
        status = _status(one)
        if status == httpx.codes.OK or (status == httpx.codes.FORBIDDEN and told.get("password") and not one.token):
            return one, ""
        if status == httpx.codes.FORBIDDEN:
            why = f"the server on port {one.port} (process {one.pid}) takes its own token no more"
    return None, why


def settings(folder: RunFolder) -> Path:
    """Make the run's folder of JupyterLab's settings: the installation's own, and beside them what golive wants."""
    from jupyterlab.commands import get_app_dir

    target = folder.lab / "settings"
    installed = Path(get_app_dir()) / "settings"
    if installed.is_dir():
        shutil.copytree(installed, target, dirs_exist_ok=True)
    wanted = target / "overrides.d" / "golive.json"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text((resources.files("golive.lab") / "overrides.json").read_text(encoding="utf-8"))
    return target


def kernels(folder: RunFolder) -> Path:
    """Make the run's folder of kernels, with the one of this installation, which is warm before its first cell."""
    share = folder.lab / "share"
    told = share / "kernels" / "python3" / "kernel.json"
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv += [f"--IPKernelApp.extra_extensions={PRELOAD[0]}"]
    named = {"display_name": "Python 3 (ipykernel)", "language": "python", "metadata": {"debugger": True}}
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(json.dumps({"argv": argv, **named}))
    return share


def _command(folder: RunFolder, first_page: str, port: int | None) -> list[str]:
    page = (folder.pages / f"{first_page}.ipynb").relative_to(folder.root).as_posix()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.ip={LOOPBACK}"]
    command += [f"--ServerApp.port={port or FIRST_PORT}", f"--ServerApp.port_retries={0 if port else TRIES}"]
    command += [f"--ServerApp.root_dir={folder.root}", f"--ServerApp.default_url=/lab/tree/{page}"]
    # A tab that was left open on another run, whose server had this port before, reaches nothing of this one.
    command += [f"--ServerApp.base_url=/{folder.name}/"]
    command += [f"--LabApp.app_settings_dir={settings(folder)}", f"--LabApp.workspaces_dir={folder.lab / 'layout'}"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [*command, f"--ServerApp.jpserver_extensions={EXTENSIONS}"]


def _environment(folder: RunFolder) -> dict[str, str]:
    """Give the server's environment; kernels inherit it; and so the token is on no command line."""
    home, given = project(), surroundings().get("JUPYTER_PATH", "")
    return {
        **surroundings(),
        "JUPYTER_TOKEN": secrets.token_urlsafe(32),
        "JUPYTER_PATH": os.pathsep.join([str(kernels(folder)), *([given] if given else [])]),
        RUNS_VARIABLE: str(folder.root.parent),
        **({"GOLIVE_HOME": str(home)} if home else {}),
    }


def _answering(process: subprocess.Popen[bytes], log: Path) -> Living:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        for told in _runtime_files():
            if told.get("pid") != process.pid:
                continue
            one = Living(told["url"], int(told["port"]), str(told.get("token", "")), process.pid)
            if _status(one) is not None:
                return one
        time.sleep(POLL)
    how = "ended at once" if process.poll() is not None else f"did not answer in {STARTS_WITHIN:.0f} s"
    process.kill()
    process.wait()
    said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    raise GoLiveError(f"JupyterLab {how}: {said[-1][:300] if said else 'it said nothing'}\nNEXT     read {log}")


def _runtime_files() -> Iterator[Mapping[str, Any]]:
    """Give what running and dead servers of this user say of themselves; a file that is being written is none yet."""
    for path in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(told, dict) and {"pid", "port", "url"} <= told.keys():
            yield told


def _status(one: Living) -> int | None:
    """Give how the server answers to its token, None when nobody does."""
    headers = {"Authorization": f"token {one.token}"} if one.token else {}
    try:
        return httpx.get(f"{one.url}api/status", headers=headers, timeout=ANSWERS_WITHIN, trust_env=False).status_code
    except httpx.HTTPError:
        return None
