"""Whether a person is at this kernel, and which page it belongs to."""

from __future__ import annotations

import os


def attended() -> bool:
    """Say whether a person is at this kernel: JupyterLab allows input, papermill and nbval don't."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


def own_page() -> str:
    """Give the path of the notebook before the person at this kernel, "" when nobody is or it is unknown."""
    return os.environ.get("JPY_SESSION_NAME", "") if attended() else ""
