"""A command that hangs, forks, floods, lies or wants a terminal ends as one finding, and leaves nothing running."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from golive.adapters import marked_commands as commands
from golive.adapters.marked_commands import CommandTrouble, run
from golive.core.phases import CheckUse
from golive.ports import Result
from golive.sandbox.surroundings.pipeline import COMMIT
from golive.sandbox.surroundings.repository import TAG

MARKER = f"golive-test-of-commands-{os.getpid()}"  # other tests' commands are none of ours


def python(code):
    return [sys.executable, "-c", code, MARKER]


def running():
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if MARKER in (process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


async def smoke(around, command, within=5.0, **settings):
    line = CheckUse(check="smoke-tests", settings={"command": command, **settings}, within=timedelta(seconds=within))
    return await around.look(line)


async def test_a_command_passes_by_its_exit_status_and_prints_nothing_into_the_record(around):
    finding = await smoke(around, python("print('user ada@example.com logged in')"))

    assert finding.result is Result.PASS and finding.seen.startswith("status 0")
    assert "ada" not in str(finding)


async def test_a_command_that_fails_says_its_last_line_and_what_to_do(around):
    finding = await smoke(around, python("import sys; print('1 failed'); print('\\x1b[31mno\\x1b[0m'); sys.exit(3)"))

    assert finding.result is Result.FAIL and finding.seen.startswith("status 3") and finding.then
    assert "\x1b" not in finding.seen and "no" in finding.seen


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["no-such-program-anywhere"], "No such file"),
        (["/etc/passwd"], "Permission denied"),
        (["/"], "Permission denied"),
        (["a\0b"], "null"),
        ([], "names no command"),
        (["sh", "-c", "exit 127"], "status 127"),
    ],
)
async def test_what_can_not_be_run_could_not_be_measured(around, command, why):
    finding = await smoke(around, command)

    assert finding.result is Result.COULD_NOT_MEASURE and why in finding.seen and finding.then, finding


async def test_a_folder_that_is_none_is_named(around):
    finding = await smoke(around, python(""), folder="nowhere")

    assert finding.result is Result.COULD_NOT_MEASURE and "which is no folder" in finding.seen


async def test_a_command_that_hangs_is_ended_at_the_lines_limit(around):
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"
    finding = await smoke(around, python(code), within=1.0)

    assert finding.result is Result.COULD_NOT_MEASURE and "no answer in 1 s" in finding.seen
    assert not running()


async def test_a_command_that_waits_for_input_gets_none(around):
    finding = await smoke(around, python("import sys; sys.exit(0 if sys.stdin.read() == '' else 1)"))

    assert finding.result is Result.PASS


async def test_a_command_that_needs_a_terminal_fails_instead_of_waiting_at_one(around):
    finding = await smoke(around, python("open('/dev/tty').read()"))

    assert finding.result is Result.FAIL and "/dev/tty" in finding.seen


async def test_a_command_that_prints_without_end_is_ended(around, monkeypatch):
    monkeypatch.setattr(commands, "MOST_OUTPUT", 5_000_000)
    finding = await smoke(around, python("import sys\nwhile True: sys.stdout.write('x' * 100000)"))

    assert finding.result is Result.COULD_NOT_MEASURE and "printed more than 5 MB" in finding.seen
    assert not running()


FORKS = """
import os, sys, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
time.sleep(0.3)
"""


async def test_what_a_command_leaves_behind_is_ended_also_out_of_its_session(around):
    finding = await smoke(around, python(FORKS))

    assert finding.result is Result.PASS and "left 3 processes that were ended" in finding.seen
    assert not running()


async def test_a_cancelled_command_leaves_nothing_behind(tmp_path):
    task = asyncio.ensure_future(run(python(FORKS + "time.sleep(3600)"), tmp_path))
    until = time.monotonic() + 10
    while len(running()) < 4 and time.monotonic() < until:
        await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled() and not running()


async def test_output_is_kept_at_both_ends_and_hashed_whole(tmp_path):
    ran = await run(python("print('begin'); print('x' * 100000); print('end')"), tmp_path)

    assert ran.head.startswith(b"begin") and ran.last_line == "end"
    assert len(ran.head) == len(ran.tail) == commands.KEPT and ran.printed == 100_011


async def test_a_command_that_the_system_ends_says_by_which_signal(around):
    finding = await smoke(around, python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))

    assert finding.result is Result.FAIL and "ended by signal 9" in finding.seen


def report(tmp_path, minutes=0, **stats):
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    numbers = {"expected": 0, "unexpected": 0, "flaky": 0, "skipped": 0, **stats}
    tests = [{"title": "t", "tests": [{"status": s}]} for s, n in numbers.items() for _ in range(n)]
    document = {
        "config": {},
        "suites": [{"specs": tests}],
        "stats": {"startTime": at.isoformat(), "duration": 0, **numbers},
    }
    (tmp_path / "made.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("minutes", "stats", "result", "why"),
    [
        (0, {"expected": 2}, Result.PASS, "2 passed"),
        (0, {"expected": 1}, Result.FAIL, "1 passed"),
        (0, {"expected": 2, "unexpected": 1}, Result.FAIL, "1 failed"),
        (0, {"expected": 2, "flaky": 1}, Result.FAIL, "1 flaky"),
        (5, {"expected": 2}, Result.FAIL, "not of this run"),
        (-5, {"expected": 2}, Result.FAIL, "from the future"),
    ],
)
async def test_the_report_has_to_be_of_this_run_with_every_test_passed(around, tmp_path, minutes, stats, result, why):
    report(tmp_path, minutes, **stats)
    finding = await smoke(around, ["cp", "made.json", "report.json"], report="report.json", at_least="2")

    assert finding.result is result and why in finding.seen, finding


async def test_a_command_that_ends_well_without_its_report_could_not_be_measured(around):
    finding = await smoke(around, ["true"], report="report.json")

    assert finding.result is Result.COULD_NOT_MEASURE and "No such file" in finding.seen


async def migrations(around, **settings):
    return await around.look(CheckUse(check="migrations", settings=settings))


@pytest.mark.parametrize(
    ("document", "settings", "result"),
    [
        ({"pending": []}, {}, Result.PASS),
        ({"pending": 0}, {}, Result.PASS),
        ({"pending": False}, {}, Result.PASS),
        ({"pending": ["x"]}, {}, Result.FAIL),
        ({"pending": 3}, {}, Result.FAIL),
        ({"pending": None}, {}, Result.FAIL),
        ({"pending": "no"}, {}, Result.FAIL),
        ({"data": [{"n": 0}]}, {"pending": "/data/0/n"}, Result.PASS),
        ({"pending": [], "applied": []}, {"applied": "/applied"}, Result.FAIL),
        ({"pendign": []}, {}, Result.COULD_NOT_MEASURE),
        ([], {}, Result.COULD_NOT_MEASURE),
        ({"pending": []}, {"pending": "no pointer"}, Result.COULD_NOT_MEASURE),
    ],
)
async def test_what_an_endpoint_says_of_migrations(around, tmp_path, document, settings, result):
    (tmp_path / "answer.json").write_text(json.dumps(document))
    finding = await migrations(around, endpoint="answer.json", **settings)

    assert finding.result is result, finding
    assert result is Result.PASS or finding.then


async def test_migrations_by_a_command_pass_by_its_status(around):
    assert (await migrations(around, command=["true"])).result is Result.PASS
    assert (await migrations(around, command=["false"])).result is Result.FAIL
    assert (await migrations(around, command=["no-such-program"])).result is Result.COULD_NOT_MEASURE
    assert (await migrations(around)).result is Result.COULD_NOT_MEASURE
    assert (await migrations(around, command=["true"], endpoint="x")).result is Result.COULD_NOT_MEASURE


def git(tmp_path, *arguments):
    subprocess.run(("git", *arguments), cwd=tmp_path / "reports" / "repository", check=True, capture_output=True)


async def tag(around, **more):
    settings = {"folder": "reports/repository", **more.pop("settings", {})}
    return await around.look(CheckUse(check="git-tag", settings=settings), **more)


async def test_the_tag_of_the_release_is_named(around):
    finding = await tag(around)

    assert finding.result is Result.PASS and TAG in finding.seen and COMMIT[:12] in finding.seen


async def test_a_release_without_a_tag_fails_with_the_command_that_makes_it(around, tmp_path):
    git(tmp_path, "tag", "-d", TAG)
    finding = await tag(around)

    assert finding.result is Result.FAIL and finding.then.startswith("git tag -a")


async def test_a_lightweight_tag_is_none(around, tmp_path):
    git(tmp_path, "tag", "-d", TAG)
    git(tmp_path, "tag", TAG, COMMIT)

    assert "lightweight" in (await tag(around)).seen


async def test_a_tag_that_is_another_one_at_the_remote_fails(around, tmp_path):
    git(tmp_path, "-c", "user.name=Eve", "-c", "user.email=e@x", "tag", "-f", "-a", TAG, "-m", "moved", COMMIT)
    finding = await tag(around)

    assert finding.result is Result.FAIL and "another one at origin" in finding.seen


async def test_an_unsigned_tag_fails_where_the_plan_wants_a_signature(around):
    finding = await tag(around, settings={"signed": "yes"})

    assert finding.result is Result.FAIL and "signature does not hold" in finding.seen


async def test_a_tree_without_git_or_remote_could_not_be_measured(around, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / ".git").write_text("gitdir: nowhere")
    assert (await tag(around, settings={"folder": "plain"})).result is Result.COULD_NOT_MEASURE
    assert (await tag(around, settings={"remote": "nowhere"})).result is Result.COULD_NOT_MEASURE
    assert (await tag(around, commit="f" * 40)).result is Result.FAIL
    assert (await tag(around, commit="main")).result is Result.COULD_NOT_MEASURE


async def test_nothing_that_a_repository_wants_run_is_run(around, tmp_path):
    git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    await tag(around)

    assert not (tmp_path / "ran").exists()


def test_the_repository_of_the_sandbox_has_the_commit_that_its_reports_name(around):
    assert COMMIT in subprocess.check_output(("git", "ls-remote", around.world["reports"] + "/remote.git"), text=True)


async def test_trouble_is_an_error_of_its_own(tmp_path):
    with pytest.raises(CommandTrouble):
        await run(["no-such-program"], tmp_path)
