"""Who closes a phase: whom the plan makes responsible, or somebody who says why they stand in; by the record alone."""

import pytest

from golive.core.folding import fold
from golive.core.order import Step, Stop, Yes, may
from golive.core.record import Kind
from tests.builders import Story, sandbox
from tests.core.test_consent import at

BOB, GRACE = ["sre_engineer", "Bob"], ["devops_manager", "Grace"]


def ready(responsible=(BOB,), operator="ada", **more):
    """Give the state of a preflight that was decided, with `operator` at the wheel."""
    story = Story()
    phases = [
        {"name": p.name, "title": p.title, "notebook": p.notebook, "share": p.share, "kind": p.kind.value}
        for p in sandbox().phases
    ]
    if responsible is not None:
        phases[0]["responsible"] = [list(one) for one in responsible]
    body = {"run": "run", "plan": "p", "title": "t", "site": "s", "note": "n", "versions": {}, "world": "sandbox"}
    story.tell(Kind.RUN_OPENED, {**body, "phases": phases, **more})
    story.tell(Kind.WHEEL_TAKEN, {"by": operator, "from": "ada", "offered": False, "because": "a test"})
    story.tell(Kind.PHASE_OPENED, {"notebook": "00_preflight"}, "preflight")
    story.decided("preflight")
    return fold(story.entries)


def close(state, who, because=""):
    return may(state, Step.CLOSE, "preflight", at(0), who, because)


def test_who_is_responsible_closes_without_a_word():
    assert close(ready(operator="Bob"), "Bob") == Yes()


def test_somebody_else_is_told_who_may_and_what_to_type():
    stop = close(ready(operator="Eve"), "Eve")

    assert isinstance(stop, Stop)
    assert stop.why == "0 · Preflight is closed by Bob (sre_engineer), and you are Eve"
    assert 'go.hand_over(to="Bob"' in stop.next and "go.close(because=" in stop.next


@pytest.mark.parametrize("because", ["", " ", "…", "\u202e"])
def test_a_reason_without_a_letter_is_none(because):
    assert isinstance(close(ready(operator="Eve"), "Eve", because), Stop)


def test_somebody_else_stands_in_with_a_reason():
    assert close(ready(operator="Eve"), "Eve", "Bob is on a plane") == Yes()


def test_of_several_either_may():
    state = ready((BOB, GRACE), operator="Grace")

    assert close(state, "Grace") == Yes()
    assert "Bob (sre_engineer) or Grace (devops_manager)" in close(ready((BOB, GRACE), operator="Eve"), "Eve").why


def test_the_wheel_comes_first_and_no_reason_replaces_it():
    stop = close(ready(operator="Eve"), "Bob", "it is mine")

    assert isinstance(stop, Stop) and stop.why.startswith("Eve has the wheel")


@pytest.mark.parametrize("responsible", [(), (["sre_lead", ""],), None], ids=["none", "unfilled", "an older record"])
def test_where_nobody_is_named_anybody_may(responsible):
    assert close(ready(responsible, operator="Eve"), "Eve") == Yes()


def test_of_two_roles_only_one_of_which_is_filled_that_one_closes():
    state = ready((["sre_lead", ""], GRACE), operator="Eve")

    assert "Grace (devops_manager)" in close(state, "Eve").why


def test_an_unattended_rehearsal_in_its_own_world_is_closed_by_the_runner_and_a_real_site_is_not():
    assert close(ready(operator="Eve", unattended=True), "Eve") == Yes()
    assert isinstance(close(ready(operator="Eve", unattended=True, world="none"), "Eve"), Stop)


def test_on_a_real_site_who_stands_in_fills_a_role():
    state = ready(operator="Evee", world="none", people=["Bob", "Eve"])
    stop = close(state, "Evee", "Bob is on a plane")

    assert isinstance(stop, Stop) and "'Evee' fills no role of the plan: did you mean 'Eve'" in stop.why
    assert close(ready(operator="Eve", world="none", people=["Bob", "Eve"]), "Eve", "Bob is on a plane") == Yes()


def test_a_name_with_quotes_gives_a_line_that_can_be_typed():
    stop = close(ready((["sre_engineer", 'Bob "B" <b>'],), operator="Eve"), "Eve")
    call = stop.next.split(", who takes")[0]

    assert eval(call.replace("go.hand_over", "dict"))["to"] == 'Bob "B" <b>'
