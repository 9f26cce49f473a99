"""The vectorised path says what the one function says, look by look."""

from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from benchmarks.many import ManyJudged, Ours, correlations, learned
from benchmarks.outcomes import Outcome
from benchmarks.outcomes import judge as judge_many
from benchmarks.streams import CHUNK, Scenario, Streams
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from golive.core.judging.evidence import Evidence, Soak
from golive.core.judging.judge import Alarms, judge
from golive.core.plan import Plan
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.core.verdict import Word
from golive.plans import load

RUNS = 3
LARGEST = 300  # nats; far beyond every line


@cache
def plan() -> Plan:
    found = load("production", None)[0]
    judging = found.judging.model_copy(update={"hold_up_to": timedelta(seconds=2 * CHUNK)})
    return found.model_copy(update={"routes": (), "judging": judging})


@st.composite
def scenarios(draw):
    share = st.sampled_from([0.0, 0.0005, 0.001, 0.003, 0.006, 0.02, 0.3, 1.0])
    slow = draw(st.sampled_from([0.0, 0.008, 0.03, 0.12, 0.6]))
    return Scenario(
        draw(st.sampled_from([0.5, 8.0, 120.0, 1500.0])),
        draw(share),
        # Stable may not be sick at once with the canary: that is left out of the vectorised path.
        stable_failed=draw(st.sampled_from([0.0, 0.0002])),
        shares=(0.1, 0.5),
        soaks=(CHUNK, 2 * CHUNK),
        change=draw(st.sampled_from([None, (0, 20), (1, 30)])),
        canary_over_500=slow + draw(st.sampled_from([0.0, 0.02, 0.1])),
        canary_over_1000=slow,
        client_errors=draw(st.sampled_from([0.0, 0.02])),
        correlation=draw(st.sampled_from([0.0, 0.01, 0.1])),
        cold_start=draw(st.sampled_from([0, 10])),
        probe_loss=draw(st.sampled_from([0.0, 0.2])),
        baseline=CHUNK,
    )


quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


# Evidence beyond the line, but a stretch that keeps close to the literal trigger.
BETWEEN = Scenario(3000.0, 0.0048, stable_failed=0.0, shares=(0.5,), soaks=(2 * CHUNK,), baseline=CHUNK)


