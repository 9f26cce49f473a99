"""Where papermill finds the engine `golive`, whichever of the two is imported first."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Give what the engine's module has; papermill loads this entry point while it is imported itself."""
    import papermill  # noqa: F401

    from golive.execution import engine

    return getattr(engine, name)
