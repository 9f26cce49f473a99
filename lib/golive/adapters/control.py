"""The Roll back control from a kernel's side: the Jupyter server that started it, the address, and the drill."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from jupyter_core.paths import jupyter_runtime_dir

from golive.folders import RunFolder, runs_root

PARENT = "JPY_PARENT_PID"  # Jupyter sets it in each kernel to the process that started it
HUB_TOKEN = "JUPYTERHUB_API_TOKEN"
WITHIN = 8.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Server:
    """A Jupyter server of this user on this host.

    Attributes:
        url: Where it answers on this host, with its base; ends with a slash.
        base: Its base URL, as a browser's path: it holds behind a tunnel and in JupyterHub, too.
        root: The folder that it shows.
        socket: Its Unix socket, "" when it listens on a port.
    """

    url: str
    base: str
    token: str
    root: Path
    socket: str = ""


@dataclass(frozen=True)
class Drilled:
    """What the control's drill came to: `said` is what it would do, or why it is dead."""

    alive: bool
    said: str
    seconds: float


def own_server(environment: Mapping[str, str] = os.environ) -> Server | None:
    """Give the server that started this kernel; None when none did, as for papermill and a remote kernel."""
    parent = environment.get(PARENT, "")
    if not parent.isdigit():
        return None
    try:
        said = json.loads((Path(jupyter_runtime_dir()) / f"jpserver-{parent}.json").read_text(encoding="utf-8"))
        token = str(said["token"] or environment.get(HUB_TOKEN, ""))
        return Server(said["url"], said["base_url"], token, Path(said["root_dir"]), str(said.get("sock") or ""))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def path_of(server: Server, page: str, folder: RunFolder) -> str:
    """Give the path of one of golive's pages for a run, from the root of whatever host the browser is at."""
    name = folder.name if folder.root.parent == runs_root(server.root).resolve() else str(folder.root)
    return f"{server.base}golive/{page}?run={quote(name, safe='')}"


def drill(server: Server, folder: RunFolder) -> Drilled:
    """Go the control's way for a run by HTTP, but for the last step; moves nobody and never raises for its trouble."""
    begun = time.monotonic()
    try:
        with _client(server) as client:
            _asked(client.get(_under(server, "rollback", folder)), 'name="because"')
            would = _asked(client.post(_under(server, "drill", folder)), '"would"').json()
        said = f"would {would['would']}" + (f" ({would['because']})" if would["because"] else "")
        alone = f"; without a guard it could not act: {would['alone']}" if would["alone"] else ""
        return Drilled(True, said + alone, time.monotonic() - begun)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        why = str(error) or type(error).__name__
        return Drilled(False, why.splitlines()[0], time.monotonic() - begun)


def _client(server: Server) -> httpx.Client:
    headers = {"Authorization": f"token {server.token}"} if server.token else {}
    ours = urlsplit(server.url).hostname in LOOPBACK  # whose own certificate nobody else has signed
    transport = httpx.HTTPTransport(uds=server.socket, verify=not ours) if server.socket else None
    return httpx.Client(headers=headers, timeout=WITHIN, verify=not ours, transport=transport, trust_env=False)


def _under(server: Server, page: str, folder: RunFolder) -> str:
    return server.url + path_of(server, page, folder).removeprefix(server.base)


def _asked(answer: httpx.Response, wanted: str) -> httpx.Response:
    """Give an answer that is what the extension answers.

    Raises:
        ValueError: If it is not; says what came instead.
    """
    if answer.status_code == 404:
        raise ValueError("this Jupyter server has no page of golive: its extension is not enabled")
    if answer.status_code != 200:
        raise ValueError(f"the page answers {answer.status_code} {answer.reason_phrase}")
    if wanted not in answer.text:
        raise ValueError("the page answers, but with something else than the control")
    return answer
