"""A real JupyterLab in a real browser, driven as a person drives it."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from golive.plans import notebook

STOP_SQUARE = 'button[data-command="notebook:interrupt-kernel"], [title^="Interrupt the kernel"]'


class Lab:
    """A server on a folder that is a project."""

    def __init__(self, root, browser):
        self.root, self.browser = root, browser
        (root / "golive.toml").write_text("")
        command = [sys.executable, "-m", "jupyter", "lab", "--allow-root", "--no-browser", "--ip=127.0.0.1", "--port=0"]
        command += ["--IdentityProvider.token=test", "--LabApp.news_url=None", f"--ServerApp.root_dir={root}"]
        with (root / "log").open("w") as log:
            self.server = subprocess.Popen(command, cwd=root, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not (found := re.search(r"http://127.0.0.1:(\d+)/lab", (root / "log").read_text())):
            assert time.monotonic() < until
            time.sleep(0.2)
        self.port = found[1]

    def open(self, name, plan="sandbox"):
        (self.root / f"{name}.ipynb").write_text(notebook(name).replace('\\"sandbox\\"', f'\\"{plan}\\"'))
        page = self.browser.new_page(viewport={"width": 1300, "height": 3000})
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{name}.ipynb?token=test&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        return Tab(page)

    def close(self):
        """End the server; one that waits for kernels of tests long over is not waited for."""
        self.server.terminate()
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait(10)


class Tab:
    """One open notebook; cells are counted from 0, code cells only."""

    def __init__(self, page):
        self.page = page
        self.idle()

    def idle(self):
        # Run All before the kernel has said that it waits is answered with a dialog, and runs nothing.
        self.page.wait_for_function("document.body.innerText.includes('(ipykernel) | Idle')", timeout=60_000)

    def menu(self, top, item):
        self.page.click(f'.lm-MenuBar-itemLabel >> text="{top}"')
        self.page.click(f'.lm-Menu-itemLabel >> text="{item}" >> nth=0')

    def cell(self, number):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def prompt(self, number):
        return self.cell(number).locator(".jp-InputPrompt").inner_text().strip()

    def shows(self, number):
        area = self.cell(number).locator(".jp-Cell-outputArea")
        return area.inner_text() if area.count() else ""

    def wait_until_cell_shows(self, number, words, seconds=90):
        until = time.monotonic() + seconds
        while words not in self.shows(number):
            assert time.monotonic() < until, self.shows(number)
            time.sleep(0.1)
        return self.shows(number)

    def run(self, number, source=None):
        """Run a cell, with other words in it when `source` is given, and give what it shows."""
        self.cell(number).locator(".cm-content").click()
        if source is not None:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        until = time.monotonic() + 60
        time.sleep(0.3)  # the prompt shows a star as soon as the cell was asked for; its number may stay the same
        while "*" in self.prompt(number):
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(0.3)
        return self.shows(number)

    def interrupt(self):
        self.page.click(STOP_SQUARE)

    def restart(self):
        self.menu("Kernel", "Restart Kernel…")
        self.page.click(".jp-mod-accept")
        time.sleep(2)
        self.idle()
