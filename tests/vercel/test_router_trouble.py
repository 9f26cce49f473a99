"""What goes wrong in the middle of a release on Vercel: nothing advances by it, and the page says what it was."""

from __future__ import annotations

import asyncio

import pytest

from golive.core.samples import Version
from golive.engine.rollback import roll_back
from golive.engine.stray import Watch
from golive.ports import Done, Refused, Split, Superseded, Unknown
from tests.vercel.conftest import VARIABLE
from tests.vercel.double.app import TOKEN
from tests.vercel.double.demand import OnDemand, limited, refused
from tests.vercel.double.state import CANARY, OTHER, STABLE
from tests.vercel.guarded import Guarded

APPROVE, ROLLING = "POST .*/approve-stage", "GET .*/rolling-release"
FIRST, SECOND = 0.01, 0.05


@pytest.fixture
def guarded(turned, monkeypatch):
    return Guarded(turned, monkeypatch)


def stage(turned):
    """Give the index of the stage that the double is at."""
    return turned.releases.rollout["active"]


# --- the token
async def test_without_a_token_nothing_is_asked_and_the_page_names_the_variable(turned, guarded, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    said = await guarded.shift()

    assert "STOPPED  shift: GET" not in said or VARIABLE in said
    assert f"the environment variable {VARIABLE} is empty: export it" in said
    assert turned.double.calls == []
    assert stage(turned) == 0


@pytest.mark.parametrize("held", ["tok en\n", "tökên"])
async def test_what_is_no_token_is_never_sent(turned, monkeypatch, held):
    monkeypatch.setenv(VARIABLE, held)
    read = await turned.router().read()

    assert isinstance(read, Unknown) and "is no token" in read.why and held not in read.why
    assert turned.double.calls == []


async def test_a_token_of_another_team_is_refused_and_the_page_says_whose_it_may_be(turned, monkeypatch):
    guarded = Guarded(turned, monkeypatch, team="team_other")
    said = await guarded.shift()

    assert "the token may not do this (403): forbidden Not authorized" in said
    assert "look at the team in the plan" in said
    assert stage(turned) == 0


async def test_a_token_that_expires_midway_advances_nothing_and_a_rollback_says_that_it_was_not_done(turned, guarded):
    turned.double.expires_after = 0
    said = await guarded.shift()
    answer = await turned.router().rollback("a test")

    assert "Vercel does not take the token (401)" in said and "make a token for this team" in said
    assert isinstance(answer, Refused) and "401" in answer.why
    assert stage(turned) == 0


async def test_a_token_that_vercel_repeats_is_told_to_nobody(turned):
    turned.double.demands.append(refused(ROLLING, 403, "forbidden", f"the token {TOKEN} may not"))
    read = await turned.router().read()

    assert isinstance(read, Unknown) and TOKEN not in read.why and "[the token]" in read.why


# --- others
async def test_a_push_in_the_middle_waits_in_the_queue_and_keeps_the_release_where_it_is(turned, guarded):
    turned.releases.push()
    said = await guarded.shift()
    read = await turned.router().read()

    assert f"another deployment waits in Vercel's queue: {OTHER}" in said and "dashboard" in said
    assert stage(turned) == 0 and turned.sent("approve-stage") == 0
    assert read.share == FIRST and OTHER in read.note


async def test_another_release_in_the_place_of_ours_is_named_and_neither_approved_nor_rolled_back(turned, guarded):
    turned.releases.abort()
    turned.releases.start(OTHER)
    said = await guarded.shift()
    answer = await turned.router().rollback("a test")

    assert f"another release is active: {OTHER} at 1%; it is not ours, and is left alone" in said
    assert isinstance(answer, Superseded) and answer.split.share == 0.0
    assert turned.releases.active and turned.releases.rollout["canary"] == OTHER
    assert turned.sent("approve-stage") == turned.sent(f"rollback/{STABLE}") == 0


async def test_a_release_that_somebody_promoted_beside_ours_is_named(turned, guarded):
    turned.releases.abort()
    turned.releases.promote(OTHER)
    said = await guarded.shift()

    assert f"production is served by {OTHER}, which is neither the canary {CANARY} nor the base {STABLE}" in said
    assert turned.sent("start") == 0


@pytest.mark.parametrize(
    ("click", "back"),
    [
        (lambda releases: releases.approve(1, CANARY), 0.05),
        (lambda releases: releases.approve(1, CANARY) or releases.approve(2, CANARY), 0.25),
        (lambda releases: releases.complete(CANARY), 1.0),
        (lambda releases: releases.abort(), 0.0),
    ],
    ids=["approve", "approve twice", "complete", "abort"],
)
async def test_a_click_in_the_dashboard_is_seen_and_not_built_upon(turned, guarded, click, back):
    click(turned.releases)
    before = turned.double.calls.copy()
    said = await guarded.shift()
    read = await turned.router().read()

    assert f"the split was {back:.2%}, not the expected 1.00%: somebody else has moved it" in said
    assert "NEXT" in said
    assert read.share == back
    assert all(call.startswith("GET") for call in turned.double.calls[len(before) :])


async def test_a_click_on_approve_makes_the_guard_roll_back_since_vercel_can_not_go_down(turned, guarded):
    turned.releases.approve(2 - 1, CANARY)
    for _ in range(3):
        turned.clock.advance(20)
        inbox = guarded.guard.sight.inbox
        inbox.split, inbox.split_at = await guarded.router.read(), turned.clock.monotonic()
        inbox.measured_at = turned.clock.monotonic()
        guarded.guard.look()
        await asyncio.sleep(0.05)
    await asyncio.wait_for(guarded.guard._rolling, 20)

    assert "can't lower it" in guarded.story.entries[-1].body["because"]
    assert turned.releases.rollout["state"] == "ABORTED"


async def test_vercels_own_gate_is_a_second_opinion_that_is_told_and_stops_a_shift(turned, guarded):
    turned.releases.pause()
    inbox = guarded.guard.sight.inbox
    inbox.split = await guarded.router.read()
    guarded.guard.look()
    said = await guarded.shift()

    assert "Vercel's own gate has paused this release" in said
    assert stage(turned) == 0
    assert any("THE ROUTER SAYS: Vercel's own gate has paused" in one for one in await guarded.told())


async def test_a_stage_that_two_approve_at_once_is_approved_once(turned):
    answers = await asyncio.gather(*(turned.router().set(SECOND, expect=FIRST) for _ in range(4)))

    assert stage(turned) == 1
    assert any(isinstance(answer, Done) for answer in answers)
    assert all(isinstance(answer, Done | Superseded) for answer in answers), answers
    late = [answer for answer in answers if isinstance(answer, Superseded)]
    assert all("somebody else" in answer.why for answer in late)


# --- answers
async def test_a_read_of_no_release_in_the_middle_of_one_is_not_taken_for_nobody_on_the_canary(turned, guarded):
    await guarded.router.read()
    turned.clock.advance(60)
    turned.double.demands.append(OnDemand(ROLLING, instead={"rollingRelease": None}))
    said = await guarded.shift()
    read = await guarded.router.read()

    assert "Vercel's answer is behind what it had told before: no rolling release at all" in said
    assert isinstance(read, Unknown)
    assert stage(turned) == 0


async def test_an_approval_answered_with_no_release_is_looked_up_and_not_sent_again(turned, guarded):
    turned.double.demands.append(OnDemand(APPROVE, instead={"rollingRelease": None}))
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 1 and stage(turned) == 1


async def test_a_read_that_is_ten_seconds_behind_is_waited_for_and_nothing_is_approved_twice(turned, guarded):
    turned.releases.ways.lag = 10
    begun = turned.clock.monotonic()
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 1 and stage(turned) == 1
    assert 9 < turned.clock.monotonic() - begun < 16


async def test_asked_again_while_reads_are_behind_it_says_so_and_does_not_repeat_the_approval(turned):
    turned.releases.ways.lag = 10
    router = turned.router()
    first = await router.set(SECOND, expect=FIRST)
    again = await router.set(SECOND, expect=FIRST)
    turned.clock.advance(10)
    third = await router.set(SECOND, expect=FIRST)

    assert isinstance(first, Unknown) and "behind" in first.why
    assert isinstance(again, Unknown)
    assert isinstance(third, Done) and third.split.share == SECOND
    assert turned.sent("approve-stage") == 1


async def test_an_answer_that_is_no_rolling_release_is_named_by_its_place(turned):
    turned.double.demands.append(OnDemand(ROLLING, instead={"state": "ACTIVE", "activeStage": {"index": 0}}))
    read = await turned.router().read()

    assert isinstance(read, Unknown)
    assert "Vercel answered what nobody understands: rollingRelease: Field required" in read.why


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "takes the request for wrong (400): code a message"),
        (404, "knows no such thing (404): code a message; look at project"),
        (410, "gone at Vercel (410): code a message"),
        (422, "won't do this as things stand (422): code a message"),
        (500, "Vercel itself has trouble (500): code a message"),
        (503, "Vercel itself has trouble (503): code a message"),
    ],
)
async def test_each_error_of_an_approval_is_a_stop_that_tells_it(turned, guarded, status, said):
    turned.double.demands.append(refused(APPROVE, status, "code", "a\nmessage"))
    page = await guarded.shift()

    assert page.startswith("STOPPED  shift: ") and said in page and "NEXT" in page
    assert len(page.splitlines()) == 2
    assert turned.sent("approve-stage") == 1 and stage(turned) == 0


