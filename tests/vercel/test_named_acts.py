"""What a person has done to deployments by name: when it may be, who does it, and what is written down of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from golive.adapters.deployments.vercel import VercelDeployment
from golive.core.folding import fold
from golive.core.moments import Moment
from golive.core.order import Step, Stop, Yes, may
from golive.core.record import Kind
from golive.engine.look import Begin, Known, decide
from golive.notebook.page import Page
from golive.ports import Split
from tests.builders import Story, sandbox
from tests.vercel.double.demand import OnDemand
from tests.vercel.double.state import CANARY, STABLE
from tests.vercel.guarded import Guarded

OPEN = {"notebook": "x", "operator": "ada"}
CUTOVER = "2026-01-01T00:00:00.000Z"
NOW = Moment(datetime(2026, 1, 3, tzinfo=UTC))


def told(*entries, safe_for=86400.0):
    """Give the state of a run with a guard, in whose record these stand."""
    story = Story().open({"safe_for": safe_for} if safe_for is not None else {})
    story.tell(Kind.GUARD_STARTED, {"guard": "guard-1"})
    for kind, body, phase in entries:
        story.tell(kind, body, phase, at=CUTOVER)
    return fold(story.entries)


def opened(phase):
    return Kind.PHASE_OPENED, OPEN, phase


def shifted(share, phase):
    body = {"act": "shift", "request": "", "intent": "i", "share": share, "result": "done", "seen": ""}
    return Kind.OUTCOME, body, phase


def rolled_back(result="done"):
    body = {"act": "rollback", "request": "", "intent": "r", "share": 0.0, "result": result, "because": "sick"}
    return Kind.OUTCOME, body, "cutover"


def closed(result="completed"):
    return Kind.RUN_CLOSED, {"result": result, "why": "all phases are closed"}, ""


AT_FIVE = (opened("canary-5"), shifted(0.05, "canary-5"))
AT_ALL = (opened("cutover"), shifted(1.0, "cutover"))


@pytest.mark.parametrize("step", [Step.PROMOTE, Step.ALIAS])
def test_before_everybody_is_on_the_canary_no_deployment_is_promoted_and_no_domain_given(step):
    stop = may(told(*AT_FIVE), step, "canary-5", NOW)

    assert isinstance(stop, Stop) and "the canary has 5% of visitors" in stop.why
    assert may(told(*AT_ALL), step, "cutover", NOW) == Yes()


def test_a_tag_moves_nobody_and_may_be_made_in_any_phase_that_is_open():
    assert may(told(opened("preflight")), Step.TAG, "preflight", NOW) == Yes()
    assert may(told(*AT_ALL), Step.TAG, "cutover", NOW) == Yes()
    assert isinstance(may(told(), Step.TAG, "preflight", NOW), Stop)


def test_after_a_rollback_new_deployments_may_be_let_follow_again_and_nothing_else_is_done():
    state = told(*AT_ALL, rolled_back())

    assert may(state, Step.PROMOTE, "cutover", NOW) == Yes()
    assert all(isinstance(may(state, step, "cutover", NOW), Stop) for step in (Step.TAG, Step.ALIAS, Step.REMOVE))
    assert isinstance(may(told(*AT_ALL, rolled_back("failed")), Step.PROMOTE, "cutover", NOW), Stop)


def test_one_thing_at_a_time_and_never_without_a_guard():
    asked = (Kind.REQUEST, {"act": "alias", "name": "x", "attended": True}, "cutover")
    busy = may(told(*AT_ALL, asked), Step.PROMOTE, "cutover", NOW)
    story = Story().open()
    for kind, body, phase in AT_ALL:
        story.tell(kind, body, phase)
    alone = may(fold(story.entries), Step.PROMOTE, "cutover", NOW)

    assert isinstance(busy, Stop) and "alias, asked for at" in busy.why
    assert isinstance(alone, Stop) and "no guard watches" in alone.why


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (told(*AT_ALL), "the run is open"),
        (told(*AT_ALL, closed("abandoned")), "closed as abandoned"),
        (told(*AT_ALL, rolled_back(), closed("rolled-back")), "closed as rolled-back"),
        (told(*AT_ALL, rolled_back(), closed()), "visitors may be on stable"),
        (told(*AT_FIVE, closed()), "never put everybody on the canary"),
        (told((Kind.PHASE_ASSUMED, {"why": ""}, "cutover"), closed()), "phases of this run were assumed"),
        (told(*AT_ALL, closed(), safe_for=None), "does not say how long"),
        (told(*AT_ALL, closed(), safe_for=7 * 86400.0), "stable is kept until 2026-01-08 00:00Z"),
    ],
)
def test_stables_deployment_stays_for_as_long_as_somebody_may_need_it(state, said):
    stop = may(state, Step.REMOVE, "", NOW)

    assert isinstance(stop, Stop) and said in stop.why and stop.next


def test_stables_deployment_may_go_after_a_completed_run_once_no_way_back_is_safe_any_more():
    state = told(*AT_ALL, closed())

    assert may(state, Step.REMOVE, "", NOW) == Yes()
    assert isinstance(may(state, Step.REMOVE, "", Moment(datetime(2026, 1, 1, 23, tzinfo=UTC))), Stop)


@pytest.mark.parametrize(("name", "begun"), [("promote", True), ("alias", False), ("tag", False)])
def test_after_a_rollback_the_guard_begins_nothing_but_a_promotion(name, begun):
    asked = (Kind.REQUEST, {"act": name, "name": "x", "attended": True}, "cutover")
    state = told(*AT_ALL, rolled_back(), asked)
    acts = decide(Known(sandbox(), state, None, Split(0.0), 10.0, 0.0, True, False, False, 0.0))

    assert any(isinstance(act, Begin) for act in acts) is begun


# --- by the guard, while the run is open
@pytest.fixture
async def guarded(turned, monkeypatch):
    guarded = Guarded(turned, monkeypatch)
    settings = {**turned.account, "canary": CANARY, "base": STABLE, "commit": "c0ffee0"}
    driver = VercelDeployment(VercelDeployment.Settings.model_validate(settings), turned.clock)
    object.__setattr__(guarded.guard.post.sources, "deployment", driver)
    yield guarded
    await driver.aclose()


async def asked(guarded, act, name, attended=True):
    """Let the guard do what was asked for, and give the entries that it wrote of it."""
    before = len(guarded.story.entries)
    body = {"act": act, "name": name, "because": "a test", "attended": attended}
    guarded.story.tell(Kind.REQUEST, body, "canary-5", id=f"ask-{before}")
    guarded.guard.catch_up()
    await guarded.guard.acts.begin(guarded.guard.state.request, guarded.guard.state)
    return [(e.kind, dict(e.body)) for e in guarded.story.entries[before + 1 :]]


async def test_the_guard_writes_down_what_it_means_to_do_and_then_what_came_of_it(turned, guarded):
    turned.releases.complete(CANARY)
    (first, intent), (second, outcome) = await asked(guarded, "alias", "shop.example.com")

    assert (first, second) == (Kind.INTENT, Kind.OUTCOME)
    assert intent["name"] == outcome["name"] == "shop.example.com" and outcome["because"] == "a test"
    assert outcome["result"] == "done" and turned.releases.given == {"shop.example.com": CANARY}
    assert fold(guarded.story.entries).request is None


async def test_after_a_rollback_the_guard_lets_new_deployments_follow_again(turned, guarded):
    await guarded.roll_back()
    assert not turned.releases.auto_assign
    _, (_, outcome) = await asked(guarded, "promote", STABLE)

    assert outcome["result"] == "done" and turned.releases.auto_assign
    assert turned.releases.production == STABLE and fold(guarded.story.entries).rollback.done


async def test_what_vercel_refuses_stands_in_the_record_with_its_words(turned, guarded):
    _, (_, outcome) = await asked(guarded, "promote", CANARY)

    assert outcome["result"] == "refused" and "is active" in outcome["seen"]
    assert turned.sent(f"promote/{CANARY}") == 0


async def test_nobody_at_the_keyboard_has_nothing_done_on_a_router_that_is_not_the_runs_own(turned, guarded):
    turned.releases.complete(CANARY)
    _, (_, outcome) = await asked(guarded, "alias", "shop.example.com", attended=False)

    assert outcome["result"] == "refused" and "nobody is at the keyboard" in outcome["seen"]
    assert turned.releases.given == {}


async def test_what_a_rollback_cuts_off_has_an_outcome_that_says_so(turned, guarded):
    turned.releases.complete(CANARY)
    turned.double.demands.append(OnDemand("POST .*/aliases", silent=5.0))
    doing = asyncio.ensure_future(asked(guarded, "alias", "shop.example.com"))
    while not turned.sent("aliases"):
        await asyncio.sleep(0.01)
    guarded.guard.acts.rolling = True
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    outcome = guarded.story.entries[-1]

    assert outcome.kind is Kind.OUTCOME and outcome.body["act"] == "alias" and outcome.body["result"] == "unknown"
    assert "cut off" in outcome.body["seen"]


async def test_without_a_driver_the_guard_says_that_there_is_nothing_to_do(turned, guarded):
    object.__setattr__(guarded.guard.post.sources, "deployment", None)
    _, (_, outcome) = await asked(guarded, "alias", "shop.example.com")

    assert outcome["result"] == "refused" and "the plan names no deployment" in outcome["seen"]


async def test_an_intent_that_can_not_be_stored_does_nothing(turned, guarded):
    turned.releases.complete(CANARY)
    guarded.guard.post.store.locked = True
    body = {"act": "alias", "name": "shop.example.com", "because": "a test", "attended": True}
    guarded.story.tell(Kind.REQUEST, body, "canary-5", id="ask")
    guarded.guard.state = fold(guarded.story.entries)
    await guarded.guard.acts.begin(guarded.guard.state.request, guarded.guard.state)

    assert turned.releases.given == {}


# --- on a page
@pytest.mark.parametrize(("name", "because", "why"), [("", "why", "was not named"), ("x", " ", "no reason was given")])
async def test_a_page_asks_for_the_name_and_the_reason_before_it_asks_anybody(tmp_path, name, because, why):
    from golive.core.errors import Stopped
    from tests.notebooks.desk import make_run

    run = make_run(tmp_path)
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1"})
    page = Page(run, "canary-25")
    with pytest.raises(Stopped, match=why):
        await page.tag(name, because=because)
    assert not [entry for entry in run.store.read() if entry.kind is Kind.REQUEST]


async def test_a_page_tells_what_the_guard_did_and_who_signed_it(tmp_path):
    from tests.notebooks.desk import answering_guard, make_run

    run = make_run(tmp_path)
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1"})
    page = Page(run, "canary-25")
    answering = asyncio.ensure_future(answering_guard(run))
    await asyncio.sleep(0.02)
    answer = await page.tag("v1-canary", because="the release of the day")
    answering.cancel()

    assert answer.word == "DONE" and ("signed", "ada") in answer.facts
    asked = next(entry.body for entry in run.store.read() if entry.kind is Kind.REQUEST)
    assert asked["act"] == "tag" and asked["name"] == "v1-canary" and asked["because"] == "the release of the day"


def test_how_long_a_way_back_is_safe_is_told_by_the_record_itself():
    assert told(*AT_ALL).safe_for == timedelta(days=1)
