"""The Roll back control and the status page, as an extension of the Jupyter server; nothing here needs a kernel."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "golive.server"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    from golive.server.handlers import add_to

    add_to(serverapp)
