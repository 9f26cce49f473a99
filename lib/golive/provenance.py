"""Who acts and with which code: what is claimed, and what is observed beside it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess

from golive import __version__
from golive.core.record import Who
from golive.folders import project


def who(name: str) -> Who:
    """Give the claimed name with what is observed beside it; without a name, the user's."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Who(name or user, user, socket.gethostname(), str(os.getpid()), os.environ.get("JUPYTERHUB_USER", ""))


def code_version() -> str:
    """Give the version of the code, with the commit when it runs from a checkout."""
    root = project()
    git = shutil.which("git")
    if root is None or git is None or not (root / ".git").exists():
        return __version__
    asked = subprocess.run([git, "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return f"{__version__}+{asked.stdout.strip()}" if asked.returncode == 0 and asked.stdout.strip() else __version__
