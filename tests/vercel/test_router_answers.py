"""Answers that are late, odd, cut off or errors in the middle of a release: nothing is approved twice."""

from __future__ import annotations

import pytest

from golive.ports import Done, Refused, Split, Unknown
from tests.vercel.conftest import APPROVE, FIRST, ROLLING, SECOND
from tests.vercel.double.demand import OnDemand, limited, refused
from tests.vercel.double.state import CANARY, STABLE


async def test_a_read_of_no_release_in_the_middle_of_one_is_not_taken_for_nobody_on_the_canary(turned, guarded):
    await guarded.router.read()
    turned.clock.advance(60)
    turned.double.demands.append(OnDemand(ROLLING, instead={"rollingRelease": None}))
    said = await guarded.shift()
    read = await guarded.router.read()

    assert "Vercel's answer is behind what it had told before: no rolling release at all" in said
    assert isinstance(read, Unknown)
    assert turned.stage == 0


async def test_an_approval_answered_with_no_release_is_looked_up_and_not_sent_again(turned, guarded):
    turned.double.demands.append(OnDemand(APPROVE, instead={"rollingRelease": None}))
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 1 and turned.stage == 1


async def test_a_read_that_is_ten_seconds_behind_is_waited_for_and_nothing_is_approved_twice(turned, guarded):
    turned.releases.ways.lag = 10
    begun = turned.clock.monotonic()
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 1 and turned.stage == 1
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


async def test_a_change_that_was_open_and_shows_by_now_keeps_nothing_from_the_next(turned):
    turned.releases.ways.lag = 10
    router = turned.router()
    first = await router.set(SECOND, expect=FIRST)
    turned.clock.advance(10)
    turned.releases.ways.lag = 0
    answer = await router.set(0.25, expect=SECOND)

    assert isinstance(first, Unknown)
    assert isinstance(answer, Done) and answer.split.share == 0.25


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
    assert turned.sent("approve-stage") == 1 and turned.stage == 0


async def test_a_limit_that_is_over_soon_is_waited_for(turned, guarded):
    turned.double.demands.append(limited(APPROVE, 2.0, turned.clock.now().timestamp()))
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 2 and turned.stage == 1


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
    back = await router.read()

    assert isinstance(back, Split) and back.share == 0.0
    assert [isinstance(one, Split) for one in read].count(True) <= 20
    assert isinstance(read[-1], Unknown) and "within the requests a minute that the plan allows (20)" in read[-1].why
    assert turned.sent(f"rollback/{STABLE}") == 1
    assert isinstance(answer, Done)


async def test_a_connection_cut_after_an_approval_was_sent_is_looked_up_and_not_sent_again(turned, guarded):
    turned.double.demands.append(OnDemand(APPROVE, cut="after", times=1))
    said = await guarded.shift()

    assert "5.00% read back" in said
    assert turned.sent("approve-stage") == 1 and turned.stage == 1


async def test_a_connection_cut_before_an_approval_was_done_is_told_and_not_sent_again_at_once(turned, guarded):
    turned.double.demands.append(OnDemand(APPROVE, cut="before", times=1))
    said = await guarded.shift()

    assert "the router still reads back 1.00%" in said and "the connection was cut" in said
    assert turned.sent("approve-stage") == 1 and turned.stage == 0


async def test_when_reads_had_time_to_show_it_the_approval_may_be_sent_again(turned):
    turned.double.demands.append(OnDemand(APPROVE, cut="before", times=1))
    router = turned.router()
    first = await router.set(SECOND, expect=FIRST)
    at_once = await router.set(SECOND, expect=FIRST)
    turned.clock.advance(20)
    later = await router.set(SECOND, expect=FIRST)

    assert isinstance(first, Unknown) and isinstance(at_once, Unknown)
    assert "its outcome is open" in at_once.why
    assert isinstance(later, Done) and turned.sent("approve-stage") == 2 and turned.stage == 1


async def test_an_approval_that_lands_late_is_not_topped_by_another(turned):
    turned.double.demands.append(OnDemand(APPROVE, cut="before", times=1))
    router = turned.router()
    await router.set(SECOND, expect=FIRST)
    turned.releases.approve(1, CANARY)  # what was cut off has arrived all the same
    again = await router.set(SECOND, expect=FIRST)

    assert isinstance(again, Done) and again.split.share == SECOND
    assert turned.stage == 1 and turned.sent("approve-stage") == 1


async def test_a_start_whose_connection_was_cut_is_looked_up_and_not_sent_again(turned):
    turned.releases.abort()
    turned.double.demands.append(OnDemand("POST .*/start", cut="after", times=1))
    answer = await turned.router().set(FIRST, expect=0.0)

    assert isinstance(answer, Done) and answer.split.share == FIRST
    assert turned.sent("/start") == 1 and turned.releases.active


async def test_an_error_that_is_called_err_is_told_as_well(turned):
    turned.double.demands.append(OnDemand(ROLLING, 403, {"err": {"code": "forbidden", "message": "not yours"}}))
    read = await turned.router().read()

    assert isinstance(read, Unknown) and "forbidden not yours" in read.why


async def test_a_limit_of_one_endpoint_leaves_the_others_alone(turned):
    turned.double.demands.append(limited(APPROVE, 40.0, turned.clock.now().timestamp()))
    router = turned.router()
    moved = await router.set(SECOND, expect=FIRST)
    read = await router.read()
    back = await router.rollback("a test")

    assert isinstance(moved, Refused) and "asked again in 40 s" in moved.why
    assert isinstance(read, Split) and read.share == FIRST
    assert isinstance(back, Done)
