"""A document is held against a schema offline, and neither a schema nor a document is shown to the world."""

import pytest

from golive.adapters.schemas import SchemaWrong, first_flaw

ANSWER = {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string", "minLength": 1}}}


def test_a_document_that_fits_has_no_flaw():
    assert first_flaw(ANSWER, {"answer": "yes"}) == ""


def test_a_flaw_names_its_place_and_not_what_stands_there():
    flaw = first_flaw({"type": "object", "properties": {"mail": {"format": "email"}}}, {"mail": "ada at example"})

    assert flaw.startswith("mail:") and "ada" not in flaw


@pytest.mark.parametrize(
    "schema",
    [42, {"type": "nope"}, {"$ref": "#/nowhere"}, {"$ref": "http://127.0.0.1:1/x.json"}, {"pattern": "("}, None, []],
)
def test_a_schema_that_is_none_or_wants_the_network_is_refused(schema):
    with pytest.raises(SchemaWrong):
        first_flaw(schema, {})


def test_a_pattern_that_would_never_end_ends():
    assert first_flaw({"pattern": "^(a+)+$"}, "a" * 60 + "!")
