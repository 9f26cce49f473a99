"""Which disks a record may lie on: those whose file locks hold."""

from __future__ import annotations

import re
from pathlib import Path

from golive.core.errors import StoreUnavailable

MOUNTS = Path("/proc/mounts")
FAMILIES = ("nfs", "cifs", "smb", "fuse", "9p", "virtiofs")  # nfs4, smb3, fuseblk, fuse.sshfs and the like
NETWORK = ("afs", "beegfs", "ceph", "coda", "drvfs", "gfs2", "gpfs", "lustre", "ncpfs", "ocfs2", "prl_fs", "vboxsf")


def refuse_network(folder: Path, mounts: str | None = None) -> None:
    """Raise StoreUnavailable when `folder` lies on a network file system or on FUSE, whose locks can't be trusted.

    Args:
        mounts: The table of mounts, as Linux writes it; None for this machine's own.
    """
    if mounts is None:
        if not MOUNTS.exists():
            return
        mounts = MOUNTS.read_text(errors="surrogateescape")
    kind = _kind(folder.resolve(), mounts)
    if kind.startswith(FAMILIES) or kind in NETWORK:
        raise StoreUnavailable(
            f"{folder} lies on {kind}, where file locks can't be trusted\nNEXT     --runs a folder on a local disk"
        )


def _kind(where: Path, mounts: str) -> str:
    """Give the kind of the file system that `where` lies on; of several mounted over one another the last."""
    best, found = -1, ""
    for line in mounts.splitlines():
        _, mount, kind, *_ = line.split(" ")
        root = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), mount))
        if (where == root or root in where.parents) and len(root.parts) >= best:
            best, found = len(root.parts), kind
    return found
