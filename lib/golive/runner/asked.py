"""What a rehearsal was asked to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """A rehearsal as it was asked for. `faults` are texts such as `errors@3`; `runs` is the folder for the run."""

    plan: str = "sandbox"
    operator: str = "rehearsal"
    faults: Sequence[str] = ()
    true_limits: bool = False
    runs: Path | None = None
