"""The first shift needs every line of the preflight, still fresh; later ones need their own phase's."""

from datetime import UTC, datetime, timedelta

import pytest

from golive.core.folding import fold
from golive.core.moments import Moment
from golive.core.order import Step, Stop, may
from golive.core.record import Kind
from tests.builders import Story

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def moment(minutes):
    return (NOW + timedelta(minutes=minutes)).isoformat()


def boot(minutes):
    return {"boot": "boot", "seconds": 60.0 * minutes}


class Told(Story):
    def found(self, phase, result="pass", good_for=30, called="scan"):
        body = {"stage": "start", "check": called, "called": called, "result": result, "code": "c0de"}
        good = {"good_until": moment(good_for), "good_for": 60.0 * good_for, "moment": boot(0)}
        self.tell(Kind.FINDING, {**body, **good}, phase)
        self.tell(
            Kind.CHECKED,
            {"stage": "start", "passed": result == "pass", "counts": {}, **good},
            phase,
        )
        return self

    def phase(self, name):
        for earlier in ("preflight", "canary-1", "canary-5"):
            if earlier == name:
                break
            self.decided(earlier).tell(Kind.PHASE_CLOSED, {}, earlier)
        self.tell(Kind.PHASE_OPENED, {}, name)
        return self

    def why(self, phase, after=0):
        allowed = may(fold(self.entries), Step.SHIFT, phase, Moment(NOW, "boot", 60.0 * after))
        return allowed.why if isinstance(allowed, Stop) else ""


@pytest.fixture
def story():
    told = Told().open().found("preflight").phase("canary-1")
    return told.found("canary-1", good_for=120, called="guard-watching")


def test_fresh_prerequisites_let_the_first_shift_come_to_the_guard(story):
    assert "no guard" in story.why("canary-1")


def test_an_aged_prerequisite_keeps_the_first_shift_back_until_it_is_looked_at_again(story):
    assert "scan was good until" in story.why("canary-1", after=31)
    assert "no guard" in story.found("preflight", good_for=60).why("canary-1", after=31)


def test_a_prerequisite_that_failed_keeps_it_back(story):
    assert "scan: fail" in story.found("preflight", "fail").why("canary-1")


def test_each_line_ages_by_itself(story):
    story.found("preflight", good_for=5, called="dns")

    assert story.why("canary-1", after=6).count("was good until") == 1


def test_a_later_shift_needs_its_own_phases_lines_alone(story):
    act = {"act": "shift", "request": "", "share": 0.01}
    intent = story.tell(Kind.INTENT, act, "canary-1")
    story.tell(Kind.OUTCOME, {**act, "intent": intent.id, "result": "done", "seen": "1 %"}, "canary-1")
    story.phase("canary-5").found("canary-5", good_for=120, called="guard-watching")

    assert "no guard" in story.why("canary-5", after=31)
