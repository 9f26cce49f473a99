"""From `golive open` to the sealed archive in a real browser, without a terminal: completed, and rolled back."""

import nbformat
import pytest

from golive.archive.completed import NOT_KEPT
from golive.archive.verify import Standing, verify
from golive.core.folding import fold
from tests.browser.walk import SHEET, Opened, Walker
from tests.parts.rehearsals import ours, read_entries

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def opened(tmp_path):
    process = Opened(tmp_path, "short", "--operator", "ada")
    yield process
    status = process.end() if process.process.poll() is None else process.process.returncode
    if not fold(read_entries(process.run)).closed:
        process.stop()
    assert status == 0 and ours(process.run) == []


def picture(walker, tmp_path, name):
    walker.page.screenshot(path=tmp_path / f"{name}.png")


def test_a_go_live_is_clicked_through_to_its_sealed_archive(opened, browser, tmp_path):
    walker = Walker(browser, opened.link)
    walker.pass_phase(baseline=True)
    picture(walker, tmp_path, "preflight")
    walker.step("go.close()", "04_canary_50.ipynb")
    walker.follow("go.close()", "04_canary_50.ipynb")
    walker.pass_phase(baseline=True, shifts=True, soaks=True)
    picture(walker, tmp_path, "canary")
    walker.step("go.close()", "05_cutover_100.ipynb")
    walker.follow("go.close()", "05_cutover_100.ipynb")
    walker.pass_phase(baseline=True, shifts=True, soaks=True, reload=True)
    picture(walker, tmp_path, "reloaded")
    assert walker.cell("go.soak()").locator("img").count() == 1
    walker.step("go.close()", "06_watch_24h.ipynb")
    walker.follow("go.close()", "06_watch_24h.ipynb")
    walker.pass_phase(baseline=True, soaks=True)
    walker.step("go.close()", "07_completion.ipynb")
    walker.follow("go.close()", "07_completion.ipynb")
    walker.pass_phase()
    said = walker.step("go.close()", "closed as completed and sealed")
    picture(walker, tmp_path, "completion")

    state = fold(read_entries(opened.run))
    assert state.closed == "completed" and state.head.hash in said
    assert verify(opened.run, state.head.hash).standing is Standing.PROVEN
    walker.cell("go.close()").locator("a", has_text="open the archive").click()
    frame = walker.page.frame_locator("iframe").locator("h1")
    assert "COMPLETED" in frame.inner_text(timeout=20_000)
    picture(walker, tmp_path, "archive")
    opened.says("closed +completed")


def test_a_go_live_that_the_control_rolled_back_is_closed_and_sealed_from_its_page(opened, browser, tmp_path):
    walker = Walker(browser, opened.link)
    walker.pass_phase(baseline=True)
    walker.step("go.close()", "04_canary_50.ipynb")
    walker.follow("go.close()", "04_canary_50.ipynb")
    walker.begin()
    walker.check()
    walker.step("go.shift()", "DONE")
    walker.step("go.prove()", "PASS")
    walker.roll_back_by_the_control("checkout looks wrong")
    walker.step("go.soak()", "STOPPED")
    walker.step("go.close()", "closed as rolled-back and sealed")
    picture(walker, tmp_path, "rolled-back")

    state = fold(read_entries(opened.run))
    assert state.closed == "rolled-back" and verify(opened.run).standing is Standing.CONSISTENT
    page = nbformat.read(opened.run / "notebooks" / "04_canary_50.ipynb", 4)
    close = next(cell for cell in page.cells if cell.id == "close")
    assert NOT_KEPT in [output.get("text") for output in close.outputs]
    assert "NEVER OPENED" in (opened.run / "notebooks" / "05_cutover_100.html").read_text()
    walker.follow("go.close()", "what happened, and whom to call", "91_incident.ipynb")
    assert "CLOSED RUN" in walker.begin("open_incident(")
    walker.step("go.timeline()", "checkout looks wrong")
    picture(walker, tmp_path, "incident")
    assert walker.page.locator(SHEET).count() == 1
    assert opened.kernels() <= {"00_preflight", "04_canary_50", "91_incident"}  # no tab of another run's has come here
