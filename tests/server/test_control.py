"""The Roll back control of the Jupyter server: a form that acts whatever the kernel, the guard and the record do."""

import asyncio
import contextlib
import html
import re
import sqlite3
import threading
import time

import httpx
import pytest

from golive import wiring
from golive.adapters.processes import this_process
from golive.core.doubts import StableNow
from golive.core.errors import Stopped
from golive.core.folding import fold
from golive.core.record import Draft, Kind, Who
from golive.pages.answer import Answer
from golive.pages.rollbacks import STILL
from golive.ports import LookNote
from golive.run import new_id
from golive.server import control
from tests.cli.test_rollback_in_trouble import Site
from tests.contract.benches.sandbox import Sandbox
from tests.notebooks.desk import answering_guard, beat, shifted_and_proven
from tests.server.served import TOKEN, Served

ME = this_process("guard-1")
HOSTILE = "\"quoted\" 'too' <script>alert(1)</script> {{ 7*7 }} 💥 \u202eמשהו \r\n second line"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    one = Served(tmp_path_factory.mktemp("project"))
    yield one
    one.close()


@pytest.fixture
async def site(served, tmp_path):
    bench = Sandbox(tmp_path)
    try:
        await bench.start()
        one = Site(bench, served.root / "runs" / tmp_path.name)
        shifted_and_proven(one.run)
        await one.visitors_on_the_canary()
        yield one
    finally:
        await bench.stop()


@contextlib.contextmanager
def guarded(folder, guard=answering_guard):
    """Let a guard of that run live in a thread, on the machine's own clock."""
    run = wiring.open_run(str(folder.root), "guard")
    beat(run, ME)

    async def work():
        task = asyncio.ensure_future(guard(run, ME))
        while not over.is_set():
            await asyncio.sleep(0.01)
        task.cancel()

    over = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    yield run
    over.set()
    thread.join()


async def typed(served, site, because, **more):
    return await asyncio.to_thread(served.roll_back, str(site.folder.root), because, **more)


def said(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text))


async def test_a_guard_that_answers_does_it_and_the_page_says_so(served, site):
    with guarded(site.folder) as run:
        begun = time.monotonic()
        page = await typed(served, site, "errors on checkout")
        took = time.monotonic() - begun

    assert page.status_code == 200 and "ROLLED BACK" in page.text
    assert "everybody is back on stable" in said(page), " ".join(said(page).split())
    (asked,) = [entry for entry in run.store.read() if entry.kind is Kind.REQUEST]
    assert asked.body == {"act": "rollback", "attended": True, "because": "errors on checkout"}
    assert took < 5, took


async def test_without_a_guard_it_acts_itself_and_confirms_what_the_router_reads_back(served, site):
    page = await typed(served, site, "errors on checkout")

    assert await site.share() == 0.0
    assert "ROLLED BACK" in page.text and "errors on checkout" in said(page)


async def test_what_was_verified_follows_on_the_same_page_and_in_the_record(served, site):
    await typed(served, site, "errors on checkout")
    until = time.monotonic() + 15
    while "still to come" in said(page := await asyncio.to_thread(served.page, str(site.folder.root))):
        assert time.monotonic() < until, said(page)
        await asyncio.sleep(0.1)

    assert "visitors on the canary after" in said(page) and 'http-equiv="refresh"' not in page.text
    act = fold(site.run.store.read()).rollback
    assert act.done and act.detail["by"] == "control page, no guard answered"


async def test_a_guard_that_beats_and_does_nothing_is_waited_for_two_seconds(served, site):
    async def dumb(run, me):
        while True:
            run.book.beat(me, 1)
            await asyncio.sleep(0.1)

    with guarded(site.folder, dumb):
        begun = time.monotonic()
        page = await typed(served, site, "errors on checkout")

    assert await site.share() == 0.0 and "ROLLED BACK" in page.text
    assert 2.0 <= time.monotonic() - begun < 6.0


async def test_what_the_guard_has_read_back_is_confirmed_before_it_is_verified(served, site):
    async def slow_to_verify(run, me):
        while True:
            run.book.beat(me, 1)
            asked = run.state().request
            if asked is not None and not asked.intent:
                body = {"act": "rollback", "request": asked.request, "because": "x", "read_back": 0.0}
                run.store.append(Draft(new_id(), Kind.INTENT, Who("guard"), body))
            await asyncio.sleep(0.02)

    with guarded(site.folder, slow_to_verify):
        page = await typed(served, site, "errors on checkout")

    assert "ROLLED BACK" in page.text and "the guard read back 0 % from the router" in said(page)
    assert 'http-equiv="refresh"' in page.text and "still to come" in said(page)


