"""A folder for a stack's own files, short enough for the path of a socket."""

from __future__ import annotations

import tempfile
from pathlib import Path

LONGEST_SOCKET = 107  # bytes: sun_path of unix(7) holds 108, the last a NUL
BESIDE = len("/haproxy.sock.1234567.tmp")  # HAProxy binds under such a name first, then renames


def scratch(folder: Path) -> Path:
    """Make and give `folder`/stack, or a folder of its own under the system's short one when that is too deep."""
    wanted = folder / "stack"
    if len(bytes(wanted.resolve())) + BESIDE > LONGEST_SOCKET:
        return Path(tempfile.mkdtemp(prefix="golive-"))
    wanted.mkdir(mode=0o700, exist_ok=True)
    return wanted.resolve()
