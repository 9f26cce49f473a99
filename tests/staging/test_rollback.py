"""Nine sick canaries behind a real HAProxy, each rolled back by a guard of its own. Facts only: no time is asserted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.haproxy import program

ROOT = Path(__file__).parents[2]
SHARES, FAILING = ("0.05", "0.25", "0.5"), ("0.05", "0.2", "1")

pytestmark = [pytest.mark.staging, pytest.mark.timeout(600), pytest.mark.xdist_group("full-load")]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Measure each of the nine cells once, with metrics from HAProxy's runtime socket."""
    program("haproxy")
    results = tmp_path_factory.mktemp("rollback") / "results.json"
    command = [sys.executable, "-m", "benchmarks.rollback", "--runs", "1", "--source", "direct"]
    done = subprocess.run([*command, "--results", str(results)], cwd=ROOT, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr
    return json.loads(results.read_text()), done.stdout


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("share", SHARES)
def test_a_sick_canary_is_rolled_back_and_nobody_comes_to_it_afterwards(measured, share, failing):
    [one] = measured[0][f"direct/{share}/{failing}"]["repetitions"]

    assert "trouble" not in one, one["trouble"]
    assert (one["result"], one["share"]) == ("done", 0)
    assert one["first_failed"] < one["verdict"] <= one["read_back"]
    assert one["afterwards"] == 0
    assert one["failed"] >= sum(failed for _, failed in one["stream"]) > 0


def test_the_table_has_a_row_for_each_canary(measured):
    rows = [line for line in measured[1].splitlines() if line.startswith(("| 5%", "| 25%", "| 50%"))]

    assert len(rows) == 2 * len(SHARES) * len(FAILING)
