"""What a rehearsal says about where it stands."""

from types import SimpleNamespace

import pytest

from golive.core.plan import PhaseKind
from golive.core.samples import Sample, Tally, Version
from golive.core.state import Judged, PhaseState, State
from golive.plans import load
from golive.ports import LookNote
from golive.runner import progress
from golive.runner.exits import Exit

PLAN, _ = load("sandbox", None)
PHASE = PLAN.phase("canary-25")


class Book:
    """What the guard has written, as a test wants it."""

    def __init__(self, look=None, samples=()):
        self.last_look, self.samples = lambda: look, lambda: samples


def look(phase, verdict):
    return LookNote(0.0, "", {"phase": phase, "verdict": verdict, "canary_requests": 143})


def test_a_soak_shows_time_left_requests_seen_and_the_verdict():
    verdict = {"soak_left": 4.2, "word": "HOLD"}
    run = SimpleNamespace(book=Book(look("canary-25", verdict)))

    said = progress.standing(run, PHASE)

    assert said == "3 · Canary at 25 %: 4 s of soak left, 143 canary requests seen, HOLD"


@pytest.mark.parametrize("seen", [None, look("canary-25", None), look("canary-5", {"soak_left": 0, "word": "PROCEED"})])
def test_before_the_soak_nothing_of_an_earlier_phase_is_shown(seen):
    run = SimpleNamespace(book=Book(seen))

    assert progress.standing(run, PHASE) == "3 · Canary at 25 %: checking"


def test_a_phases_end_says_split_soak_requests_and_verdict_of_that_phase():
    def sample(phase, version, requests):
        return Sample(0.0, 0.0, 1.0, version, Tally(requests), phase=phase)

    samples = [
        sample("canary-5", Version.CANARY, 1000),
        sample("canary-25", Version.CANARY, 80),
        sample("canary-25", Version.STABLE, 250),
        sample("canary-25", Version.CANARY, 63),
    ]
    here = PhaseState(
        *("canary-25", PHASE.title, PHASE.notebook, PhaseKind.CANARY, 0.25),
        soaked={"seconds": 8.9},
        judged=Judged("KTRM", "PROCEED", "", "", {}),
    )
    run = SimpleNamespace(book=Book(samples=samples))

    line = progress.phase_line(run, PHASE, State(phases=(here,), split=0.25), 10.9)

    for part in ("25.0 % on canary", "9 s soak", " 143 canary requests", "PROCEED", "page 11 s"):
        assert part in line


def test_a_phase_without_verdict_and_soak_says_so():
    here = PhaseState("canary-25", PHASE.title, PHASE.notebook, PhaseKind.CANARY, 0.25)

    line = progress.phase_line(SimpleNamespace(book=Book()), PHASE, State(phases=(here,)), 1.0)

    assert "no soak" in line
    assert "0 canary requests" in line
    assert "no verdict" in line


def test_without_a_terminal_nothing_is_redrawn(capsys):
    with progress.redrawn(lambda: "never"):
        pass

    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_line_is_redrawn_and_wiped_at_the_end(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "REDRAW", 0.01)
    seen = progress.threading.Event()

    def line():
        seen.set()
        return "1 · Canary at 1 %: 4 s of soak left"

    with progress.redrawn(line):
        assert seen.wait(5)
    shown = capsys.readouterr().err

    assert "\r1 · Canary at 1 %: 4 s of soak left" in shown
    assert shown.endswith("\r" + " " * progress.WIDTH + "\r")


@pytest.mark.parametrize("status", [Exit.COMPLETED, Exit.ROLLED_BACK, Exit.HELD, Exit.ERROR])
def test_the_record_and_the_exit_status_say_the_same(status):
    assert Exit.of(status.result) is status


@pytest.mark.parametrize("status", [Exit.INTERRUPTED, Exit.TERMINATED])
def test_a_run_that_a_signal_ended_is_closed_as_interrupted(status):
    assert status.result == "interrupted"
