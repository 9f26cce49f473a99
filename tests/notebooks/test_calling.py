"""The incident's page says who is due now; the first look is written down where nothing else tells of a beginning."""

import pytest

from golive.core.errors import StoreUnavailable
from golive.core.record import Kind
from golive.notebook.emergency import Emergency
from tests.notebooks.desk import make_run


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path, alone=False)


def asked(run):
    return [entry for entry in run.store.read() if entry.body.get("incident")]


def from_when(answer):
    return dict(answer.facts)["counted from"]


def test_the_first_look_counts_for_every_page_and_every_restarted_kernel_after_it(run):
    first = Emergency(run, "OPEN RUN").escalation()
    run.clock.advance_minutes(6)
    second = Emergency(run, "OPEN RUN").escalation()

    assert "level 1 is due now" in first.headline and "level 2 is due now" in second.headline
    assert from_when(first) == from_when(second) and "the first look at whom to call" in from_when(first)
    assert len(asked(run)) == 1


def test_a_rollback_counts_from_when_it_was_asked_for_and_writes_nothing(run):
    run.append(Kind.REQUEST, {"act": "rollback", "because": "5xx"}, "canary-25")
    run.clock.advance_minutes(16)
    answer = Emergency(run, "OPEN RUN").escalation()

    assert "level 3 is due now" in answer.headline and "the rollback that ada asked for" in from_when(answer)
    assert asked(run) == []


def test_a_closed_run_calls_nobody_by_a_clock_and_gets_no_entry(run):
    run.append(Kind.RUN_CLOSED, {"result": "completed", "why": "over"})
    answer = Emergency(run, "CLOSED RUN").escalation()

    assert answer.headline == "call in this order" and answer.facts == []
    assert asked(run) == []


def test_a_store_that_refuses_an_entry_keeps_nobody_from_being_called(run, monkeypatch):
    def full(*given):
        raise StoreUnavailable("record run: disk is full\nNEXT     make room")

    monkeypatch.setattr(type(run.store), "append", full)
    answer = Emergency(run, "OPEN RUN").escalation()

    assert "level 1 is due now" in answer.headline
    assert "disk is full; run this cell again" in dict(answer.facts)["not written down"]
