"""JSON held against a JSON Schema; a schema that asks the network for a part of itself is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import jsonschema_rs

from golive.core.plain import plain


class SchemaWrong(Exception):
    """A schema is none: why, as a clause."""


def first_flaw(schema: Any, document: Any, others: Mapping[str, Any] | None = None) -> str:
    """Give the first place at which a document is not as its schema wants it, and why; "" when it is.

    `others` are schemas that this one may refer to, by their address.

    Raises:
        SchemaWrong: If the schema is none, or refers to one that is not among them.
    """
    try:
        registry = jsonschema_rs.Registry(list((others or {}).items()), retriever=_offline)
        validator = jsonschema_rs.validator_for(
            schema, registry=registry, validate_formats=True, retriever=_offline, mask=""
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        raise SchemaWrong(plain(str(error).splitlines()[0] if str(error) else type(error).__name__, 150)) from error
    flaw = next(iter(validator.iter_errors(document)), None)
    if flaw is None:
        return ""
    place = "/".join(map(str, flaw.instance_path)) or "the whole"
    return plain(f"{place}: {flaw.message}", 200)


def _offline(address: str) -> NoReturn:
    raise ValueError(f"it refers to {address}, which is not asked for")
