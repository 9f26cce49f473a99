"""The status page: read-only, from the record, in a Jupyter server and without one."""

import asyncio
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from golive.cli.status import frame
from golive.core.errors import GoLiveError
from golive.core.record import Kind
from golive.core.samples import Sample, Tally, Version
from golive.core.verdict import Word
from golive.ports import LookNote
from golive.server import board
from golive.server.finding import Runs
from golive.server.loopback import serve
from golive.server.pages import Pages
from tests.cli.test_bad_input import golive
from tests.notebooks.desk import look, make_run, shifted_and_proven, verdict
from tests.server.test_control import HOSTILE, said


@pytest.fixture
def run(tmp_path):
    made = make_run(tmp_path / "runs", name="golive-1")
    made.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, "canary-25")
    shifted_and_proven(made)
    look(made, verdict(Word.HOLD, HOSTILE, left=90.0))
    return made


def measured(run, seconds, failed=0):
    """Let the guard have counted for so many seconds."""
    counted = [
        Sample(1.7e9 + n, float(n), 1.0, version, Tally(80, failed, over={500: 1}), phase="canary-25")
        for n in range(seconds)
        for version in Version
    ]
    body = {"phase": "canary-25", "share": 0.25, "verdict": None, "canary_requests": 10}
    run.book.add(counted, LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), 1)


@pytest.fixture
def shown(tmp_path):
    """Serve the page on a free port; give a client."""
    loop, address, ready = asyncio.new_event_loop(), [], threading.Event()

    def hear(url):
        address.append(url)
        ready.set()

    task = loop.create_task(serve(Pages(Runs(tmp_path, tmp_path / "runs"), "/"), 0, hear))

    def work():
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(10)
    with httpx.Client(base_url=address[0].removesuffix("status"), timeout=10) as client:
        yield client
    loop.call_soon_threadsafe(task.cancel)
    thread.join()


def test_one_run_says_split_wheel_phases_and_what_comes_next_and_how_long(run, shown):
    page = shown.get("status", params={"run": "golive-1"})
    text = said(page)

    assert "25.0 % of visitors on the canary" in " ".join(text.split())
    assert "ada since" in text and "3 · Canary at 25 %" in text and "soaks 8 s" in text
    assert "on 03_canary_25.ipynb" in text or "golive rollback golive-1" in text


def test_nobody_can_do_anything_on_it(run, shown):
    page = shown.get("status", params={"run": "golive-1"})

    assert not re.search(r"<(form|button|input)", page.text)
    assert shown.post("status", params={"run": "golive-1"}).status_code == 405
    assert shown.get("rollback", params={"run": "golive-1"}).status_code == 404


def test_hostile_text_stays_text(run, shown):
    run.append(Kind.OUTCOME, {"act": "rollback", "request": "", "result": "done", "because": HOSTILE})
    page = shown.get("board", params={"run": "golive-1"})

    assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)" in page.text
    assert "ROLLED BACK" in page.text and "49" not in said(page)


def test_the_chart_is_a_picture_of_always_the_same_size_in_both_themes(run, shown, monkeypatch):
    monkeypatch.setattr(board, "FRESH", 0.0)
    assert shown.get("chart", params={"run": "golive-1"}).status_code == 204
    sizes = set()
    for seconds, theme in ((1, "light"), (60, "light"), (60, "dark"), (60, "no-such")):
        measured(run, seconds)
        assert "golive/chart" in shown.get("board", params={"run": "golive-1"}).text or seconds == 1
        shown.get("board", params={"run": "golive-1"})
        png = shown.get("chart", params={"run": "golive-1", "theme": theme}).content
        assert png.startswith(b"\x89PNG")
        sizes.add(png[16:24])
    assert len(sizes) == 1


def test_all_runs_are_a_list_of_links_and_a_damaged_one_is_a_row(run, shown, tmp_path):
    make_run(tmp_path / "runs", name="broken").folder.record.write_bytes(b"x" * 5000)
    page = shown.get("status")

    assert "golive/status?run=golive-1" in page.text
    assert "UNREADABLE" in page.text and "broken" in page.text
    assert "UNREADABLE" in shown.get("status", params={"run": "broken"}).text


def test_an_unknown_run_and_a_name_of_another_host_are_said_in_two_lines(run, shown):
    unknown = shown.get("status", params={"run": "golive-2"})
    rebound = shown.get("status", headers={"Host": "evil.example"})

    assert unknown.status_code == 404 and "did you mean 'golive-1'" in unknown.text and "NEXT" in unknown.text
    assert rebound.status_code == 403 and "golive-1" not in rebound.text


async def test_a_port_in_use_is_told_in_words(tmp_path):
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        with pytest.raises(GoLiveError, match=f"port {port} is in use\nNEXT .*--port 0"):
            await serve(Pages(Runs(tmp_path), "/"), port, print)


def test_watching_in_a_terminal_redraws_in_place_and_ends_with_ctrl_c(run, tmp_path):
    terminal, inside = pty.openpty()
    command = [sys.executable, "-m", "golive.cli", "status", "--watch", "--runs", str(tmp_path / "runs")]
    process = subprocess.Popen(command, stdout=inside, stderr=inside, cwd=tmp_path)
    seen = b""
    while seen.count(b"\x1b[H") < 2:
        seen += os.read(terminal, 65536)
    process.send_signal(signal.SIGINT)
    process.wait(15)
    os.close(inside)
    os.close(terminal)

    assert process.returncode == 0
    assert b"golive-1  open" in seen and b"\x1b[2J" not in seen and b"Traceback" not in seen


def test_serving_says_its_address_and_ends_with_ctrl_c(run, tmp_path):
    command = [sys.executable, "-m", "golive.cli", "status", "golive-1", "--serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--runs", str(tmp_path / "runs")], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    address = process.stdout.readline().strip()
    page = httpx.get(address, timeout=10)
    process.send_signal(signal.SIGINT)
    process.wait(15)
    process.stdout.close()

    assert process.returncode == 0 and address.endswith("/golive/status?run=golive-1")
    assert page.status_code == 200 and "25.0 %" in page.text


@pytest.mark.parametrize(
    ("words", "why"),
    [(("--watch", "--serve"), "one of --watch and --serve"), (("--port", "8000"), "--port is for --serve")],
)
def test_what_can_not_be_meant_together_is_said(words, why):
    said = golive("status", *words)

    assert said.exit_code == 2 and why in said.output and "NEXT" in said.output


def test_a_frame_is_no_larger_than_the_screen(monkeypatch):
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((20, 6)))
    lines = frame("\n".join(f"line {number} {'x' * 40}" for number in range(30))).split("\n")

    assert len(lines) - 1 <= 5 and "28 more lines" in lines[-2]
    assert all(len(re.sub(r"\x1b\[[HKJ]", "", line)) <= 20 for line in lines)
