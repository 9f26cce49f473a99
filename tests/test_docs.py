"""The documents name everything that there is."""

import json
from pathlib import Path

from golive.adapters.checks.known import known
from golive.cli import main
from golive.core import guarding, plan
from golive.core.record import Kind

DOCS = Path(__file__).parents[1] / "docs"


def test_every_key_of_a_plan_is_documented():
    text = (DOCS / "plan.md").read_text()
    known = {**vars(guarding), **vars(plan)}.values()
    parts = [p for p in known if isinstance(p, type) and issubclass(p, plan.Part) and p is not plan.Part]

    assert not [
        n for part in parts for n in part.model_fields if f"`{n}" not in text and n not in text.split("criteria")[1]
    ]


def test_every_kind_of_entry_is_documented():
    text = (DOCS / "record.md").read_text()

    assert not [kind for kind in Kind if f"`{kind}`" not in text]


def test_the_supervised_guard_is_started_by_a_command_that_there_is():
    unit = (DOCS / "supervision" / "golive-guard@.service").read_text()
    container = (DOCS / "supervision" / "Containerfile").read_text()
    begun = [
        next(line for line in unit.splitlines() if line.startswith("ExecStart=")).removeprefix("ExecStart=").split(),
        json.loads(next(line for line in container.splitlines() if line.startswith("ENTRYPOINT")).split(None, 1)[1]),
    ]
    for command in begun:
        words = [word for word in command[1:] if word != "%i"]
        said = {option for parameter in main.commands[words[0]].params for option in parameter.opts}

        assert words[0] == "guard"
        assert {word for word in words if word.startswith("--")} <= said


def test_every_check_is_documented():
    text = (DOCS / "checks.md").read_text()
    assert not [name for name in known() if f"| `{name}` |" not in text]


def test_every_setting_of_a_check_is_documented():
    rows = {
        line.split("`")[1]: line for line in (DOCS / "checks.md").read_text().splitlines() if line.startswith("| `")
    }
    like = {"web-vitals-as-before": "web-vitals", "counts-as-before": "counts"}
    missing = {
        (name, key)
        for name, check in known().items()
        for key in check.settings.model_fields
        if f"`{key}`" not in rows[name] + rows.get(like.get(name, ""), "")
    }
    assert not missing
