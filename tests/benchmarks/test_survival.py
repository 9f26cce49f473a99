"""What a killed run is held against: the oracles find what is wrong, and nothing where nothing is."""

import hashlib
import json
from math import comb

import pytest
import rfc8785
from benchmarks.survival import main
from benchmarks.survival_cells import POINTS, Cell, apart, boundaries, databases, instants, notebooks, troubles
from benchmarks.survival_oracles import broken, lies, lost
from benchmarks.survival_plan import plan_text
from benchmarks.survival_tables import render, upper
from benchmarks.survival_watch import Watch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from golive.core.plan_text import parse

START = 1_772_000_000.0


def at(seconds):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(START + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def chained(*told):
    """Give entries (kind, seconds, body) as a record holds them."""
    entries, before = [], "0" * 64
    for number, (kind, seconds, body) in enumerate(told, 1):
        loose = {"seq": number, "id": f"e{number}", "at": at(seconds), "kind": kind, "phase": "canary-25"}
        loose |= {"body": body, "prev": before}
        before = hashlib.sha256(rfc8785.dumps(loose)).hexdigest()
        entries.append({**loose, "hash": before})
    return entries


def shift(result="done", outcome_at=1.2):
    intent = {"act": "shift", "request": "r1", "share": 0.25}
    return [
        ("intent", 1.0, intent),
        ("outcome", outcome_at, {**intent, "intent": "e1", "result": result}),
        ("intent", 5.0, {"act": "rollback", "request": ""}),
        ("outcome", 5.2, {"act": "rollback", "request": "", "intent": "e3", "result": "done"}),
        ("run-closed", 6.0, {"result": "rolled-back"}),
    ]


MOVES = [(START + 1.1, 0.25, "set"), (START + 4.9, 0.0, "rollback")]


def test_a_run_that_tells_what_happened_has_no_lies():
    assert lies(chained(*shift()), MOVES) == []
    assert lost(chained(*shift()), "1.0 7 e1 shift intent\n") == []
    assert broken(chained(*shift())) == []


@pytest.mark.parametrize(
    ("told", "moves", "said"),
    [
        (shift(), MOVES[1:], "the router was not set so"),
        (shift("refused"), MOVES, "says refused"),
        (shift(), MOVES[:1], "says rolled back"),
        (shift()[:1] + shift()[4:], MOVES[:0], "no outcome"),
        (shift(), [*MOVES, (START + 5.9, 0.5, "set")], "no intent says so"),
        (shift()[2:3] + shift()[4:], [*MOVES, (START + 5.9, 0.5, "set")], "closed as rolled-back with 50%"),
        (shift()[4:], MOVES[1:], "closed"),
        (shift()[:4], MOVES, "closed 0 times"),
    ],
)
def test_what_did_not_happen_and_what_is_left_out_are_lies(told, moves, said):
    found = lies(chained(*told), moves)

    assert said == "closed" or any(said in one for one in found), found


def test_a_call_that_somebody_else_made_late_is_no_lie():
    moves = [*MOVES, (START + 5.5, 0.5, "set"), (START + 5.7, 0.0, "rollback")]

    assert lies(chained(*shift()), moves, forced=[START + 5.5]) == []


def test_a_call_of_somebody_else_within_a_rollback_is_no_lie_and_the_same_move_of_nobody_is_one():
    told = [*shift()[:3], ("outcome", 9.2, shift()[3][2]), ("run-closed", 12.0, {"result": "rolled-back"})]
    moves = [*MOVES, (START + 8.0, 1.0, "set"), (START + 10.0, 0.0, "rollback")]
    never = [MOVES[0], (START + 8.0, 1.0, "set"), (START + 10.0, 0.0, "rollback")]

    assert lies(chained(*told), moves, forced=[START + 8.0]) == []
    assert any("says rolled back" in one for one in lies(chained(*told), moves))
    assert any("says rolled back" in one for one in lies(chained(*told), never, forced=[START + 8.0]))


@pytest.mark.parametrize(
    ("result", "last", "true"),
    [
        ("completed", 1.0, True),
        ("completed", 0.25, False),
        ("rolled-back", 0.25, False),
        ("rolled-back", 0.0, True),
        ("abandoned", 0.25, False),
        ("abandoned", 0.0, True),
        ("abandoned", 1.0, True),
    ],
)
def test_how_a_run_was_closed_has_to_fit_where_visitors_were(result, last, true):
    told = [*shift()[:2], ("run-closed", 6.0, {"result": result})]

    assert ("closed as" in " ".join(lies(chained(*told), [MOVES[0], (START + 4.9, last, "set")]))) is not true


def test_a_router_that_died_says_nothing_of_the_rest():
    assert lies(chained(*shift()), MOVES[:1], knows=False) == []


def test_entries_that_were_acknowledged_and_are_missing_or_stand_twice_are_lost():
    entries = chained(*shift())

    assert lost(entries, "1.0 7 e9 soaked\n") == ["acknowledged and missing: soaked"]
    assert any("2 outcomes" in one for one in lost([*entries, entries[1]], ""))
    assert any("done 2 times" in one for one in lost([*entries, {**entries[1], "body": entries[1]["body"]}], ""))


@given(st.integers(0, 4), st.sampled_from(["seq", "prev", "hash", "at"]))
def test_any_changed_entry_is_out_of_chain(number, key):
    entries = chained(*shift())
    entries[number] = {**entries[number], key: "changed"}

    assert broken(entries)


def watch(beats, moves=MOVES, until=9.0, awake=True):
    seen = Watch(moves=moves, beats=[START + beat for beat in beats])
    seen.known = [(START + tick / 10, True) for tick in range(int(until * 10))]
    seen.awake = [(START + tick / 10, awake) for tick in range(int(until * 10))]
    return seen


def test_visitors_are_unguarded_from_the_last_beat_on():
    assert watch([1.0, 2.0]).unguarded([]) == pytest.approx(4.8 - 2.0)
    assert watch([1.0, 2.0]).unguarded([START + 4.85]) == pytest.approx(4.85 - 2.0)
    assert watch([1.0, 2.0, 3.0, 4.0]).unguarded([]) == pytest.approx(0.9, abs=1e-3)


def test_nobody_is_unguarded_off_the_canary_after_cutover_or_where_nobody_of_ours_is_awake():
    assert watch([], moves=[]).unguarded([]) == 0.0
    assert watch([1.0], moves=[(START + 1.1, 1.0, "set")]).unguarded([]) == 0.0
    assert watch([1.0], awake=False).unguarded([START + 4.0]) == 0.0


def test_a_guard_that_never_beat_leaves_visitors_alone_since_they_came():
    assert watch([]).unguarded([]) == pytest.approx(4.8 - 1.1)


@given(st.integers(1, 400), st.data())
def test_the_bound_is_the_exact_one(n, data):
    seen = data.draw(st.integers(0, min(n, 5)))
    bound = upper(seen, n)

    if seen == 0:
        assert bound == pytest.approx(1 - 0.05 ** (1 / n))
    if seen < n:
        assert sum(comb(n, k) * bound**k * (1 - bound) ** (n - k) for k in range(seen + 1)) == pytest.approx(0.05)


def test_the_plan_starts_at_a_quarter_and_soaks_for_three_seconds():
    plan = parse(plan_text("survival", "http://127.0.0.1:1"), "made")

    assert [(phase.share, phase.soak.total_seconds()) for phase in plan.phases if phase.share] == [(0.25, 3), (1, 3)]


def test_every_cell_has_a_name_and_seeds_of_its_own():
    every = [*instants(), *notebooks(), *boundaries(), *troubles(), *databases(), *apart()]

    assert len({cell.name for cell in every}) == len(every)
    assert len({cell.seed(1, number) for cell in every for number in range(10)}) == 10 * len(every)
    assert all(Cell("whoever acts", "SIGKILL", point).point == point for point in POINTS)


def row(**more):
    seen = {
        "number": 0,
        "instant": 3.0,
        "unguarded": 0.6,
        "lost": [],
        "lies": [],
        "stuck": "",
        "closed_by": "operator",
        "during": "1 s after soaked",
    }
    return {
        **seen,
        "takeover": 2.4,
        "safe": None,
        "seconds": 12.0,
        "result": "rolled-back",
        "during": "1 s after soaked",
        **more,
    }


def test_the_table_counts_what_is_wrong_and_says_what_the_number_of_runs_allows(tmp_path):
    document, kept = tmp_path / "survival.md", tmp_path / "survival.json"
    document.write_text("before\n<!-- tables: begin -->\nOUTDATED\n<!-- tables: end -->\nafter\n")
    name = "acting guard/SIGKILL/any instant"
    kept.write_text(json.dumps({name: [row(), row(number=1, unguarded=9.0), row(number=2, instant=None)]}))
    done = CliRunner().invoke(main, ["--render", "--results", str(kept), "--write", str(document)])

    assert done.exit_code == 0, done.output
    text = document.read_text()
    assert "| acting guard | SIGKILL | any instant | 2 | 1 | 0 | 0 | 0 | 9.0 | 2.4 | 2.4 | 97.5% |" in text
    assert "OUTDATED" not in text


def test_nothing_is_rendered_where_nothing_was_measured():
    assert render({}) == ""


def test_a_takeover_is_held_against_its_reach_where_a_standby_beat_at_the_signal():
    name = "acting guard/SIGKILL/any instant"
    rows = [row(takeover=7.5, stood_by=True), row(takeover=9.5, stood_by=False), row(takeover=1.5)]
    text = render({name: rows})

    assert "| a standby beats | 1 | 7.5 | 7.5 | **not kept** |" in text
    assert "| the other guard has yet to begin | 1 | 9.5 | 9.5 | – |" in text
    assert "| not written down | 1 | 1.5 | 1.5 | kept |" in text
