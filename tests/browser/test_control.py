"""Rolling back from a page beside the notebook, whatever its kernel does, and the status page for the call."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from golive.core.folding import fold
from golive.plans import find
from tests.browser.lab import Lab
from tests.browser.test_browser import entries_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SHOTS = Path(os.environ.get("GOLIVE_SCREENSHOTS", "/tmp/golive-screenshots"))


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    SHOTS.mkdir(exist_ok=True)
    opened = Lab(tmp_path_factory.mktemp("project"), browser)
    plan = find("sandbox", None)[0].replace("name: sandbox\n", "name: calm\n", 1)
    plan = plan.replace("world: sandbox\n", "world: {driver: sandbox, settings: {rate: 60, calm: yes}}\n")
    plan = plan.replace("share: 25%\n    soak: 8s", "share: 25%\n    soak: 120s").replace(
        "blind_after: 8s", "blind_after: 60s"
    )
    (opened.root / "params").mkdir()
    (opened.root / "params" / "calm.yaml").write_text(plan)
    yield opened
    opened.close()


@pytest.fixture
def soaking(lab):
    """Give a page whose soak is under way, and its run; the run is ended afterwards."""
    tab = lab.open("03_canary_25", "calm")
    tab.menu("Run", "Run All Cells")
    tab.wait_until_cell_shows(6, "time left")
    run = re.search(r"run\s+(\w+-calm)", tab.shows(1))[1]
    yield tab, run
    folder = lab.root / "runs" / run
    command = [sys.executable, "-m", "golive.cli", "stop", str(folder)]
    stopped = subprocess.run(command, cwd=lab.root, capture_output=True, text=True, timeout=60)
    assert "stopped" in stopped.stdout, stopped
    tab.page.context.close()
    with httpx.Client(base_url=f"http://127.0.0.1:{lab.port}/api/", headers={"Authorization": "token test"}) as server:
        for session in server.get("sessions").json():
            server.delete(f"sessions/{session['id']}", timeout=30)


def shot(page, name):
    page.screenshot(path=SHOTS / f"{name}.png")


def test_the_control_rolls_back_by_keyboard_alone_while_the_kernel_is_blocked(lab, soaking):
    tab, run = soaking
    shot(tab.page, "soak")
    tab.interrupt()
    tab.wait_until_cell_shows(6, "STOPPED")
    assert "HOLD, watching was interrupted" in tab.shows(6)
    tab.cell(11).locator(".cm-content").click()
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.insert_text("import time\ntime.sleep(300)")
    tab.page.keyboard.press("Shift+Enter")
    time.sleep(1)
    assert "*" in tab.prompt(11)
    with tab.page.context.expect_page() as opened:
        tab.cell(6).get_by_text("← Roll back").click()
    control = opened.value
    control.wait_for_selector("form")
    control.set_viewport_size({"width": 1100, "height": 900})
    shot(control, "control-light")
    control.emulate_media(color_scheme="dark")
    shot(control, "control-dark")
    assert control.evaluate("document.activeElement.id") == "because"
    control.keyboard.insert_text('5xx on <b>checkout</b> "now" 💥 \u202eמשהו')
    began = time.monotonic()
    control.keyboard.press("Enter")
    control.wait_for_selector("h1:has-text('ROLLED BACK')")
    took = time.monotonic() - began
    shot(control, "control-done")
    assert "*" in tab.prompt(11)
    state = fold(entries_of(lab, run))
    assert state.rolled_back and "<b>checkout</b>" in str(state.rollback.detail or entries_of(lab, run)[-1].body)
    control.wait_for_selector(
        "td:has-text('visitors on the canary after'), th:has-text('visitors on the canary after')"
    )
    assert fold(entries_of(lab, run)).rollback.done
    assert took < 10, took
    print(f"Enter to ROLLED BACK on the page: {took:.2f} s")


def test_the_status_page_follows_the_run_without_a_jump_and_outlives_the_kernel(lab, soaking):
    tab, run = soaking
    page = lab.browser.new_page(viewport={"width": 1500, "height": 1100})
    page.goto(f"http://127.0.0.1:{lab.port}/golive/status?run={run}&token=test")
    page.wait_for_selector("#board img")
    place = "JSON.stringify([...document.querySelectorAll('#board h1, .split, .bar, #board img')].map(e => "
    place += "[Math.round(e.getBoundingClientRect().top), Math.round(e.getBoundingClientRect().width)]))"
    before, seen, places = page.inner_text("#fresh"), set(), set()
    for _ in range(30):
        seen.add(page.inner_text("#fresh"))
        places.add(page.evaluate(place))
        time.sleep(0.2)
    shot(page, "status-light")
    page.emulate_media(color_scheme="dark")
    time.sleep(2.5)
    shot(page, "status-dark")
    assert len(seen) >= 3 and len(places) == 1, (seen, places)
    assert page.locator("form, button, input").count() == 0
    assert "25.0 %" in page.inner_text(".split") and before != page.inner_text("#fresh")
    tab.menu("Kernel", "Shut Down Kernel")
    time.sleep(3)
    again, until = page.inner_text("#fresh"), time.monotonic() + 8
    while page.inner_text("#fresh") == again:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert "NOT REFRESHED" not in page.inner_text("#fresh") and "HOLD" in page.inner_text("#board h1")


def test_the_emergency_page_in_a_second_tab_acts_while_the_soak_runs_in_the_first(lab, soaking):
    tab, run = soaking
    second = lab.open("90_rollback", "calm")
    second.run(0)
    assert run in second.run(1)
    assert "*" in tab.prompt(6)
    shown = second.run(2, 'await go.rollback(because="checkout looks wrong")')
    assert "ROLLED BACK" in shown and "everybody is back on stable" in shown
    tab.wait_until_cell_shows(6, "STOPPED", 15)
    assert "checkout looks wrong" in tab.shows(6) and {tab.prompt(n) for n in range(7, 12)} == {"[ ]:"}