async def test_a_limit_that_is_over_soon_is_waited_for(turned, guarded):
    turned.double.demands.append(limited(APPROVE, 2.0, turned.clock.now().timestamp()))
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 2 and stage(turned) == 1


async def test_a_limit_that_lasts_is_told_with_its_seconds_and_nobody_is_asked_before(turned):
    turned.double.demands.append(limited(ROLLING, 40.0, turned.clock.now().timestamp()))
    router = turned.router()
    first, second = await router.read(), await router.read()
    asked = turned.sent("rolling-release")
    turned.clock.advance(41)
    third = await router.read()

    assert isinstance(first, Unknown) and "asked again in 40 s at the earliest" in first.why
    assert isinstance(second, Unknown) and "not asked for another 40" in second.why
    assert asked == 1
    assert isinstance(third, Split) and third.share == FIRST


@pytest.mark.parametrize("header", ["7", "7.5", "soon", "-3", "99999999"])
async def test_a_limit_that_names_its_end_oddly_is_waited_for_within_reason(turned, header):
    demand = refused(ROLLING, 429, "rate_limited", "Too many", times=1)
    demand.headers["Retry-After"] = header
    turned.double.demands.append(demand)
    router = turned.router()
    await router.read()
    turned.clock.advance(121)

    assert isinstance(await router.read(), Split)


