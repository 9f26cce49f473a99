"""What comes days later: addenda beside a sealed archive, each chained to what was there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from pathlib import Path

from golive.archive import manifest
from golive.core.canonical import canonical
from golive.core.errors import ArchiveBroken


def add(root: Path, source: Path, *, who: str, because: str, at: str) -> Path:
    """Add a copy of `source`, with who, why and when; give its path.

    Raises:
        ArchiveBroken: If the archive is not sealed.
    """
    return add_content(root, source.name, source.read_bytes(), who=who, because=because, at=at)


def add_content(root: Path, name: str, content: bytes, *, who: str, because: str, at: str) -> Path:
    """Add a file of this name and content, durably and one at a time; give its path.

    Raises:
        ArchiveBroken: If the archive is not sealed.
    """
    if not (root / manifest.SEAL).is_file():
        raise ArchiveBroken(f"{root.name} is not sealed\nNEXT     golive seal {root.name}")
    folder = root / "addenda"
    folder.mkdir(exist_ok=True)
    with (root / manifest.SEAL).open() as seal:
        fcntl.flock(seal, fcntl.LOCK_EX)
        told = _told(folder)
        prev = manifest.sha256(told[-1]) if told else seal.read().strip()
        number = f"{len(told) + 1:04}"
        target = folder / f"{number}-{re.sub(r'[^A-Za-z0-9._-]', '_', name)[:80]}"
        manifest.put(target, content)
        body = {"prev": prev, "file": target.name, "sha256": hashlib.sha256(content).hexdigest()}
        manifest.put(folder / f"{number}.json", canonical({**body, "who": who, "because": because, "at": at}))
    return target


def verify(root: Path) -> int:
    """Give how many addenda there are.

    Raises:
        ArchiveBroken: At the first that does not follow from what was there.
    """
    folder = root / "addenda"
    if not folder.is_dir():
        return 0
    prev = (root / manifest.SEAL).read_text().strip()
    expected = set()
    for path in _told(folder):
        data = _entry(path)
        if data.get("prev") != prev:
            raise ArchiveBroken(f"addenda/{path.name} does not follow what was there before it")
        if not (folder / data["file"]).is_file() or manifest.sha256(folder / data["file"]) != data["sha256"]:
            raise ArchiveBroken(f"addenda/{data['file']} was changed or is missing")
        expected |= {path.name, data["file"]}
        prev = manifest.sha256(path)
    extra = sorted({path.name for path in folder.iterdir()} - expected)
    if extra:
        raise ArchiveBroken(f"addenda/{extra[0]} was added without its entry")
    return len(expected) // 2


def _entry(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    try:
        data = json.loads(content)
    except ValueError:
        data = None
    if not isinstance(data, dict) or canonical(data) != content:
        raise ArchiveBroken(f"addenda/{path.name} is no entry of an addendum")
    return data


def _told(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[0-9]*.json") if re.fullmatch(r"\d{4}\.json", path.name))
