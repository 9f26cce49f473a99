"""A run opened again after hours: what has expired is done again, whatever anybody has set a clock to."""

import pytest

from golive.core.errors import Stopped
from golive.core.record import Kind
from golive.core.verdict import Word
from golive.notebook import page as page_module
from golive.notebook.page import Page
from tests.notebooks.desk import look, make_run, shifted_and_proven, verdict


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "attended", lambda: True)
    return make_run(tmp_path)


def checked(run):
    moment = run.clock.moment()
    body = {"stage": "start", "passed": True, "counts": {}, "good_until": "2026-01-01T00:30:00.000Z"}
    run.append(Kind.CHECKED, {**body, "good_for": 1800.0, "moment": moment.to_json()}, "canary-25")
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1"})


async def test_checks_that_have_expired_are_made_again_before_anybody_is_moved(run):
    page = Page(run, "canary-25")
    checked(run)
    run.clock.advance_minutes(31)

    with pytest.raises(Stopped, match="were good until") as stop:
        await page.shift()
    assert stop.value.next == "await go.checks()"
    assert "checks of 00:00:00 UTC expired" in str(Page(run, "canary-25")) and "NEXT  await go.checks()" in str(page)


@pytest.mark.parametrize("hours", [-5, 5])
def test_setting_a_clock_neither_renews_checks_nor_ends_them(run, hours):
    Page(run, "canary-25")
    checked(run)
    run.clock.advance_minutes(5)
    run.clock.step(3600 * hours)
    assert not run.state().named("canary-25").checks["start"].expired(run.clock.moment())
    run.clock.advance_minutes(30)

    assert run.state().named("canary-25").checks["start"].expired(run.clock.moment())


@pytest.mark.parametrize("hours", [-5, 5])
def test_setting_a_clock_neither_renews_a_verdict_nor_ends_it(run, hours):
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    page.judge()
    code = page.here.judged.code
    run.clock.step(3600 * hours)
    run.clock.advance_minutes(11)
    with pytest.raises(Stopped, match="11 min old"):
        page.decide("proceed", code, "all is well")
    look(run, verdict(Word.PROCEED))
    page.judge()

    assert page.decide("proceed", page.here.judged.code, "all is well").word == "DONE"


def test_after_a_reboot_utc_tells_and_what_lies_in_the_future_has_expired(run):
    Page(run, "canary-25")
    checked(run)
    run.clock.boot = "boot-2"
    run.clock.advance_minutes(5)
    assert not run.state().named("canary-25").checks["start"].expired(run.clock.moment())
    run.clock.step(-3600)

    assert run.state().named("canary-25").checks["start"].expired(run.clock.moment())


def test_a_decision_of_this_morning_hands_nothing_over_tonight(run):
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    page.judge()
    page.decide("proceed", page.here.judged.code, "all is well")
    run.clock.advance_minutes(600)

    with pytest.raises(Stopped, match="too old to hand anything over") as stop:
        page.close()
    assert stop.value.next.startswith("go.judge()")
    assert page.here.closed_at == ""


def test_a_page_opened_again_says_what_was_done_and_goes_on_from_there(run):
    Page(run, "canary-25")
    shifted_and_proven(run)
    text = str(Page(run, "canary-25"))

    assert "shift done at" in text and "proof done at" in text and "soak not over" in text
    assert text.endswith("NEXT  await go.soak()")


def test_a_page_says_where_the_guards_stand_and_what_other_code_they_run(run):
    stands = {"scope": "golive-guard@shop.service", "dangers": []}
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1", "pid": "1", "code": "other", "stands": stands})
    text = str(Page(run, "canary-25"))

    assert "on host, in golive-guard@shop.service" in text
    assert "the guard runs other, the run was opened with test" in text