async def test_reads_stay_within_the_requests_a_minute_and_a_rollback_is_not_held_back(turned):
    router = turned.router(requests_per_minute="20", read_every="0s")
    read = [await router.read() for _ in range(30)]
    answer = await router.rollback("a test")

    assert [isinstance(one, Split) for one in read].count(True) <= 20
    assert isinstance(read[-1], Unknown) and "within the requests a minute that the plan allows (20)" in read[-1].why
    assert turned.sent(f"rollback/{STABLE}") == 1
    assert isinstance(answer, Done)


# --- connections
async def test_a_connection_cut_after_an_approval_was_sent_is_looked_up_and_not_sent_again(turned, guarded):
    turned.double.demands.append(OnDemand(APPROVE, cut="after", times=1))
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 1 and stage(turned) == 1


async def test_a_connection_cut_before_an_approval_was_done_is_told_and_not_sent_again_at_once(turned, guarded):
    turned.double.demands.append(OnDemand(APPROVE, cut="before", times=1))
    said = await guarded.shift()

    assert "the router still reads back 1.00%" in said and "the connection was cut" in said
    assert turned.sent("approve-stage") == 1 and stage(turned) == 0


async def test_when_reads_had_time_to_show_it_the_approval_may_be_sent_again(turned):
    turned.double.demands.append(OnDemand(APPROVE, cut="before", times=1))
    router = turned.router()
    first = await router.set(SECOND, expect=FIRST)
    at_once = await router.set(SECOND, expect=FIRST)
    turned.clock.advance(20)
    later = await router.set(SECOND, expect=FIRST)

    assert isinstance(first, Unknown) and isinstance(at_once, Unknown)
    assert "its outcome is open" in at_once.why
    assert isinstance(later, Done) and turned.sent("approve-stage") == 2 and stage(turned) == 1


