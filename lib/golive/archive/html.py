"""Executed notebooks as HTML that needs no network and no script."""

from __future__ import annotations

import html
import re

import nbformat

STYLE = """body{font-family:system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;line-height:1.4}
pre{white-space:pre-wrap;overflow-wrap:anywhere}.jp-InputPrompt,.jp-OutputPrompt,.anchor-link{display:none}
.input_area,.jp-InputArea{border-left:3px solid #bbb;padding-left:.8em;margin:.6em 0}table{border-collapse:collapse}
td,th{padding:.1em .7em .1em 0;vertical-align:top}"""
_SCRIPT = re.compile(r"<script\b.*?</script\s*>|<(?:link|iframe|object|embed|base|meta)\b[^>]*>", re.I | re.S)
_HANDLER = re.compile(r"\son\w+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)


def page_html(text: str, title: str) -> str:
    """Give an executed notebook's text as one HTML page."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    nb = nbformat.reads(text, as_version=4)
    nb.metadata.pop("widgets", None)
    exporter = HTMLExporter(config=Config(), template_name="basic")
    body, _ = exporter.from_notebook_node(nb)
    clean = _HANDLER.sub("", _SCRIPT.sub("", body))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        f"style-src 'unsafe-inline'\"><style>{STYLE}</style></head><body>{clean}</body></html>"
    )
