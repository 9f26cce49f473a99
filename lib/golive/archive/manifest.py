"""The manifest: canonical JSON of path to SHA-256, and the seal that is its own hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from golive.core.canonical import canonical
from golive.core.errors import ArchiveBroken

MANIFEST, SEAL = "MANIFEST.json", "SEAL"
OUTSIDE = ("work", "addenda")


def files(root: Path) -> dict[str, str]:
    """Give relative path -> SHA-256 of every file of the archive but the manifest, the seal, work/ and addenda/.

    Raises:
        ArchiveBroken: If there is a link or anything else that is no plain file.
    """
    found = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if (
            relative.parts[0] in OUTSIDE
            or str(relative) in (MANIFEST, SEAL)
            or (path.is_dir() and not path.is_symlink())
        ):
            continue
        if path.is_symlink() or not path.is_file():
            raise ArchiveBroken(f"{relative.as_posix()} is no plain file")
        found[relative.as_posix()] = sha256(path)
    return found


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def seal_text(manifest: bytes) -> str:
    """Give the one line of `SEAL`."""
    return hashlib.sha256(manifest).hexdigest() + "\n"


def write(root: Path) -> str:
    """Write the manifest and, last, the seal; give the manifest's hash."""
    manifest = canonical(files(root))
    put(root / MANIFEST, manifest)
    line = seal_text(manifest)
    put(root / SEAL, line.encode())
    return line.strip()


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and durably."""
    draft = path.with_name(f".{path.name}.tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
