"""Whether this installation's ipykernel is one of those that the pages were tried with."""

from __future__ import annotations

from importlib import metadata

from packaging.requirements import Requirement

KERNEL = "ipykernel"


def untested_kernel() -> str:
    """Say in a sentence that the ipykernel installed here is outside the range that was tried, "" when it is inside."""
    wanted = next(
        (one for line in metadata.requires("golive") or () if (one := Requirement(line)).name == KERNEL), None
    )
    have = metadata.version(KERNEL)
    if wanted is None or wanted.specifier.contains(have, prereleases=True):
        return ""
    return (
        f"ipykernel {have} is outside the range that was tried ({wanted.specifier}): controls inside a page may not "
        'answer while a cell runs; the guard, await go.rollback(because="…") and golive rollback do'
    )
