"""Lines that are looked at in a process of their own: whatever happens there, each look has a finding in its time."""

import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from golive.adapters.checks.apart import LinesApart
from golive.adapters.checks.run import Known
from golive.core.phases import WatchedUse
from golive.core.plan import Plan
from golive.ports import Result
from tests.builders import sandbox

HERE = Path(__file__).parents[2]
ANSWERS = """
    finding = {"check": "number", "sentence": "s", "result": "pass", "expected": "e", "seen": asked["line"],
               "called": asked["line"], "surprise": 1}
    print(json.dumps({"number": asked["number"], "finding": finding}), flush=True)
"""
HANGS_FIRST = """
    import os, time
    if not os.path.exists("{mark}"):
        open("{mark}", "w").close()
        time.sleep(60)
"""


def program(body):
    """Give a program that does `body` with each line that it is `asked`."""
    loop = "for line in sys.stdin:\n    asked = json.loads(line)\n"
    return f"import json, sys\n{loop}{textwrap.indent(textwrap.dedent(body), '    ')}"


def plan():
    data = sandbox().model_dump()
    use = {"check": "number", "within": timedelta(seconds=0.2)}
    for phase in data["phases"]:
        names = ("pool", "queue") if phase["name"] == "canary-5" else ()
        phase["watched"] = tuple(WatchedUse(name=name, **use) for name in names)
    return Plan.model_validate(data)


def apart(text, begins_within=8.0):
    known = {"number": Known("A number lies within its limits", None)}
    return LinesApart(plan(), known, [sys.executable, "-c", text], begins_within)


@pytest.fixture
def made():
    lines = []

    def make(text, begins_within=8.0):
        lines.append(apart(text, begins_within))
        return lines[-1]

    yield make
    for one in lines:
        one.end()


async def test_what_the_process_saw_is_the_finding_and_one_process_looks_at_all_lines(made):
    lines = made(program(ANSWERS))
    pool = await lines.look("canary-5", "pool")
    running = lines._process.pid
    queue = await lines.look("canary-5", "queue")

    assert (pool.result, pool.seen, queue.seen) == (Result.PASS, "pool", "queue")
    assert lines._process.pid == running


async def test_a_look_that_hangs_could_not_be_measured_and_the_next_one_is_made_by_a_new_process(made, tmp_path):
    lines = made(program(HANGS_FIRST.replace("{mark}", str(tmp_path / "mark")) + ANSWERS), 1.5)
    first = await lines.look("canary-5", "pool")
    second = await lines.look("canary-5", "pool")

    assert first.result is Result.COULD_NOT_MEASURE and "no answer in" in first.seen and first.then
    assert second.result is Result.PASS


@pytest.mark.parametrize(
    "text",
    ["raise SystemExit(3)", program("print('<b>no json</b>', flush=True)"), program("import os; os._exit(1)")],
)
async def test_a_process_that_ends_or_talks_nonsense_is_a_finding(made, text):
    seen = await made(text).look("canary-5", "pool")

    assert seen.result is Result.COULD_NOT_MEASURE and "has ended" in seen.seen
    assert seen.called == "pool" and seen.sentence == "A number lies within its limits"


async def test_a_program_that_is_not_there_is_a_finding():
    lines = LinesApart(plan(), {"number": Known("s", None)}, ["/nowhere/at/all"])

    assert (await lines.look("canary-5", "pool")).result is Result.COULD_NOT_MEASURE


async def test_the_process_is_gone_once_it_is_ended(made):
    lines = made(program(ANSWERS))
    await lines.look("canary-5", "pool")
    pid = lines._process.pid
    lines.end()

    assert not psutil.pid_exists(pid)


def test_the_process_ends_by_itself_when_who_asks_is_killed():
    """The real one, asked by a process that is killed with SIGKILL."""
    asks = textwrap.dedent("""
        import asyncio, sys
        from tests.checks.test_apart import apart, program, ANSWERS

        async def main():
            lines = apart(program(ANSWERS))
            await lines.look("canary-5", "pool")
            print(lines._process.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", asks], cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        process.kill()
    until = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
        time.sleep(0.05)

    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
