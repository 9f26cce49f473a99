"""A rollback on Vercel is a job: what is shown counts, and not what was accepted."""

from __future__ import annotations

from golive.engine.rollback import roll_back
from golive.engine.stray import Watch
from golive.ports import Done, Split, Unknown
from tests.vercel.conftest import FIRST, SECOND
from tests.vercel.double.demand import OnDemand, refused
from tests.vercel.double.state import CANARY, STABLE


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


async def test_a_rollback_that_takes_20_seconds_is_asked_for_once(turned):
    turned.releases.ways.rollback_takes = 20
    rolled = await roll_back(turned.router(), turned.clock, "a test")

    assert rolled.done and turned.sent(f"rollback/{STABLE}") == 1


async def test_a_rollback_whose_request_was_lost_is_asked_for_again_once_reads_would_show_it(turned):
    turned.double.demands.append(OnDemand("POST .*/rollback/.*", cut="before", times=1))
    begun = turned.clock.monotonic()
    rolled = await roll_back(turned.router(), turned.clock, "a test")

    assert rolled.done and turned.sent(f"rollback/{STABLE}") == 2
    assert 17 <= turned.clock.monotonic() - begun < 25


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
