"""A decision lets the run go on while it stands, and no word of the guard since is worse."""

from datetime import UTC, datetime, timedelta

import pytest

from golive.core.consent import at_stake, consent
from golive.core.folding import fold
from golive.core.moments import Moment
from golive.core.order import Step, Stop, may
from golive.core.record import Kind
from golive.core.verdict import Hold
from tests.builders import Story

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def at(minutes):
    return Moment(NOW + timedelta(minutes=minutes), "boot", 60.0 * minutes)


class Told(Story):
    """A canary at 5 % that was decided upon, and the page after it."""

    def __init__(self):
        super().__init__()
        self.open()
        for phase in ("preflight", "canary-1"):
            self.tell(Kind.PHASE_ASSUMED, {"why": "a test"}, phase)
        self.tell(Kind.PHASE_OPENED, {}, "canary-5")
        self.checked("canary-5")
        for act in ("shift", "prove"):
            self.done(act, 0.05, "canary-5")
        self.judged("KTRM")
        self.decision("KTRM")

    def checked(self, phase):
        good = {"good_until": "2100-01-01T00:00:00Z"}
        self.tell(Kind.CHECKED, {"stage": "start", "passed": True, "counts": {}, **good}, phase)

    def done(self, act, share, phase):
        body = {"act": act, "request": "", "share": share}
        intent = self.tell(Kind.INTENT, body, phase)
        self.tell(Kind.OUTCOME, {**body, "intent": intent.id, "result": "done", "seen": ""}, phase)

    def judged(self, code, word="PROCEED", readings=("one",)):
        verdict = {"word": word, "hold": None, "reason": "the numbers say so", "readings": readings}
        self.tell(Kind.JUDGED, {"code": code, "verdict": verdict, "moment": at(0).to_json()}, "canary-5")

    def decision(self, code, choice="proceed"):
        body = {"choice": choice, "code": code, "because": "a test", "by_policy": False}
        self.tell(Kind.DECISION, {**body, "good_for": 600.0, "moment": at(0).to_json()}, "canary-5")

    def handed_over(self):
        self.tell(Kind.PHASE_CLOSED, {}, "canary-5")
        self.tell(Kind.PHASE_OPENED, {}, "canary-25")
        self.checked("canary-25")
        self.tell(Kind.GUARD_STARTED, {"guard": "guard-1"})
        return self

    def guard_says(self, word, hold=None, phase="canary-25"):
        self.tell(Kind.VERDICT, {"word": word, "hold": hold, "reason": f"{hold or word} it is"}, phase)

    def why(self, phase="canary-5", minutes=1.0):
        state = fold(self.entries)
        stop = consent(state, state.named(phase), at(minutes))
        return stop.why if stop else ""

    def shift(self, minutes=1.0):
        allowed = may(fold(self.entries), Step.SHIFT, "canary-25", at(minutes))
        return allowed.why if isinstance(allowed, Stop) else ""


def test_a_decision_stands_for_as_long_as_it_is_valid_and_expiry_never_approves():
    story = Told().handed_over()

    assert story.shift(9.9) == ""
    assert "too old to hand anything over" in story.shift(10.1)


def test_a_newer_verdict_ends_the_decision_on_an_older_one():
    story = Told()
    story.judged("ZZZZ")

    assert "answers KTRM, and the verdict ZZZZ is newer" in story.why()


@pytest.mark.parametrize(("word", "hold"), [("ROLLBACK", None), ("HOLD", Hold.BETWEEN), ("HOLD", Hold.AFTER_CUTOVER)])
def test_what_was_measured_bad_since_ends_it_even_when_the_guard_has_calmed_down(word, hold):
    story = Told().handed_over()
    story.guard_says(word, hold)
    story.guard_says("PROCEED")

    assert f"{word}: {hold or word} it is" in story.shift()


def test_not_being_able_to_measure_suspends_it_for_as_long_as_that_lasts():
    story = Told().handed_over()
    story.guard_says("HOLD", Hold.UNMEASURED)
    assert "could not measure" in story.shift()
    story.guard_says("HOLD", Hold.SOAKING)

    assert story.shift() == ""


@pytest.mark.parametrize("hold", [Hold.SOAKING, Hold.NOT_ENOUGH])
def test_a_soak_that_begins_anew_in_the_next_phase_is_nothing_worse_and_in_the_same_phase_it_is(hold):
    next_phase, same_phase = Told().handed_over(), Told()
    next_phase.guard_says("HOLD", hold, "canary-25")
    same_phase.guard_says("HOLD", hold, "canary-5")

    assert next_phase.shift() == ""
    assert "says worse than the verdict KTRM" in same_phase.why()


def test_before_its_shift_the_next_page_judges_and_decides_what_leads_to_it_once_that_has_lapsed():
    state = fold(Told().handed_over().entries)
    here = state.named("canary-25")

    assert at_stake(state, here, at(1)).name == "canary-25"
    assert at_stake(state, here, at(11)).name == "canary-5"


def test_a_closed_phase_is_decided_again_only_until_somebody_was_moved_on_by_it():
    story = Told().handed_over()
    assert not isinstance(may(fold(story.entries), Step.JUDGE, "canary-5", at(11)), Stop)
    story.done("shift", 0.25, "canary-25")

    assert isinstance(may(fold(story.entries), Step.JUDGE, "canary-5", at(11)), Stop)


def test_putting_back_a_split_that_was_shifted_and_lowered_by_hand_needs_no_younger_decision():
    story = Told().handed_over()
    story.done("shift", 0.25, "canary-25")
    story.tell(Kind.STRAYED, {"share": 0.0, "recorded": 0.25}, "canary-25")

    assert story.shift(30) == ""


def test_what_the_guard_said_before_was_weighed_when_the_verdict_was_frozen():
    story = Told()
    story.guard_says("HOLD", Hold.AFTER_CUTOVER, "canary-5")
    story.judged("ZZZZ")
    story.decision("ZZZZ")

    assert story.why() == ""


def test_where_only_checks_were_judged_not_enough_yet_is_nothing_worse():
    story = Told()
    story.judged("ZZZZ", readings=())
    story.decision("ZZZZ")
    story.guard_says("HOLD", Hold.NOT_ENOUGH, "canary-5")
    assert story.why() == ""
    story.guard_says("HOLD", Hold.BETWEEN, "canary-5")

    assert "between the lines" in story.why()
