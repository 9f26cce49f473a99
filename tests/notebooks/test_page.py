"""A page does what it says, stops in two lines, and never counts words that were typed for something else."""

import asyncio
import contextlib
import json

import pytest

from golive import rescue
from golive.core.errors import Stopped
from golive.core.record import Kind
from golive.core.verdict import Word
from golive.notebook import deciding
from golive.notebook import soak as soak_module
from golive.notebook.desk import Desk
from golive.notebook.page import Page
from golive.ports import Done, Split
from tests.notebooks.desk import answering_guard, look, make_run, shifted_and_proven, verdict


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path)


@pytest.fixture
def attended(monkeypatch):
    monkeypatch.setattr(deciding, "attended", lambda: True)


@pytest.fixture
def judged(run):
    """Give a page whose verdict waits for a decision, and the verdict's code."""
    return judge(run, Word.PROCEED)


def judge(run, word):
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(word))
    page.judge()
    return page, page.here.judged.code


def kinds(run):
    return [entry.kind for entry in run.store.read()]


@contextlib.asynccontextmanager
async def guarded(run):
    guard = asyncio.ensure_future(answering_guard(run))
    await asyncio.sleep(0.02)
    yield
    guard.cancel()


class FakeRouter:
    async def read(self):
        return Split(0.0)

    async def rollback(self, reason):
        return Done(Split(0.0))


def test_an_undecided_gate_stops_in_two_lines_that_say_what_to_type(judged, attended):
    page, code = judged

    with pytest.raises(Stopped) as stop:
        page.decide("")
    lines = stop.value._render_traceback_()
    assert [line.split()[0] for line in lines] == ["STOPPED", "NEXT"]
    assert f'go.decide("proceed", "{code}"' in lines[1]


@pytest.mark.parametrize(
    ("choice", "wrong_code", "because", "why"),
    [
        ("proced", "", "all is well", "is no decision"),
        ("proceed", "ZZZZ", "all is well", "is not the newest verdict"),
        ("proceed", "", "", "needs a reason"),
        ("proceed", "", "…", "needs a reason"),
    ],
)
def test_words_that_do_not_answer_the_verdict_decide_nothing(judged, attended, choice, wrong_code, because, why):
    page, code = judged

    with pytest.raises(Stopped, match=why):
        page.decide(choice, wrong_code or code, because)
    assert Kind.DECISION not in kinds(page.run)


def test_a_stale_verdict_has_to_be_judged_again(judged, attended):
    page, code = judged
    page.run.clock.advance_minutes(11)

    with pytest.raises(Stopped, match="11 min old") as stop:
        page.decide("proceed", code, "all is well")
    assert stop.value.next == "go.judge()"


def test_words_for_an_earlier_verdict_do_not_answer_a_newer_one_of_another_tab(judged, attended):
    page, earlier = judged
    Page(page.run, "canary-25").judge()

    with pytest.raises(Stopped, match="not the newest verdict"):
        page.decide("proceed", earlier, "all is well")


def test_a_decision_is_signed_by_the_operator_and_closes_the_page_with_its_own_run(judged, attended):
    page, code = judged
    page.decide("proceed", code.lower(), "nobody complained")
    closed = page.close()

    assert page.here.decision.name == "ada"
    assert page.here.decision.because == "nobody complained"
    assert page.state.closed == "completed"
    assert "golive seal" in closed.next


def test_unattended_the_policy_signs_and_follows_the_verdict(judged):
    page, _ = judged
    page.decide("")

    assert (page.here.decision.name, page.here.decision.choice) == ("policy", "proceed")


def test_nobody_goes_on_against_rollback(run, attended):
    page, code = judge(run, Word.ROLLBACK)

    with pytest.raises(Stopped, match="nobody goes forward"):
        page.decide("proceed", code, "I am sure")


def test_more_careful_than_the_verdict_is_free_and_hands_nothing_over(judged, attended):
    page, code = judged
    page.decide("hold", code, "I want to see more")

    with pytest.raises(Stopped, match="decided to hold"):
        page.close()


