"""What speaks against a rollback is asked once more, and then obeyed; what nobody knows is asked of nobody."""

import contextlib

import asyncio

import pytest

from golive import opened_soon, rescue
from golive.core.doubts import StableNow
from golive.core.record import Kind
from golive.notebook.desk import Desk
from golive.ports import Done, LookNote, Split
from tests.cli.test_bad_input import golive
from tests.notebooks.desk import answering_guard, beat, make_run, shifted_and_proven

SICK = StableNow("stable fails 30.0% too", "")


class Router:
    def __init__(self):
        self.share = 0.25

    async def rollback(self, reason):
        self.share = 0.0
        return Done(Split(0.0))

    async def read(self):
        return Split(self.share)


@pytest.fixture
def router(monkeypatch):
    one = Router()
    monkeypatch.setattr(rescue, "router_of", lambda kit: one)
    return one


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOLIVE_HOME", raising=False)
    monkeypatch.delenv("GOLIVE_RUNS", raising=False)
    made = make_run(tmp_path / "runs", name="known")
    made.append(Kind.PHASE_OPENED, {"notebook": "03", "operator": "ada"}, "canary-25")
    shifted_and_proven(made)
    return made


def saw(run, stable, silent=False):
    """Let a guard have seen stable so, just now."""
    beat(run)
    lease = run.book.lease()
    run.book.add([], LookNote(0.0, "2026-01-01T00:00:00.000Z", {"phase": "", "stable": stable.to_json()}), lease.fence)
    if silent:
        run.clock.advance(60)


def cut_over(run):
    body = {"act": "shift", "request": "", "share": 1.0}
    intent = run.append(Kind.INTENT, body, "cutover")
    run.append(Kind.OUTCOME, {**body, "intent": intent.id, "result": "done", "seen": "as asked"}, "cutover")


@contextlib.asynccontextmanager
async def guarded(run):
    guard = asyncio.ensure_future(answering_guard(run))
    try:
        yield
    finally:
        guard.cancel()


async def test_a_stable_that_is_measured_bad_now_is_asked_about_once_and_then_it_is_done(run):
    desk = Desk(run)
    saw(run, SICK)
    answer = await desk.roll_back('errors on "checkout"', "canary-25")

    assert answer.word == "ASKED ONCE MORE" and "stable fails 30.0% too" in answer.headline
    assert answer.next.startswith(r'await go.rollback(because="errors on \"checkout\"", even_though=')
    assert run.state().rollback is None
    async with guarded(run):
        done = await desk.roll_back("errors", "canary-25", even_though="stable fails on images alone")
    assert done.word == "ROLLED BACK"
    asked = next(entry.body for entry in run.store.read() if entry.kind is Kind.REQUEST)
    assert asked["even_though"] == "stable fails on images alone"


@pytest.mark.parametrize("silent", [True, False])
async def test_before_the_cutover_what_nobody_knows_keeps_nobody_from_going_back(run, router, silent):
    saw(run, SICK if silent else StableNow(), silent)
    async with guarded(run) if not silent else contextlib.AsyncExitStack():
        answer = await Desk(run).roll_back("errors", "canary-25")

    assert answer.word == "ROLLED BACK"


async def test_after_the_cutover_a_stable_that_is_not_proven_is_asked_about(run, router):
    cut_over(run)
    saw(run, StableNow("", ""), silent=True)
    desk = Desk(run)
    answer = await desk.roll_back("errors", "cutover")

    assert answer.word == "ASKED ONCE MORE" and "not proven to carry everybody" in answer.headline
    assert (await desk.roll_back("errors", "cutover", even_though="it was scaled up")).word == "ROLLED BACK"
    assert run.state().rollback.detail["even_though"] == "it was scaled up"


async def test_after_the_time_in_which_going_back_is_safe_a_person_is_asked(run):
    cut_over(run)
    saw(run, StableNow("", ""))
    run.clock.advance_minutes(25 * 60)
    saw(run, StableNow("", ""))
    answer = await Desk(run).roll_back("errors", "cutover")

    assert answer.word == "ASKED ONCE MORE" and "going back was safe for 1d" in answer.headline


def test_the_command_line_asks_too_and_obeys(run, router, monkeypatch):
    monkeypatch.setattr(opened_soon, "SOON", 30.0)
    cut_over(run)
    asked = golive("rollback", "known", "--because", "errors")

    assert asked.exit_code == 1 and router.share == 0.25
    assert "ASKED ONCE MORE" in asked.output and "--even-though" in asked.output
    done = golive("rollback", "known", "--because", "errors", "--even-though", "it was scaled up")
    assert done.exit_code == 0 and router.share == 0.0, done.output
