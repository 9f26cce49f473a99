"""What people see in a real browser: a live page that stops at its gate, and an archive without network."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from golive.plans import notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def browser():
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "chromium is not installed: make system"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=flags)
        yield opened
        opened.close()


def test_run_all_in_jupyterlab_stops_at_the_undecided_gate(tmp_path, browser):
    (tmp_path / "golive.toml").write_text("")
    (tmp_path / "page.ipynb").write_text(notebook("00_preflight"))
    command = [sys.executable, "-m", "jupyter", "lab", "--allow-root", "--no-browser", "--ip=127.0.0.1", "--port=0"]
    command += ["--IdentityProvider.token=test", "--LabApp.news_url=None", f"--ServerApp.root_dir={tmp_path}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not (found := re.search(r"http://127.0.0.1:(\d+)/lab", (tmp_path / "log").read_text())):
            assert time.monotonic() < until
            time.sleep(0.2)
        page = browser.new_page(viewport={"width": 1400, "height": 1600})
        page.goto(f"http://127.0.0.1:{found[1]}/lab/tree/page.ipynb?token=test&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        # Run All before the kernel has said that it waits is answered with a dialog, and runs nothing.
        page.wait_for_function("document.body.innerText.includes('(ipykernel) | Idle')", timeout=60_000)
        page.click("text=Run >> nth=0")
        page.click("text=Run All Cells >> nth=0")
        page.wait_for_function("document.body.innerText.includes('undecided')", timeout=90_000)
        text = page.inner_text("body")
        page.screenshot(path=str(tmp_path / "live.png"))
    finally:
        server.terminate()
        server.wait(30)
    assert "STOPPED" in text and "NEXT" in text
    assert "closed with its run" not in text


def test_an_archives_index_shows_its_picture_without_network_or_script(tmp_path, browser):
    from golive.core.record import Kind
    from golive.core.samples import Version
    from golive.core.state import fold
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
