"""A page that is closed while everybody is still being sent back says when to close it again."""

from golive.core.folding import fold
from golive.core.moments import Moment
from golive.core.order import Step, Stop, may
from golive.core.record import Kind
from tests.builders import Story
from tests.core.test_consent import at

ROLLBACK = {"act": "rollback", "request": "", "because": "5xx"}


def closing(more=None, done=False):
    story = Story().open(more)
    story.tell(Kind.PHASE_OPENED, {"notebook": "03"}, "canary-25")
    intent = story.tell(Kind.INTENT, ROLLBACK, "canary-25")
    if done:
        story.tell(Kind.OUTCOME, {**ROLLBACK, "intent": intent.id, "result": "done", "seen": "0 %"}, "canary-25")
    now: Moment = at(0)
    stop = may(fold(story.entries), Step.CLOSE, "canary-25", now)
    assert isinstance(stop, Stop)
    return stop


def test_it_is_closed_again_once_everybody_is_back():
    assert "is being sent back" in closing().why and closing().next.startswith("go.close() again")


def test_a_rehearsal_and_a_rollback_that_is_over_lead_to_the_incident():
    for stop in (closing({"unattended": True}), closing(done=True)):
        assert "91_incident.ipynb" in stop.next
