"""What the checks of guard and clocks say, and who may waive what."""

from dataclasses import replace

import pytest

from golive.adapters.checks import watching
from golive.adapters.checks.run import Scene, run_checks
from golive.core.errors import PlanError
from golive.core.plan import CheckUse
from golive.core.state import Guard
from golive.ports import LookNote, Result


def scene(**said):
    base = Scene("", "", "", None, None, None, None, None, None, 0.0)
    return replace(base, **said)


def guards(*dangers, scope="session-3.scope"):
    return [Guard("guard-1", "alpha", "", stands={"scope": scope, "dangers": list(dangers)})]


async def finding(name, scene, **settings):
    (found,) = await run_checks([CheckUse(check=name, settings=settings)], watching.KNOWN, scene)
    return found


async def test_a_guard_that_a_logout_may_end_is_refused_on_a_router_that_is_not_ours():
    found = await finding("guard-survives", scene(guards=guards("a logout may end it"), own_world=False))

    assert found.result is Result.FAIL
    assert found.seen == "on alpha, in session-3.scope: a logout may end it"


async def test_who_waives_that_is_named_in_the_plan_and_in_the_finding():
    where = scene(guards=guards("a logout may end it"), own_world=False)
    found = await finding("guard-survives", where, waived_by="C. Chief")

    assert found.result is Result.WAIVED
    assert found.seen.startswith("waived by C. Chief: on alpha")


@pytest.mark.parametrize("nobody", ["TBD", "?"])
def test_nobody_waives_nothing(nobody):
    use = CheckUse(check="guard-survives", settings={"waived_by": nobody})

    with pytest.raises(PlanError, match="the name of who accepts that was expected"):
        watching.KNOWN["guard-survives"].checked(use)


async def test_in_a_rehearsal_it_passes_and_says_what_would_end_the_guard():
    found = await finding("guard-survives", scene(guards=guards("it ends with its container")))

    assert found.result is Result.PASS
    assert "good enough for a rehearsal" in found.seen and "it ends with its container" in found.seen


async def test_a_supervised_guard_passes_anywhere():
    stands = guards(scope="golive-guard@shop.service")
    found = await finding("guard-survives", scene(guards=stands, own_world=False))

    assert (found.result, found.seen) == (Result.PASS, "on alpha, in golive-guard@shop.service")


async def test_one_of_the_pair_that_is_in_no_danger_is_enough():
    pair = [*guards("a logout may end it"), *guards(scope="golive-guard@shop.service")]
    found = await finding("guard-survives", scene(guards=pair, own_world=False))

    assert (found.result, found.seen) == (Result.PASS, "on alpha, in golive-guard@shop.service")


@pytest.mark.parametrize("nobody", [[], [Guard("guard-1", "alpha", "")]])
async def test_a_guard_that_has_not_said_where_it_stands_could_not_be_measured(nobody):
    found = await finding("guard-survives", scene(guards=nobody, own_world=False))

    assert found.result is Result.COULD_NOT_MEASURE


class Book:
    def __init__(self, look):
        self._look = look

    def last_look(self):
        return self._look


@pytest.mark.parametrize(
    ("skew", "result", "seen"),
    [
        (0.0, Result.PASS, "the clock of the source of the counts is 0.0 s behind ours"),
        (-1.9, Result.PASS, "1.9 s behind"),
        (4.2, Result.FAIL, "4.2 s ahead of ours"),
        (None, Result.PASS, "this source has told no time"),
    ],
)
async def test_clocks_that_are_over_two_seconds_apart_are_a_finding(skew, result, seen):
    found = await finding("clocks-agree", scene(book=Book(LookNote(0.0, "", {"skew": skew}))))

    assert found.result is result and seen in found.seen


async def test_before_the_guard_has_looked_nobody_knows_what_the_clocks_do():
    assert (await finding("clocks-agree", scene(book=Book(None)))).result is Result.COULD_NOT_MEASURE
