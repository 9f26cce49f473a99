"""YAML text to plan: every scalar read as text with its line, the schema alone gives types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from golive.core.errors import PlanError, nearest
from golive.core.plan import Plan

LARGEST = 200_000
MOST_ERRORS = 20
Path = tuple[str | int, ...]
_SECRET = re.compile(r"://[^/\s:@]+:[^/\s@]+@|(?i:[?&](token|key|secret|password)=)|^(?:ghp_|xox[bp]-|sk-|AKIA)")


def parse(text: str, file: str) -> Plan:
    """Give the plan of a YAML text.

    Raises:
        PlanError: Naming file, line, key, value and what was expected, for up to 20 errors.
    """
    if len(text) > LARGEST:
        raise PlanError(f"{file}: a plan of more than {LARGEST} characters is refused")
    reader = _Reader(file)
    data = reader.read(text)
    if reader.errors:
        raise PlanError("\n".join(reader.errors[:MOST_ERRORS]))
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        lines = [reader.say(problem) for problem in error.errors()]
        more = len(lines) - MOST_ERRORS
        raise PlanError("\n".join(lines[:MOST_ERRORS] + ([f"… and {more} more"] if more > 0 else []))) from None


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: list[str] = []
        self.lines: dict[Path, int] = {}
        self.values: dict[Path, str] = {}

    def read(self, text: str) -> Any:
        try:
            nodes = list(yaml.compose_all(text, Loader=yaml.BaseLoader))
            anchors = [t for t in yaml.scan(text, Loader=yaml.BaseLoader) if isinstance(t, _REFUSED)]
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            self.errors.append(f"{self.file} line {line}: this is no YAML: {getattr(error, 'problem', error)}")
            return None
        for token in anchors:
            kind = type(token).__name__.removesuffix("Token").lower()
            self.errors.append(f"{self.file} line {token.start_mark.line + 1}: a YAML {kind} is refused: write it out")
        if len(nodes) != 1 or not isinstance(nodes[0], yaml.MappingNode):
            self.errors.append(f"{self.file} line 1: one mapping of keys was expected, as in params/sandbox.yaml")
            return None
        return self._value(nodes[0], ()) if not self.errors else None

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            self.values[path] = node.value
            self._refuse_secret(node, path)
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, i)) for i, item in enumerate(node.value)]
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self.errors.append(f"{self.file} line {key.start_mark.line + 1}: {_key((*path, name))} stands twice")
            found[name] = self._value(value, (*path, name))
            self.lines[(*path, name)] = key.start_mark.line + 1
        return found

    def _refuse_secret(self, node: yaml.ScalarNode, path: Path) -> None:
        line = node.start_mark.line + 1
        if _SECRET.search(node.value):
            self.errors.append(
                f"{self.file} line {line}: {_key(path)} looks like a secret: put the name of an environment variable"
            )
        last = str(path[-1]) if path else ""
        if last.endswith("_variable") and not re.fullmatch(r"[A-Z][A-Z0-9_]*", node.value):
            self.errors.append(
                f"{self.file} line {line}: {_key(path)} is {node.value!r}: "
                "the name of an environment variable was expected, for example 'GOLIVE_WEBHOOK'"
            )

    def say(self, problem: Mapping[str, Any]) -> str:
        path: Path = tuple(problem["loc"])
        known = next((path[:i] for i in range(len(path), -1, -1) if path[:i] in self.lines), ())
        where = f"{self.file} line {self.lines.get(known, 1)}"
        message = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "missing":
            return f"{where}: {_key(path)} is missing"
        if problem["type"] == "extra_forbidden":
            return f"{where}: {_key(path)} is no key of a plan{nearest(str(path[-1]), _siblings(path[:-1]))}"
        value = self.values.get(known)
        said = f" is {value!r}" if value is not None and known == path else ""
        return f"{where}: {_key(path) or 'the plan'}{said}: {message}"


def _siblings(path: Path) -> list[str]:
    model: Any = Plan
    for step in path:
        if isinstance(step, int):
            continue
        model = _model_of(model, str(step))
    return list(getattr(model, "model_fields", {}))


def _model_of(model: Any, name: str) -> Any:
    field = getattr(model, "model_fields", {}).get(name)
    annotation = field.annotation if field else None
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if hasattr(candidate, "model_fields"):
            return candidate
    return None


def _key(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


_REFUSED = (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken)
