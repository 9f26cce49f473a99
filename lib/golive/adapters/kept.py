"""Evidence that people bring: a copy beside the record, named by its hash, that the archive takes in."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from golive.adapters.files import FileTrouble, read_bounded

LARGEST = 10_000_000
SHOWN = 16


class KeepFailed(Exception):
    """A file can't be kept: which, why, and what was expected."""


@dataclass(frozen=True)
class Kept:
    """A kept file: its name in the folder of evidence, and its SHA-256."""

    name: str
    sha256: str


def keep(source: Path, folder: Path) -> Kept:
    """Copy a file into the folder of evidence; the same content is kept once.

    Raises:
        KeepFailed: If it is no plain file, empty, or larger than 10 MB, or could not be written.
    """
    try:
        content = read_bounded(source, LARGEST)
    except FileTrouble as error:
        raise KeepFailed(f"{source} can't be kept: {error}") from error
    if not content:
        raise KeepFailed(f"{source} is empty: it shows nothing")
    digest = hashlib.sha256(content).hexdigest()
    name = f"{digest[:SHOWN]}-{re.sub(r'[^A-Za-z0-9._-]', '_', source.name)[-80:]}"
    try:
        folder.mkdir(exist_ok=True)
        draft = folder / f".{name}.tmp"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except OSError as error:
        raise KeepFailed(f"{source} can't be kept in {folder}: {error.strerror}") from error
    return Kept(name, digest)
