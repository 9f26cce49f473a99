"""Vercel's dated contract: where its file is, every request to the double and every answer of it is held against it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).resolve().parents[4] / "shared" / "facts" / "vercel-openapi-subset.json"
WHY_NOT = f"{FILE} is not here: requests and answers are held against the project's own models alone"
NOT_IN_IT = ("activeStageIndex", "format")  # the command-line client sends them, and the contract knows neither
NOT_HELD = (("POST", "/v13/deployments"),)  # what the command-line client sends there the contract refuses
OLDER = (
    (re.compile("^/teams/"), "/v2/teams/"),
    (re.compile("^/v9/(projects/[^/]+/rollback/)"), r"/v1/\1"),
    (re.compile("^/v3/now/"), "/v3/"),
)
METHODS = ("get", "post", "put", "patch", "delete")
BESIDES = {  # what the file leaves out, as vercel.com/docs/rest-api/deployments/delete-a-deployment has it
    "/v13/deployments/{id}": {
        "delete": {
            "parameters": [{"in": "query", "name": name} for name in ("url", "teamId", "slug")],
            "responses": {
                "200": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["state", "uid"],
                                "properties": {"uid": {"type": "string"}, "state": {"enum": ["DELETED"]}},
                            }
                        }
                    }
                },
                **{status: {} for status in ("400", "401", "403", "404")},
            },
        }
    }
}


class Contract:
    """Operations by method and path; what breaks them is a text."""

    def __init__(self, document: dict[str, Any]) -> None:
        document = _plain({**document, "paths": {**document["paths"], **BESIDES}})
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:vercel", resource)
        self._operations = [
            (method, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path, of[method])
            for path, of in document["paths"].items()
            for method in METHODS
            if method in of
        ]

    def wrong(self, method: str, path: str, query: Any, body: Any, status: int, answer: Any) -> Iterator[str]:
        """Give what of an exchange breaks the contract; `answer` None when it was no JSON."""
        found = self._find(method, path)
        if found is None:
            yield f"{method} {path} is in no operation"
            return
        place, operation = found
        known = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
        yield from (f"{method} {path}: query {name} is unknown" for name in query if name not in (*known, *NOT_IN_IT))
        if "requestBody" in operation and status < 400 and (method, path) not in NOT_HELD:
            where = f"#/paths/{place}/requestBody/content/application~1json/schema"
            sent = {k: v for k, v in body.items() if k not in NOT_IN_IT} if isinstance(body, dict) else body
            yield from (f"{method} {path}: sent {said}" for said in self._against(where, sent))
        answers = operation["responses"]
        if str(status) not in answers:
            if status < 500:
                yield f"{method} {path}: answer {status} is not among {', '.join(answers)}"
        elif answer is not None and "application/json" in answers[str(status)].get("content", {}):
            where = f"#/paths/{place}/responses/{status}/content/application~1json/schema"
            yield from (f"{method} {path}: answered {said}" for said in self._against(where, answer))

    def _find(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Give an operation; the command-line client's older paths stand for those of the contract."""
        for older, newer in OLDER:
            path = older.sub(newer, path)
        for verb, pattern, template, operation in self._operations:
            if verb == method.lower() and pattern.fullmatch(path):
                place = template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
                return f"{place}/{verb}", operation
        return None

    def _against(self, where: str, instance: Any) -> Iterator[str]:
        for error in _validator(self, where).iter_errors(instance):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"


@functools.lru_cache(maxsize=200)
def _validator(contract: Contract, where: str) -> Any:
    return jsonschema.Draft202012Validator({"$ref": f"urn:vercel{where}"}, registry=contract._registry)


@functools.cache
def contract() -> Contract | None:
    """Give the contract; None where its file is not."""
    return Contract(json.loads(FILE.read_text())) if FILE.is_file() else None


def _plain(part: Any) -> Any:
    """Give OpenAPI 3.0 as JSON Schema: `nullable` as a second type, and `oneOf` as what fits at least once."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {("anyOf" if key == "oneOf" and isinstance(of, list) else key): _plain(of) for key, of in part.items()}
    if made.pop("nullable", None) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made
