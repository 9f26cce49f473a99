"""The wheel: who has it goes forward, anybody goes back, and it changes hands by two acts with two names."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from golive.cli import main
from golive.core.errors import Stopped
from golive.core.record import Kind
from golive.core.verdict import Word
from golive.notebook import page as page_module
from golive.notebook.page import Page
from tests.notebooks.desk import look, make_run, shifted_and_proven, verdict


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "attended", lambda: True)
    return make_run(tmp_path, name="golive-1")


def page_of(run, name):
    return Page(replace(run, who=replace(run.who, name=name)), "canary-25")


def bodies(run, kind):
    return [entry.body for entry in run.store.read() if entry.kind is kind]


async def test_who_opened_the_run_has_the_wheel_and_another_is_told_who_has_it_and_how_to_take_it(run):
    bob = page_of(run, "bob")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    bob.judge()
    with pytest.raises(Stopped, match="ada has the wheel since .*; you are bob") as stop:
        bob.decide("proceed", bob.here.judged.code, "all is well")

    assert "go.take_wheel(" in stop.value.next and 'operator = "ada"' in stop.value.next
    assert Kind.DECISION not in [entry.kind for entry in run.store.read()]


def test_another_may_hold_and_judge_without_the_wheel(run):
    bob = page_of(run, "bob")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    bob.judge()

    assert bob.decide("hold", bob.here.judged.code, "I want to see more").word == "DONE"


async def test_a_shift_without_the_wheel_asks_the_guard_for_nothing(run):
    bob = page_of(run, "bob")
    good = {"stage": "start", "passed": True, "counts": {}, "good_until": "2100-01-01T00:00:00Z"}
    run.append(Kind.CHECKED, good, "canary-25")
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1"})

    with pytest.raises(Stopped, match="ada has the wheel"):
        await bob.shift()
    assert bodies(run, Kind.REQUEST) == []


def test_the_wheel_is_handed_over_by_one_and_taken_by_the_other(run):
    ada, bob = page_of(run, "ada"), page_of(run, "bob")
    said = ada.hand_over(to="bob", because="end of my shift")
    assert said.next == "golive take-wheel golive-1 --operator 'bob'"
    assert ada.state.wheel.has("ada") and "wheel" in str(ada) and "handed to bob" in str(ada)
    bob.take_wheel()

    assert (bob.state.wheel.name, bob.state.wheel.offered_to) == ("bob", "")
    assert bodies(run, Kind.HANDED_OVER) == [{"from": "ada", "to": "bob", "because": "end of my shift"}]
    taken = {"by": "bob", "from": "ada", "offered": True, "because": "end of my shift"}
    assert bodies(run, Kind.WHEEL_TAKEN) == [taken]
    with pytest.raises(Stopped, match="bob has the wheel"):
        ada.hand_over(to="cid", because="once more")
    assert bob.take_wheel().word == "NOTHING DONE"


def test_who_was_not_handed_the_wheel_takes_it_with_a_reason_or_not_at_all(run):
    bob = page_of(run, "bob")
    with pytest.raises(Stopped, match="has not handed it to bob"):
        bob.take_wheel()
    bob.take_wheel(because="ada does not answer her phone")

    assert bodies(run, Kind.WHEEL_TAKEN)[0]["offered"] is False
    assert bob.state.wheel.name == "bob"


@pytest.mark.parametrize(("to", "because"), [("", "why"), ("bob", ""), (" ", "…"), ("…", "why")])
def test_a_hand_over_needs_a_name_and_a_reason(run, to, because):
    with pytest.raises(Stopped, match="a name and a reason"):
        page_of(run, "ada").hand_over(to=to, because=because)


def test_after_the_end_nobody_takes_anything(run):
    run.append(Kind.RUN_CLOSED, {"result": "completed", "why": ""})

    with pytest.raises(Stopped, match="was closed as completed"):
        page_of(run, "ada").hand_over(to="bob", because="why")


def test_the_command_line_hands_over_and_takes_in_two_names(run):
    runs = ["--runs", str(run.folder.root.parent)]
    asked = ["golive-1", *runs, "--operator"]
    handed = CliRunner().invoke(main, ["hand-over", "--to", "bob", "--because", "lunch", *asked, "ada"])
    taken = CliRunner().invoke(main, ["take-wheel", *asked, "bob"])
    refused = CliRunner().invoke(main, ["hand-over", "--to", "cid", "--because", "lunch", *asked, "ada"])

    assert "DONE   ada hands the wheel to bob" in handed.output
    assert "DONE   bob was handed the wheel from ada: lunch" in taken.output
    assert refused.exit_code == 1 and "STOPPED  bob has the wheel" in refused.stderr
