"""What a soak can tell, foreseen: as the evidence itself will have it."""

import math
from datetime import timedelta

import pytest

from golive.core.judging.foresight import Fit, foresee, needed_requests, unseen
from golive.core.judging.measures import measures_of
from golive.core.judging.proceed_evidence import ProceedEvidence
from golive.pages.foreseen import WIDEST, foreseen
from golive.pages.tables import baseline_answer
from golive.plans import load
from tests.builders import sandbox

PRODUCTION = load("production", None)[0]
FAILED = measures_of(PRODUCTION)[0]


def of(phase, rate, plan=PRODUCTION, **more):
    return next(found for found in foresee(plan, rate, **more) if found.phase.name == phase)


@pytest.mark.parametrize("correlation", [0.0, 0.05])
@pytest.mark.parametrize(("phase", "rate"), [("canary-1", 300), ("canary-5", 300), ("canary-5", 3000)])
def test_a_canary_without_failures_is_conclusive_when_the_evidence_says_so(phase, rate, correlation):
    found = of(phase, rate, correlations={"failed": (correlation,)})
    evidence = ProceedEvidence(FAILED.level, FAILED.proceed_below, (correlation,))
    soak, second = found.phase.soak.total_seconds(), 0
    while evidence.log < math.log(1 / PRODUCTION.judging.beta):
        second += 1
        evidence.add(round(found.rate), 0, second <= soak / 2)

    assert found.measures[0].none_bad == pytest.approx(second, abs=1.01)


def test_failures_at_half_the_limit_take_longer_than_none():
    failed = of("canary-1", 300).measures[0]

    assert failed.half_bad > failed.none_bad


def test_a_soak_that_is_too_short_is_said_and_a_longer_one_helps_as_much_as_was_said():
    short = of("canary-1", 300)
    phases = tuple(
        phase.model_copy(update={"soak": timedelta(seconds=short.soak + 1)}) if phase.name == "canary-1" else phase
        for phase in PRODUCTION.phases
    )
    longer = of("canary-1", 300, PRODUCTION.model_copy(update={"phases": phases}))

    assert (short.fit, longer.fit) == (Fit.IN_HOLD, Fit.IN_SOAK)
    assert of("canary-1", 300 * short.traffic * 1.01).fit is Fit.IN_SOAK


def test_a_site_with_too_few_visitors_is_never_conclusive_before_hold_ends():
    assert of("canary-1", 3).fit is Fit.NEVER
    assert of("canary-1", 0).after is None


def test_a_sick_canary_is_unseen_for_as_long_as_walds_bound_says():
    sick, limit = 0.02, 0.001
    divergence = sick * math.log(sick / limit) + (1 - sick) * math.log((1 - sick) / (1 - limit))

    assert unseen(FAILED, 3.0) == pytest.approx(math.log(1 / FAILED.alpha) / (3.0 * divergence))
    assert unseen(FAILED, 3000.0) == 1.0
    assert unseen(measures_of(PRODUCTION)[2], 3.0) is None


def test_what_a_route_needs_is_told_in_requests_of_its_own():
    chat = next(measure for measure in measures_of(PRODUCTION) if measure.route)
    evidence = ProceedEvidence(chat.level, chat.proceed_below, (0.0,))
    for _ in range(needed_requests(PRODUCTION, chat)):
        assert evidence.log < math.log(1 / PRODUCTION.judging.beta)
        evidence.add(1, 0, False)

    assert evidence.log >= math.log(1 / PRODUCTION.judging.beta) - 0.01


@pytest.mark.parametrize("rate", [0.5, 40, 300, 30_000])
def test_the_table_is_narrow_and_says_plainly_what_can_not_be_conclusive(rate):
    lines = foreseen(PRODUCTION, rate)

    assert max(map(len, lines)) <= WIDEST + 2 <= 130
    assert any("NOT CONCLUSIVE  canary-1" in line for line in lines) is (of("canary-1", rate).fit is not Fit.IN_SOAK)


def test_top_up_is_said_to_help_a_rollback_only():
    assert any("top_up" in line and "never helps a good one" in line for line in foreseen(PRODUCTION, 3))


def test_the_baseline_shows_the_same_for_the_rate_that_was_measured():
    body = {"seconds": 6.0, "requests": 240, "failed": 0, "over": {"500": 0, "1000": 0}, "rate": 40.0}
    answer = baseline_answer({**body, "dispersion": {"failed": [0.0, 0.01]}}, "the next cell", sandbox())

    assert "NOT CONCLUSIVE canary-1" in str(answer)
    assert "NOT CONCLUSIVE" not in str(baseline_answer(body, "the next cell"))