async def test_an_approval_that_lands_late_is_not_topped_by_another(turned):
    turned.double.demands.append(OnDemand(APPROVE, cut="before", times=1))
    router = turned.router()
    await router.set(SECOND, expect=FIRST)
    turned.releases.approve(1, CANARY)  # what was cut off has arrived all the same
    again = await router.set(SECOND, expect=FIRST)

    assert isinstance(again, Done) and again.split.share == SECOND
    assert stage(turned) == 1 and turned.sent("approve-stage") == 1


# --- rollback
async def test_a_rollback_is_safe_only_when_vercel_shows_it_and_the_reason_goes_with_it(turned, guarded):
    turned.releases.ways.rollback_takes = 8
    page = await guarded.roll_back()

    assert page.startswith("ROLLED BACK") or "ROLLED BACK" in page
    assert turned.releases.rollout["state"] == "ABORTED" and turned.releases.production == STABLE
    assert turned.double.notes == ["golive: a test"]
    assert turned.sent(f"rollback/{STABLE}") == 1


async def test_a_rollback_that_was_accepted_and_never_happens_is_not_called_done_and_is_asked_for_again(
    turned, guarded
):
    turned.releases.ways.rollback_never = "never"
    turned.releases.ways.rollback_takes = 10_000
    rolled = await roll_back(turned.router(), turned.clock, "a test")

    assert not rolled.done and rolled.read_back == FIRST
    assert "the rollback was accepted and is not done yet: Vercel's rollback to dpl_stable is pending" in rolled.why
    assert turned.sent(f"rollback/{STABLE}") > 1


async def test_a_rollback_that_never_happens_is_an_alarm_with_vercels_words(turned, guarded):
    turned.releases.ways.rollback_never = "never"
    turned.releases.ways.rollback_takes = 10_000
    page = await guarded.roll_back()

    assert "ROLLED BACK" not in page
    assert any("ROLLBACK NOT CONFIRMED: a test; " in one and "is pending" in one for one in await guarded.told())


async def test_a_rollback_whose_job_fails_is_asked_for_again_at_once(turned):
    turned.releases.ways.rollback_never = "failed"
    router = turned.router()
    first = await router.rollback("a test")
    turned.releases.ways.rollback_never = ""
    second = await router.rollback("a test")

    assert isinstance(first, Unknown) and "Vercel's rollback to dpl_stable is failed" in first.why
    assert isinstance(second, Done)
    assert turned.sent(f"rollback/{STABLE}") == 2


async def test_a_rollback_acts_though_nothing_can_be_read(turned):
    turned.double.demands.append(refused("GET .*", 500, "internal", "no"))
    answer = await turned.router().rollback("a test")

    assert isinstance(answer, Unknown) and "accepted" in answer.why
    assert turned.releases.seen()["rollout"]["state"] == "ABORTED"


async def test_a_rollback_goes_to_what_stands_beside_the_canary_and_never_to_the_canary(turned):
    turned.releases.deployments[CANARY].eligible = True
    await turned.router().rollback("a test")

    assert [call for call in turned.double.calls if "rollback" in call] == [
        f"POST /v1/projects/prj_shop/rollback/{STABLE}"
    ]


async def test_after_the_end_of_a_release_everybody_is_sent_back_to_its_base(turned):
    router = turned.router()
    done = await router.set(1.0, expect=FIRST)
    turned.clock.advance(60)
    back = await router.rollback("a test")
    turned.clock.advance(60)

    assert isinstance(done, Done) and done.split.share == 1.0
    assert isinstance(back, Done)
    assert (await router.read()).share == 0.0 and turned.releases.production == STABLE
    assert not turned.releases.auto_assign


def test_what_stands_below_the_record_is_no_stray_while_reads_may_be_behind(turned):
    watch, lag = Watch(0.0), turned.router().can.read_lag
    watch.moved(lag)
    watch.read(Split(FIRST), lag - 1, SECOND, lag)

    assert watch.stray is None
    assert Version.CANARY == "canary"
