"""Executed notebooks as HTML that needs no network and no script."""

from __future__ import annotations

import html
import re

import nbformat
from nbformat.v4 import new_output

STYLE = """body{font-family:system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;line-height:1.4}
body{color:#111;background:#fff}pre{white-space:pre-wrap;overflow-wrap:anywhere}.prompt,.jp-InputPrompt,.jp-OutputPrompt,.anchor-link{display:none}
.input_area,.jp-InputArea{border-left:3px solid #bbb;padding-left:.8em;margin:.6em 0}table{border-collapse:collapse}
.output_error pre,.output_stream pre{border-left:6px double #111;padding:.3em .8em}
td,th{padding:.1em .7em .1em 0;vertical-align:top}"""
PAPERMILL_BANNER = "papermill-error-cell-tag"
NEVER_RAN = "– NEVER RAN   this page did not get here\n"
_SCRIPT = re.compile(r"<script\b.*?</script\s*>|<(?:link|iframe|object|embed|base|meta)\b[^>]*>", re.I | re.S)
_PAGE = re.compile(r'href="([\w-]+)\.ipynb"')
_HANDLER = re.compile(r"\son\w+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)


def page_html(text: str, title: str) -> str:
    """Give an executed notebook's text as one HTML page, with a line at its top when it was not run to its end."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    nb = nbformat.reads(text, as_version=4)
    nb.metadata.pop("widgets", None)
    nb.cells = [cell for cell in nb.cells if PAPERMILL_BANNER not in cell.metadata.get("tags", ())]
    for cell in nb.cells:
        if cell.cell_type == "code" and cell.execution_count is None and not cell.outputs:
            cell.outputs = [new_output("stream", name="stdout", text=NEVER_RAN)]
    exporter = HTMLExporter(config=Config(), template_name="basic")
    body, _ = exporter.from_notebook_node(nb)
    clean = _HANDLER.sub("", _SCRIPT.sub("", body))
    clean = _PAGE.sub(r'href="\1.html"', clean).replace('href="../../index.html"', 'href="../index.html"')
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        f"style-src 'unsafe-inline'\"><style>{STYLE}</style></head><body>"
        f'<p><a href="../index.html">the whole go-live</a></p>{_unfinished(nb)}{clean}</body></html>'
    )


def _unfinished(nb: nbformat.NotebookNode) -> str:
    ended = nb.metadata.get("papermill", {}).get("golive", {"complete": True})
    return "" if ended["complete"] else f"<p><b>■ not run to its end:</b> {html.escape(str(ended['why']))}</p>"
