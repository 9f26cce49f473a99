"""How a person gets to a page: a link here, through a tunnel, or below a JupyterHub."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from golive.core.errors import Stopped

HUB_PREFIX = "JUPYTERHUB_SERVICE_PREFIX"


def link(url: str, token: str, path: str) -> str:
    """Give the address of a file in JupyterLab, with the token that lets its reader in; `path` is below the root."""
    asked = f"?{urlencode({'token': token})}" if token else ""
    return f"{url.rstrip('/')}/lab/tree/{quote(path)}{asked}"


def tunnel(environment: Mapping[str, str], port: int) -> str:
    """Give the command for one's own machine that makes the link work there; "" where nobody came by SSH."""
    words = environment.get("SSH_CONNECTION", "").split()
    if len(words) != 4:
        return ""
    host = f"[{words[2]}]" if ":" in words[2] else words[2]
    return f"ssh -N -L {port}:127.0.0.1:{port} {getpass.getuser()}@{host}"


def in_hub(environment: Mapping[str, str]) -> bool:
    """Say whether this process belongs to a server of a JupyterHub."""
    return bool(environment.get(HUB_PREFIX))


def hub_root(environment: Mapping[str, str]) -> Path:
    """Give the folder that the hub's server shows: as its terminals say, else the user's home."""
    return Path(environment.get("JUPYTER_SERVER_ROOT") or Path.home()).resolve()


def need_shown(environment: Mapping[str, str], folder: Path) -> None:
    """Raise Stopped when the hub's server doesn't show a folder, so that no link leads there."""
    root = hub_root(environment)
    if not folder.resolve().is_relative_to(root):
        raise Stopped(
            f"{folder} is not below {root}, which is all that this hub's server shows",
            f"golive open again with --runs {root}/runs, or another folder below it",
        )


def hub_link(environment: Mapping[str, str], page: Path) -> str:
    """Give the address of a page below the hub's prefix: whole where the hub says its own, else from its host on."""
    path = page.resolve().relative_to(hub_root(environment)).as_posix()
    public = environment.get("JUPYTERHUB_PUBLIC_URL", "")
    prefix = public or environment.get("JUPYTERHUB_HOST", "") + environment[HUB_PREFIX]
    return link(prefix, "", path)


def surroundings() -> Mapping[str, str]:
    """Give this process's environment."""
    return os.environ
