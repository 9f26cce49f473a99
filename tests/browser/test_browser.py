"""What people see in a real browser: live pages that stop where they should, and an archive without network."""

import re
from pathlib import Path

import psutil
import pytest

from golive.core.folding import fold
from golive.core.record import Kind
from tests.browser.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    opened = Lab(tmp_path_factory.mktemp("project"), browser)
    yield opened
    opened.close()


def entries_of(lab, name):
    from golive.adapters.clocks import SystemClock
    from golive.adapters.stores.sqlite import SqliteStore

    path = lab.root / "runs" / name / "work" / "record.db"
    return SqliteStore(path, code="t", plan="p", clock=SystemClock()).read()


def lines_of_a_stop(text):
    said, then = [line for line in text.splitlines() if line.startswith(("STOPPED", "NEXT"))][-2:]
    assert said.startswith("STOPPED") and then.startswith("NEXT")
    return said, then


def test_a_gate_stops_run_all_and_a_restarted_kernel_goes_on_to_a_typed_decision(lab):
    tab = lab.open("00_preflight")
    tab.menu("Run", "Run All Cells")
    tab.wait_until_cell_shows(6, "undecided")
    said, then = lines_of_a_stop(tab.shows(6))
    assert "PROCEED" in said and 'go.decide("proceed"' in then
    assert tab.prompt(7) == tab.prompt(8) == "[ ]:"
    run = re.search(r"run\s+(\w+-sandbox)", tab.shows(1))[1]
    assert re.search(r"roll back control\s+drilled in [\d.]+ s, would ask the guard", tab.shows(1)), tab.shows(1)

    tab.restart()
    tab.run(0)
    assert run in tab.run(1)
    assert "nothing was done" in tab.run(8, 'go.rollback("5xx")')
    assert "NOTHING DONE" in tab.run(8, 'await go.rollback(because="")')
    code = re.search(r"answer with\s+(\w{4})", tab.run(5))[1]
    assert "is not the newest verdict" in lines_of_a_stop(tab.run(6, 'go.decide("proceed", "AAAA", because="ok")'))[0]
    assert "signed" in tab.run(6, f'go.decide("proceed", "{code}", because="every check passed")')
    assert "guard and sandbox are gone" in tab.run(7)
    state = fold(entries_of(lab, run))
    assert state.closed == "completed"
    assert state.named("preflight").decision.because == "every check passed"


def test_an_interrupted_soak_stops_run_all_and_never_the_guard_and_the_last_cell_rolls_back(lab):
    tab = lab.open("01_canary_1")
    tab.menu("Run", "Run All Cells")
    tab.wait_until_cell_shows(6, "time left")
    run = re.search(r"run\s+(\w+-sandbox)", tab.shows(1))[1]
    tab.interrupt()
    tab.wait_until_cell_shows(6, "STOPPED")
    said, then = lines_of_a_stop(tab.shows(6))
    assert "HOLD, watching was interrupted; the guard goes on" in said and then.endswith("await go.soak()")
    assert {tab.prompt(number) for number in range(7, 12)} == {"[ ]:"}
    state = fold(entries_of(lab, run))
    assert state.split == 0.01 and state.rollback is None and not state.guard.stopped

    shown = tab.run(11, 'await go.rollback(because="checkout looks wrong")')
    assert "ROLLED BACK" in shown and "checkout looks wrong" in shown
    assert "go.close()" in lines_of_a_stop(tab.run(4))[1]
    assert "closed as rolled back" in tab.run(10)
    entries = entries_of(lab, run)
    assert fold(entries).closed == "rolled-back"
    assert [e.body["text"] for e in entries if e.kind is Kind.NOTE] == [
        "watching the soak was interrupted; the guard goes on"
    ]
    left = [p for p in psutil.process_iter(["cmdline"]) if any(run in part for part in p.info["cmdline"] or ())]
    assert left == []


def test_an_archives_index_shows_its_picture_without_network_or_script(tmp_path, browser):
    from golive.core.samples import Version
    from golive.pages.report import index_html
    from tests.builders import Story, sample, sandbox

    story = Story().open()
    story.tell(Kind.PHASE_OPENED, {"notebook": "03"}, "canary-25")
    reason = "<script>document.title='owned'</script> \"quoted\""
    body = {"choice": "rollback", "code": "KTRM", "because": reason, "by_policy": False}
    story.tell(Kind.DECISION, body, "canary-25", at="2023-11-14T22:13:30.000Z")
    story.tell(Kind.RUN_CLOSED, {"result": "rolled-back", "why": "failed 31 %"})
    samples = [sample(at, version, 80, 10) for at in range(1, 30) for version in Version]
    html = index_html(
        state=fold(story.entries), entries=story.entries, samples=samples, criteria=sandbox().criteria, pages=[]
    )
    path = Path(tmp_path / "index.html")
    path.write_text(html)
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{path}")

    assert page.evaluate("document.images[0].naturalWidth") > 500
    assert "owned" not in page.title()
    assert reason in page.inner_text("body")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
