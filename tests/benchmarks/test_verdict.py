"""The benchmark's cells, bounds and tables say what they claim to say."""

import json
import math

import numpy as np
import pytest
from benchmarks.cells import MIDDLE, RATES, Cell, bound, cells, let_through, over
from benchmarks.measuring import OURS, measure
from benchmarks.streams import Scenario
from benchmarks.tables import TABLES, render
from benchmarks.verdict import main
from click.testing import CliRunner


def test_every_cell_has_a_name_and_a_seed_of_its_own():
    found = cells(4000)

    assert len({cell.name for cell in found}) == len({cell.seed(1) for cell in found}) == len(found)
    assert {cell.table for cell in found} == set(TABLES) - {"cost"}


def test_every_false_rollback_cell_has_the_full_number_of_go_lives():
    healthy = {f"{rate}/{failed}" for rate in RATES for failed in (0.0001, 0.0005, 0.001)}

    assert all(c.runs == 4000 for c in cells(4000) if c.table == "strained" or (c.table, c.key) in _named(healthy))


def test_slow_canaries_are_lognormal_with_their_p95():
    draws = np.random.default_rng(1).lognormal(math.log(1500) - 1.6449 * 0.6, 0.6, 200_000)

    assert np.quantile(draws, 0.95) == pytest.approx(1500, rel=0.01)
    assert over(1000, 1500) == pytest.approx(np.mean(draws > 1000), abs=0.005)


def test_the_bound_is_at_least_one_look():
    assert bound(1.0, 0.001, 100, 0.01) == 1.0
    assert bound(0.01, 0.001, 1, 0.01) == pytest.approx(math.log(100) / 0.01407, rel=0.01)


def test_a_sick_canary_is_measured_from_its_change_on():
    scenario = Scenario.one_soak(50, 0.2, 1200)
    found = measure(Cell("delay", "x", _changed(scenario), 4, "all", changed=MIDDLE, minute=True), 1)

    ours = found["rules"][OURS]
    assert (ours["rolled_back"], found["held"]) == (1.0, 0.0)
    assert 1 <= ours["delay"] < 20
    # About 10 of 50 requests fail each second; none before the change counts.
    assert ours["failed"] == pytest.approx(10 * ours["delay"], rel=0.5)
    assert found["minute"]["with"] >= found["minute"]["alone"]


def test_a_canary_that_never_fails_is_let_through_where_it_is_asked():
    cell = next(cell for cell in let_through(8) if cell.key == "3000/0.005/middle 1")
    well = Cell(cell.table, cell.key, _well(cell.scenario), 4, changed=cell.changed, goes_on=True)

    assert measure(well, 1)["reached"] == {"came": 4, "proceeded": 4}


def test_what_was_not_run_is_a_dash_in_the_tables():
    text = render({}, list(TABLES))

    assert "| 3 | 0.01 % | – |" in text
    assert "(no go-lives a cell)" in text


def test_the_tables_are_written_between_their_marks(tmp_path):
    results, document = tmp_path / "verdict.json", tmp_path / "verdict.md"
    told = {"runs": 1000, "rolled_back": 0.004, "completed": 0.996, "early": 0.0}
    cell = {"runs": 1000, "held": 0.25, "added": 7.5, "rules": {OURS: told, "as written": told}}
    results.write_text(json.dumps({"go-live/300/0.0005": cell}))
    document.write_text("before\n<!-- tables: begin -->\noutdated\n<!-- tables: end -->\nafter\n")
    ran = CliRunner().invoke(main, ["--render", "--results", str(results), "--write", str(document)])

    text = document.read_text()
    assert ran.exit_code == 0, ran.output
    assert text.startswith("before\n<!--") and text.endswith("-->\nafter\n") and "outdated" not in text
    assert "| 300 | 0.05 % | 0.40% | 0.40% |" in text
    assert "25% (7.5)" in text


def test_a_document_without_marks_is_left_alone(tmp_path):
    document = tmp_path / "other.md"
    document.write_text("nothing here\n")
    ran = CliRunner().invoke(main, ["--render", "--results", str(tmp_path / "none.json"), "--write", str(document)])

    assert ran.exit_code == 1 and "<!-- tables: begin -->" in ran.output
    assert document.read_text() == "nothing here\n"


def _named(keys):
    return {("go-live", key) for key in keys}


def _changed(scenario):
    return Scenario(**{**vars(scenario), "change": (0, MIDDLE)})


def _well(scenario):
    return Scenario(**{**vars(scenario), "canary_failed": 0.0, "stable_failed": 0.0})
