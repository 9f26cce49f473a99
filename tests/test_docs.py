"""The documents name everything that there is."""

from pathlib import Path

from golive.core import plan
from golive.core.record import Kind

DOCS = Path(__file__).parents[1] / "docs"


def test_every_key_of_a_plan_is_documented():
    text = (DOCS / "plan.md").read_text()
    parts = [p for p in vars(plan).values() if isinstance(p, type) and issubclass(p, plan.Part) and p is not plan.Part]

    assert not [
        n for part in parts for n in part.model_fields if f"`{n}" not in text and n not in text.split("criteria")[1]
    ]


def test_every_kind_of_entry_is_documented():
    text = (DOCS / "record.md").read_text()

    assert not [kind for kind in Kind if f"`{kind}`" not in text]
