"""What a look leads to: backward before forward, and nothing forward without the record."""

from dataclasses import replace

import pytest

from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.verdict import Hold, Verdict, Word
from golive.engine.look import Abandon, Begin, EndSoak, Known, RollBack, SayAlone, decide
from golive.ports import Split, Unknown
from tests.builders import Story, sandbox


def told(*entries):
    story = Story().open()
    story.tell(Kind.PHASE_OPENED, {"notebook": "03"}, "canary-25")
    for kind, body in entries:
        story.tell(kind, body, "canary-25", id=body.get("id", ""))
    return fold(story.entries)


SHIFT = {
    "act": "shift",
    "share": 0.25,
    "request": "ask",
    "intent": "did",
    "id": "out",
    "result": "done",
    "by": "request",
}
PROOF = {"act": "prove", "request": "ask2", "intent": "did2", "id": "out2", "result": "done"}
ASKED = (Kind.REQUEST, {"act": "shift", "share": 0.25, "attended": False, "id": "ask"})
SOAKING = ((Kind.OUTCOME, SHIFT), (Kind.OUTCOME, PROOF))


def verdict(word, hold=None, left=0.0):
    return Verdict(word, hold, "failed", "because of it", (), left, 0, 0.0, word, "")


def known(*entries, said=None, **changes):
    base = Known(
        plan=sandbox(),
        state=told(*entries),
        verdict=said,
        split=Split(0.25),
        now=20.0,
        since=0.0,
        stored=True,
        rolling=False,
        moving=False,
        unattended=0.0,
    )
    return replace(base, **changes)


def test_a_shift_that_was_asked_for_begins_once():
    assert isinstance(decide(known(ASKED))[0], Begin)
    assert decide(known(ASKED, moving=True)) == ()


def test_nothing_moves_forward_while_the_record_can_not_be_written():
    assert decide(known(ASKED, stored=False)) == ()


def test_a_bad_verdict_rolls_back_even_while_the_record_can_not_be_written():
    acts = decide(known(*SOAKING, said=verdict(Word.ROLLBACK), stored=False))

    assert acts == (RollBack("because of it"),)


def test_a_bad_verdict_comes_before_a_shift_that_was_asked_for():
    acts = decide(known(*SOAKING, ASKED, said=verdict(Word.ROLLBACK)))

    assert [type(act) for act in acts] == [RollBack]


def test_a_bad_verdict_before_anybody_is_on_the_canary_moves_nobody():
    assert decide(known(said=verdict(Word.ROLLBACK))) == ()


def test_an_operators_rollback_names_its_request():
    acts = decide(known(*SOAKING, (Kind.REQUEST, {"act": "rollback", "because": "smoke", "id": "back"})))

    assert acts == (RollBack("smoke", "back"),)


BACK = {"act": "rollback", "request": "", "intent": "did3", "id": "out3", "result": "done", "because": "smoke"}


@pytest.mark.parametrize(
    ("result", "split", "again"),
    [
        ("done", Split(0.0), False),
        ("done", Split(0.1), True),
        ("failed", Split(0.1), True),
        ("failed", Unknown("?"), True),
        ("done", Unknown("?"), False),
    ],
)
def test_a_rollback_goes_on_until_the_router_shows_nobody_on_the_canary(result, split, again):
    acts = decide(known(*SOAKING, (Kind.OUTCOME, {**BACK, "result": result}), split=split))

    assert bool(acts) is again


def test_a_shift_asked_for_before_a_rollback_never_begins_after_it():
    acts = decide(known(*SOAKING, ASKED, (Kind.OUTCOME, BACK), split=Split(0.0)))

    assert acts == ()


def test_the_soak_ends_when_it_is_over_and_good_or_when_holding_has_lasted_long_enough():
    longest = 8 + sandbox().judging.hold_up_to.total_seconds()

    assert isinstance(decide(known(*SOAKING, said=verdict(Word.PROCEED)))[0], EndSoak)
    assert decide(known(*SOAKING, said=verdict(Word.PROCEED, left=3.0))) == ()
    assert decide(known(*SOAKING, said=verdict(Word.HOLD, Hold.NOT_ENOUGH))) == ()
    assert isinstance(decide(known(*SOAKING, said=verdict(Word.HOLD, Hold.NOT_ENOUGH), now=longest + 1))[0], EndSoak)


def test_no_soak_ends_before_the_split_is_proven():
    assert decide(known((Kind.OUTCOME, SHIFT), said=verdict(Word.PROCEED))) == ()


def test_with_nobody_at_the_wheel_visitors_go_back_first_and_the_run_is_closed_then():
    assert isinstance(decide(known(*SOAKING, said=verdict(Word.HOLD, Hold.SOAKING), unattended=60.0))[0], RollBack)
    assert decide(known(*SOAKING, (Kind.OUTCOME, BACK), split=Split(0.0), unattended=60.0)) == (Abandon(),)
    assert decide(known(unattended=60.0)) == (Abandon(),)


def test_a_world_of_our_own_that_does_not_take_its_rollback_ends_with_its_run_when_nobody_is_there():
    failed = (Kind.OUTCOME, {**BACK, "result": "failed"})
    lost = {"split": Unknown("no answer"), "rolling": True}

    assert decide(known(*SOAKING, failed, unattended=59.0, **lost)) == ()
    assert decide(known(*SOAKING, failed, unattended=61.0, **lost)) == (Abandon(),)
    assert decide(known(*SOAKING, failed, unattended=1e6, plan=a_real_site(), **lost)) == ()


def cut_over(**changes):
    """Give what is known once every visitor is on the canary and nobody is at the wheel."""
    shift = {**SHIFT, "share": 1.0}
    return known((Kind.OUTCOME, shift), (Kind.OUTCOME, PROOF), unattended=60.0, split=Split(1.0), **changes)


def a_real_site():
    """Give the plan of a site that no run has brought."""
    plan = sandbox()
    return plan.model_copy(update={"world": plan.world.model_copy(update={"driver": "none"})})


def test_after_cutover_nobody_at_the_wheel_is_told_and_held_and_the_watching_goes_on():
    assert decide(cut_over(plan=a_real_site())) == (SayAlone(),)


def test_a_rehearsal_that_nobody_is_at_any_more_ends_even_after_its_cutover():
    assert decide(cut_over()) == (Abandon(),)


def test_a_plan_whose_operators_may_be_away_for_ever_is_never_abandoned():
    guarding = sandbox().guarding.model_copy(update={"abandon_after": None})
    plan = a_real_site().model_copy(update={"guarding": guarding})

    assert decide(cut_over(plan=plan)) == ()
    assert decide(known(*SOAKING, said=verdict(Word.HOLD, Hold.SOAKING), unattended=1e6, plan=plan)) == ()


def test_a_soak_says_how_long_it_was_watched_and_not_how_long_ago_it_began():
    (ended,) = decide(known(*SOAKING, said=verdict(Word.PROCEED), now=2400.0, watched=8.0))

    assert ended.body["seconds"] == 8.0