@quick
@example(BETWEEN, 1)
@given(scenarios(), st.integers(0, 2**32))
def test_both_give_the_same_evidence_and_the_same_word_at_every_look(scenario, seed):
    streams = Streams(scenario, RUNS, seed)
    many = ManyJudged(plan(), learned(streams, plan()))
    ones = [taught(streams, run) for run in range(RUNS)]
    now = 0
    for phase, soak in enumerate(scenario.soaks):
        many.begin(soak, 30)
        for one in ones:
            one.begin(Soak(now, now + 30, soak, scenario.shares[phase], 1.0))
        for second in range(1, soak + CHUNK + 1):
            now += 1
            chunk, column = streams.phase(phase, (second - 1) // CHUNK), (second - 1) % CHUNK
            many.add(chunk, column, second)
            back, on = many.rolls_back(), many.proceeds(second)
            for run, one in enumerate(ones):
                one.add(sampled(chunk.stable, run, column, now), sampled(chunk.canary, run, column, now))
                word = Word.ROLLBACK if back[run] else Word.PROCEED if on[run] else Word.HOLD
                alarm = "three probes in a row failed" if many.alarmed[run] else ""
                assert judge(one, Alarms(health=alarm)).word is word
                assert gap(many, one, run) < 1e-6


@quick
@given(scenarios(), st.integers(0, 2**32), st.booleans())
def test_a_whole_go_live_ends_alike_with_its_extensions(scenario, seed, goes_on):
    streams = Streams(scenario, RUNS, seed)
    ours = Ours(streams, plan(), goes_on)
    [outcomes] = judge_many(streams, [ours])

    for run in range(RUNS):
        outcome, at, failed, held = lived(streams, run, goes_on)
        assert (Outcome(outcomes.outcome[run]), outcomes.failed_seen[run]) == (outcome, failed)
        assert outcomes.rolled_back_at[run] == pytest.approx(at, nan_ok=True)
        assert ours.held[run].tolist() == held


@quick
@given(st.sampled_from([0.0, 0.0005, 0.01, 0.3]), st.sampled_from([0.0, 0.01, 0.1]), st.integers(0, 2**32))
def test_both_learn_the_same_correlations(failed, correlation, seed):
    streams = Streams(
        Scenario(120.0, 0.0, stable_failed=failed, correlation=correlation, baseline=120, stable_over_500=0.02), 4, seed
    )
    found = correlations(streams, plan())

    for run in range(4):
        for name, known in taught(streams, run).correlations.items():
            assert set(found[name][:, run]) == set(known)


def taught(streams, run) -> Evidence:
    """Give the evidence of one run, after its baseline."""
    one = Evidence(plan())
    one.learn(
        [
            sampled(streams.baseline(number).stable, run, column, 0)
            for number in range(streams.scenario.baseline // CHUNK)
            for column in range(CHUNK)
        ]
    )
    return one


def sampled(counts, run, column, at) -> Sample:
    requests, failed, over_500, over_1000, client = (int(each[run, column]) for each in vars(counts).values())
    tally = Tally(requests, failed, client, 0, {500: over_500, 1000: over_1000})
    return Sample(at, at, 1.0, Version.CANARY, tally, Gauges(0.1, 0.1))


def gap(many, one, run) -> float:
    """Give how far the evidence of both lies apart, at most."""
    pairs = [(many.rollback[name].log[run], each.log) for name, each in one.rollback.items()]
    pairs += [(many.rollback[name].beyond[run], each.beyond) for name, each in one.rollback.items()]
    pairs += [(many.proceed[name].log[run], each.log) for name, each in one.proceed.items()]
    pairs += [(many.compared.log[run], one.compared["client_errors"].worse_log)]
    gaps = [abs(a - b) / max(1.0, abs(b)) for a, b in pairs if b < LARGEST]
    stretches = [
        (tuple(np.concatenate(each.stretch(np.array([run])))), one.rollback[name].stretch)
        for name, each in many.rollback.items()
        if one.rollback[name].log > 1 and one.rollback[name].log < LARGEST
    ]
    assert all(found == (known.requests, known.bad) for found, known in stretches)
    return max(gaps)


def lived(streams, run, goes_on):
    """Give outcome, second of the rollback, failed requests seen and holds by phase, by the one function."""
    one, now, lost, failed, held = taught(streams, run), 0, 0, 0, []
    for phase, soak in enumerate(streams.scenario.soaks):
        one.begin(Soak(now, now + 30, soak, streams.scenario.shares[phase], 1.0))
        for second in range(1, soak + 2 * CHUNK + 1):
            now += 1
            chunk, column = streams.phase(phase, (second - 1) // CHUNK), (second - 1) % CHUNK
            failed += int(chunk.canary.failed[run, column])
            if second % 5 == 0:
                lost = lost + 1 if chunk.probe_failed[run, column // 5] else 0
            one.add(sampled(chunk.stable, run, column, now), sampled(chunk.canary, run, column, now))
            verdict = judge(one, Alarms(health="lost" if lost >= 3 else ""))
            if verdict.word is Word.ROLLBACK:
                return Outcome.ROLLED_BACK, now, failed, padded(held, streams)
            if verdict.word is Word.PROCEED:
                held.append(False)
                break
        else:
            held.append(True)
            if not goes_on:
                return Outcome.HELD, np.nan, failed, padded(held, streams)
    return Outcome.COMPLETED, np.nan, failed, held


def padded(held, streams):
    return held + [False] * (len(streams.scenario.soaks) - len(held))
