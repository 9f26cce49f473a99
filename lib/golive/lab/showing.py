"""Opens a link in the person's browser, where one can be started; the token is on no command line."""

from __future__ import annotations

import html
import os
import sys
import webbrowser
from pathlib import Path

from golive.lab.links import surroundings

REDIRECT = """<!doctype html><meta charset="utf-8"><title>golive</title>
<meta http-equiv="refresh" content="0; url={link}"><p><a href="{link}">on to the page</a></p>
"""


def show(link: str, beside: Path) -> str:
    """Open a link through a file in `beside` that only the user may read; give why none was opened, "" when one was."""
    environment = surroundings()
    if environment.get("SSH_CONNECTION"):
        return "you came by SSH, so the browser is on your own machine"
    if sys.platform.startswith("linux") and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return "there is no display here"
    beside.mkdir(exist_ok=True)
    page = beside / "open.html"
    page.unlink(missing_ok=True)
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(REDIRECT.format(link=html.escape(link)))
    try:
        opened = webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError) as error:
        return f"no browser could be started: {error}"
    return "" if opened else "no browser is installed here"
