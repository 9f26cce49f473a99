"""An IPython extension: a kernel that loads it has imported and drawn what a page needs before its first cell."""

from __future__ import annotations

import importlib
import io
from typing import Any

from matplotlib.figure import Figure

MODULES = (
    "golive.notebook",
    "golive.pages.charts",
    "golive.adapters.metrics.sandbox",
    "golive.adapters.health.http",
    "golive.adapters.logs.jsonl",
    "golive.adapters.routers.sandbox",
    "golive.adapters.checks.run",
    "golive.adapters.checks.site",
    "golive.adapters.checks.watching",
)


def load_ipython_extension(shell: Any) -> None:
    """Import what pages import, and draw once: matplotlib finds its fonts at the first drawing."""
    for name in MODULES:
        importlib.import_module(name)
    figure = Figure(layout="constrained")
    figure.subplots().set_title("warm")
    figure.savefig(io.BytesIO())
