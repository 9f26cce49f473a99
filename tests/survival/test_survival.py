"""A few seeded runs that lose a process: visitors are guarded, the record is whole, the archive is true.

The long run with every victim, signal and boundary is `make survival`.
"""

import pytest
from benchmarks.survival_cells import LATE, Cell
from benchmarks.survival_stack import Stack
from benchmarks.survival_trial import Trial, bad

pytestmark = [pytest.mark.survival, pytest.mark.timeout(120)]
SEED = 20260301
KILLED = [
    Cell("operator", "SIGKILL"),
    Cell("acting guard", "SIGKILL"),
    Cell("acting guard", "SIGSTOP"),
    Cell("both guards", "SIGKILL"),
    Cell("whoever acts", "SIGKILL", "shift intent written"),
    Cell("whoever acts", "SIGKILL", "shift sent"),
    Cell("whoever acts", "SIGSTOP", "shift intent in transaction"),
    Cell("whoever acts", "SIGKILL", "rollback sent"),
    Cell("record locked for 30 s", "the canary fails", "canary out"),
    Cell(LATE, "lands", "5 s after the rollback"),
    Cell("canary", "SIGKILL"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survival")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOLIVE_HOME", str(folder))
        with Stack(folder, "survival") as stack:
            yield stack


@pytest.mark.parametrize("cell", KILLED, ids=lambda cell: cell.name.replace("/", ", "))
def test_visitors_are_guarded_and_the_record_is_true(stack, cell):
    found = Trial(stack, cell, cell.seed(SEED, 0)).measure()

    assert bad(found) == [], found
    assert found["instant"] is not None, "nothing happened to it"
    assert found["left"] == 0