@pytest.mark.parametrize(
    ("call", "typed"),
    [
        (lambda page: page.soak(), "await go.soak()"),
        (lambda page: page.rollback("5xx"), 'await go.rollback("5xx")'),
        (lambda page: page.rollback(because="5xx"), 'await go.rollback(because="5xx")'),
    ],
)
def test_a_forgotten_await_says_that_nothing_was_done_and_what_to_type(run, call, typed):
    page = Page(run, "canary-25")
    before = kinds(run)
    shown = call(page)._repr_mimebundle_()["text/plain"].splitlines()

    assert "STOPPED" in shown[0] and "nothing was done" in shown[0]
    assert shown[1] == f"NEXT  {typed}"
    assert kinds(run) == before


async def test_a_rollback_without_a_reason_does_nothing(judged):
    page, _ = judged
    before = kinds(page.run)

    for because in ("", "  "):
        assert (await page.rollback(because)).word == "NOTHING DONE"
    assert kinds(page.run) == before


async def test_a_rollback_through_the_guard_ends_a_page_that_was_opened_alone(judged):
    page, code = judged
    async with guarded(page.run):
        answer = await page.rollback("errors on checkout")
    with pytest.raises(Stopped, match="errors on checkout") as stop:
        page.decide("proceed", code, "all is well")

    assert (answer.word, answer.next, stop.value.next) == ("ROLLED BACK", "go.close()", "go.close()")
    assert repr(page).endswith("NEXT  go.close()")
    page.close()
    assert page.state.closed == "rolled-back"


async def test_a_rollback_needs_no_guard(judged, monkeypatch):
    page, _ = judged
    monkeypatch.setattr(rescue, "router_of", lambda folder: FakeRouter())
    page.run.clock.advance(60)

    assert (await page.rollback("the guard is silent")).word == "ROLLED BACK"
    assert page.state.rollback.detail["by"] == "operator, no guard answered"


async def test_a_guard_that_freezes_after_it_was_asked_does_not_keep_the_rollback_waiting(judged, monkeypatch):
    page, _ = judged
    monkeypatch.setattr(rescue, "router_of", lambda folder: FakeRouter())
    rolling = asyncio.ensure_future(page.roll_back("errors", "canary-25"))
    await asyncio.sleep(0.05)
    assert page.state.request.name == "rollback"
    page.run.clock.advance(60)

    assert (await rolling).word == "ROLLED BACK"


async def test_an_interrupted_soak_is_a_hold_of_the_watching_and_never_of_the_guarding(run, monkeypatch):
    monkeypatch.setattr(soak_module, "LOOK", 0.01)
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(Word.HOLD, left=5.0))
    watching = asyncio.ensure_future(page.soak()._begin())
    await asyncio.sleep(0.05)
    watching.cancel()

    with pytest.raises(Stopped, match="HOLD, watching was interrupted") as stop:
        await watching
    assert stop.value.next == "await go.soak()"
    assert kinds(run)[-1] is Kind.NOTE
    assert Kind.SOAKED not in kinds(run) and page.state.rollback is None


async def test_a_soak_that_the_guard_ended_meanwhile_is_shown_by_any_tab(run):
    Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    run.append(Kind.SOAKED, {"seconds": 9.0, "word": "PROCEED", "reason": "all criteria met", "seen": {}}, "canary-25")

    assert (await Page(run, "canary-25").soak()).word == "DONE"


def test_a_page_may_be_replaced_between_any_two_cells(judged, attended):
    page, code = judged
    Page(page.run, "canary-25").decide("proceed", code, "from the second tab")

    assert page.close().word == "DONE"
    assert page.close().word == "NOTHING DONE"


async def test_a_page_sends_everybody_back_when_neither_guard_nor_record_answers(tmp_path, monkeypatch):
    class Router:
        async def rollback(self, reason):
            return Done(Split(0.0))

        async def read(self):
            return Split(0.0)

    run = make_run(tmp_path)
    monkeypatch.setattr(rescue, "router_of", lambda folder: Router())
    desk = Desk(run)
    run.folder.record.write_bytes(b"this was a database" * 100)
    answer = await desk.roll_back("errors on checkout", "canary-25")

    assert answer.word == "ROLLED BACK"
    assert "kept in" in str(answer)
    kept = [json.loads(path.read_text())["kind"] for path in run.folder.late.glob("*.json")]
    assert sorted(kept) == ["intent", "outcome"]
