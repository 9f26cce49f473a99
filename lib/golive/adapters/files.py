"""Files of somebody else's, read whole and bounded: no pipe, no device, nothing that never ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class FileTrouble(Exception):
    """A file could not be read: why, as a clause."""


def read_bounded(path: Path, largest: int) -> bytes:
    """Give the content of a plain file of at most `largest` bytes.

    Raises:
        FileTrouble: If there is none, it may not be read, is no plain file, or is larger.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise FileTrouble(getattr(error, "strerror", None) or "this can be no path") from error
    told = os.fstat(handle)
    if not stat.S_ISREG(told.st_mode) or told.st_size > largest:
        os.close(handle)
        plain = stat.S_ISREG(told.st_mode)
        raise FileTrouble(f"{told.st_size} bytes: at most {largest} are read" if plain else "no plain file")
    with os.fdopen(handle, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise FileTrouble(f"more than {largest} bytes, and growing")
    return content
