"""Plain selectors of PromQL: told from expressions, taken apart, and filled in for each version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from golive.adapters.prometheus_answers import EXAMPLE
from golive.core.errors import nearest
from golive.core.samples import Version

_QUOTED = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_MATCHER = rf"\s*[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*(?:{_QUOTED})\s*"
_BRACES = rf"\{{(?:{_MATCHER}(?:,{_MATCHER})*,?)?\s*\}}"
_PLAIN = re.compile(rf"\s*(?:[a-zA-Z_:][\w:]*\s*(?:{_BRACES})?|{_BRACES})\s*")
_LABEL = re.compile(rf"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*(?:{_QUOTED})")


def check_plain(selector: str) -> str:
    """Give the selector back.

    Raises:
        ValueError: If it is an expression, which can't be read as raw counts.
    """
    if not _PLAIN.fullmatch(selector):
        raise ValueError(
            f"{selector!r} is no plain selector: counts are read raw, without rate(), sum() or a range, "
            f"for example {EXAMPLE}"
        )
    return selector.strip()


def name_of(selector: str) -> str:
    """Give the metric's name that a plain selector begins with, "" when it begins with none."""
    found = re.match(r"\s*([a-zA-Z_:][\w:]*)", selector)
    return found[1] if found else ""


def labels_of(selector: str) -> tuple[str, ...]:
    """Give the labels that a plain selector matches on."""
    return tuple(_LABEL.findall(selector[selector.find("{") :])) if "{" in selector else ()


def fill(template: str, which: str, version: str) -> str:
    """Give a template for one version: `{which}` becomes the matchers that tell it, `{version}` its name.

    Empty matchers leave no comma behind.
    """
    filled = template.replace("{which}", which)
    if not which.strip():
        filled = re.sub(r"\{\s*,", "{", filled)
    return filled.replace("{version}", version)


def _texts(value: Any) -> tuple[str, ...]:
    parts = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else None
    if parts is None or not all(isinstance(part, str) for part in parts):
        raise ValueError("a text, or a list of texts, was expected")
    return parts


def _by_version(value: Any) -> Any:
    """Give stable -> texts, canary -> texts, from a text, a list, or a mapping of both versions."""
    if not isinstance(value, Mapping):
        return {version.value: _texts(value) for version in Version}
    for name in value:
        if name not in list(Version):
            raise ValueError(f"unknown version {name!r}{nearest(str(name), [version.value for version in Version])}")
    missing = [version.value for version in Version if version not in value]
    if missing:
        raise ValueError(f"nothing is said for {missing[0]}: give both, or one text with {{version}} in it")
    return {version.value: _texts(value[version]) for version in Version}


ByVersion = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_by_version)]


def only(texts: Iterable[str]) -> str:
    """Give the one text there is, "" for none; several matchers are joined as PromQL does, by a comma."""
    return ",".join(texts)
