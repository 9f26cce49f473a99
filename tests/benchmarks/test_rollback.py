"""What is reckoned from recorded rollbacks: others' rules, the floor, the tables."""

import json
import math

import numpy as np
import pytest
from benchmarks.rollback import main
from benchmarks.rollback_cells import Cell, cells
from benchmarks.rollback_field import Recorded, floor, taken
from benchmarks.rollback_once import by_second
from benchmarks.rollback_plan import PARAMS, plan_text
from benchmarks.rollback_stack import Arrival
from benchmarks.rollback_tables import render
from click.testing import CliRunner

from golive.core.plan_text import parse

CELL = Cell("direct", 0.05, 0.2)
STREAM = [[25, 0], [25, 0], [25, 5], [25, 5], [10, 2]]


def repetition(number=0, **more):
    """Give one that failed first 2 s after the shift and was rolled back 2.4 s later."""
    moments = {"first_failed": 2.0, "counted": 3.4, "verdict": 4.38, "read_back": 4.41, "last": 4.4}
    seen = {"failed": 12, "stream": STREAM, "seconds_to_safe": 0.004, "afterwards": 0, "criterion": "failed"}
    beside = {"load": 1.0, "rate": 500.0, "at": "2026-03-01T00:00:00.000Z"}
    return {"number": number, **moments, **seen, **beside, **more}


def results(*repetitions):
    return {CELL.name: {"repetitions": list(repetitions)}}


def test_there_are_nine_cells_for_each_source_and_each_has_a_seed_of_its_own():
    every = cells(["direct", "prometheus"])

    assert len(every) == len({cell.name for cell in every}) == 18
    assert len({cell.seed(1, number) for cell in every for number in range(20)}) == 360


UNCHECKED = {
    "start_checks": (),
    "special_checks": (),
    "watched": (),
}  # production's checks ask Vercel, and none is run here


@pytest.mark.parametrize("source", ["direct", "prometheus"])
def test_the_plan_has_productions_limits_and_soaks(source):
    plan, production = parse(plan_text(source), "made"), parse((PARAMS / "production.yaml").read_text(), "made")

    assert plan.criteria == production.criteria
    assert plan.phases == tuple(phase.model_copy(update=UNCHECKED) for phase in production.phases)
    assert plan.judging.alpha == production.judging.alpha
    assert plan.metrics.driver == {"direct": "haproxy"}.get(source, source)


def test_a_stream_counts_by_the_second_in_which_a_request_came():
    came = [Arrival(10.2, 10.3, False), Arrival(11.1, 11.2, True), Arrival(12.9, None, False)]

    assert by_second([Arrival(9.0, 9.1, True), *came], 10.0) == [[1, 0], [1, 1], [1, 0]]
    assert by_second([], 10.0) == []


def test_what_was_recorded_stands_in_the_stream_after_healthy_seconds_and_before_drawn_ones():
    streams = Recorded(CELL, [repetition()] * 50, seed=7)
    first, second = streams.phase(0, 0).canary, streams.phase(0, 1).canary

    for run, before in enumerate(streams.before):
        requests = np.concatenate([first.requests[run], second.requests[run]])
        failed = np.concatenate([first.failed[run], second.failed[run]])
        assert failed[: before + 2].sum() == 0
        assert list(requests[before : before + 4]) == [25, 25, 25, 25]
        assert list(failed[before + 2 : before + 4]) == [5, 5]
    assert second.requests.mean() == pytest.approx(25, rel=0.05)
    assert (streams.phase(0, 5).canary.failed.sum() / streams.phase(0, 5).canary.requests.sum()) == pytest.approx(
        12 / (25 * 2.4), rel=0.1
    )


def test_flaggers_example_takes_five_failed_checks_and_one_more_tick():
    found = taken(CELL, [repetition()] * 200, seed=7)

    # Five minutes fail, the first of them in part, and the sixth tick acts; a second or two of failures at a
    # minute's end are too few to fail it.
    assert min(found["Flagger, threshold 5"].seconds) >= 300
    assert max(found["Flagger, threshold 5"].seconds) <= 363
    assert np.median(found["Argo, failureLimit 3"].seconds) == np.median(found["Flagger, threshold 5"].seconds) - 120


def test_the_floor_is_what_the_test_needs_and_one_scrape_and_haproxys_own_time():
    divergence = 0.05 * math.log(0.05 / 0.001) + 0.95 * math.log(0.95 / 0.999)

    assert floor(Cell("direct", 0.05, 0.05), 0.01) == pytest.approx(math.log(100) / (25 * divergence) + 1.01)
    assert floor(Cell("direct", 0.5, 1.0), 0.01) == pytest.approx(2.01)  # at least one look


def test_the_tables_say_median_and_worst_and_whether_each_reach_was_kept():
    text = render(results(repetition(0), repetition(1), repetition(2, last=7.0, verdict=6.9)), seed=1)

    assert "| 5% | 20% | **2.40** | 5.00 | 2.38 | 4.90 | 20 | 100 | 2.00 | 1.20 | 12 | 12 |" in text
    assert "| median ≤ 3 s at 5 % that fails 20 %, s | 2.40: kept | – |" in text


def test_a_reach_that_is_not_kept_says_so():
    text = render(results(repetition(last=9.0, verdict=8.9)), seed=1)

    assert "| median ≤ 3 s at 5 % that fails 20 %, s | 7.00: **not kept** | – |" in text


def test_a_repetition_that_was_not_rolled_back_is_told_and_not_left_out_in_silence():
    text = render(results(repetition(0), {"number": 1, "trouble": "it did not roll back in 120 s"}), seed=1)

    assert "not in the tables: 1.\n  * it did not roll back in 120 s" in text


def test_results_are_rendered_between_the_marks_of_a_document(tmp_path):
    document, kept = tmp_path / "rollback.md", tmp_path / "results.json"
    document.write_text("before\n<!-- tables: begin -->\nOUTDATED\n<!-- tables: end -->\nafter\n")
    kept.write_text(json.dumps(results(repetition())))
    done = CliRunner().invoke(main, ["--render", "--results", str(kept), "--write", str(document)])

    assert done.exit_code == 0, done.output
    text = document.read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "| 5% | 20% |" in text and "OUTDATED" not in text