async def test_a_locked_record_keeps_nobody_waiting(served, site):
    holder = sqlite3.connect(site.folder.record, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        page = await typed(served, site, "errors on checkout")
    finally:
        holder.close()

    assert await site.share() == 0.0 and "ROLLED BACK" in page.text


@pytest.mark.parametrize("trouble", ["record", "plan"])
async def test_a_damaged_run_shows_the_form_and_is_rolled_back(served, site, trouble):
    (site.folder.record if trouble == "record" else site.folder.plan).write_bytes(b"x" * 5000)
    _, form = await asyncio.to_thread(served.form, str(site.folder.root))
    page = await typed(served, site, "errors on checkout")

    assert "rolling back works without it" in said(form)
    assert await site.share() == 0.0 and "ROLLED BACK" in page.text


async def test_what_speaks_against_it_is_asked_once_more_with_the_reason_kept(served, site):
    with guarded(site.folder) as run:
        stable = StableNow("stable fails 30.0% too", "").to_json()
        body = {"phase": "canary-25", "stable": stable}
        run.book.add([], LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), 1)
        page = await typed(served, site, HOSTILE)
        assert "ASKED ONCE MORE" in page.text and await site.share() == 0.25
        assert 'name="even_though"' in page.text and "stable fails 30.0% too" in said(page)
        assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)" in page.text
        again = await typed(served, site, "errors", even_though=HOSTILE)

    assert "ROLLED BACK" in again.text
    asked = next(entry for entry in run.store.read() if entry.kind is Kind.REQUEST)
    assert "💥" in asked.body["even_though"]


async def test_no_reason_moves_nobody(served, site):
    page = await typed(served, site, "   ")

    assert "NOTHING DONE" in page.text and await site.share() == 0.25


async def test_a_closed_run_has_no_button(served, site):
    site.run.append(Kind.RUN_CLOSED, {"result": "completed", "why": ""})
    _, form = await asyncio.to_thread(served.form, str(site.folder.root))

    assert "was closed as completed" in said(form) and "<button" not in form.text


async def test_a_router_that_is_not_known_is_not_confirmed_and_says_what_to_do(served, site):
    site.folder.router.write_text("{")
    page = await typed(served, site, "errors on checkout")

    assert "NOT CONFIRMED" in page.text and "ROLLBACK.txt" in said(page)


async def test_a_form_of_another_site_and_one_who_is_not_logged_in_move_nobody(served, site):
    run = {"run": str(site.folder.root)}
    without = await asyncio.to_thread(
        lambda: served.browser.post("golive/rollback", params=run, data={"because": "errors"})
    )
    stranger = await asyncio.to_thread(
        lambda: httpx.post(f"{served.url}golive/rollback", params=run, data={"because": "errors"})
    )
    seen = await asyncio.to_thread(lambda: httpx.get(f"{served.url}golive/rollback", params=run))

    assert without.status_code == 403 and stranger.status_code == 403
    assert seen.status_code == 302 and "/login" in seen.headers["location"]
    assert await site.share() == 0.25


async def test_a_run_that_nobody_knows_is_said_in_two_lines(served):
    page = await asyncio.to_thread(lambda: served.browser.get("golive/rollback", params={"run": "<b>no</b>"}))

    assert page.status_code == 404 and page.headers["content-type"].startswith("text/plain")
    assert "unknown run" in page.text and "NEXT" in page.text


async def test_the_pages_run_no_script_of_anybody_and_none_is_needed_to_roll_back(served, site):
    _, form = await asyncio.to_thread(served.form, str(site.folder.root))

    assert "<script" not in form.text and "autofocus" in form.text
    policy = form.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert form.headers["cache-control"] == "no-store"


async def test_what_was_read_back_stays_so_when_nobody_verifies_it(site, monkeypatch):
    async def read_back_and_lost(folder, because, *, moved, **asked):
        moved(Answer("ROLLED BACK", "the guard read back 0 %", [STILL]))
        raise Stopped("the guard did not answer within 45 s", "golive status")

    monkeypatch.setattr(control, "go_back_now", read_back_and_lost)
    asked = control.Control().roll_back(site.folder, control.Asked("errors", ""))
    while not asked.over:
        await asyncio.sleep(0.01)

    assert asked.answer.word == "ROLLED BACK"
    assert asked.answer.facts == [("not verified", "the guard did not answer within 45 s")]


async def test_the_drill_goes_the_whole_way_and_moves_nobody(served, site):
    ask = {"params": {"run": str(site.folder.root)}, "headers": {"Authorization": f"token {TOKEN}"}}
    drill = lambda: httpx.post(f"{served.url}golive/drill", timeout=10, **ask).json()  # noqa: E731
    without = await asyncio.to_thread(drill)
    with guarded(site.folder) as run:
        through = await asyncio.to_thread(drill)

    assert (without["would"], without["alone"]) == ("act without a guard", "")
    assert through["would"] == "ask the guard"
    assert await site.share() == 0.25 and not run.state().rolled_back
