"""`golive open` as a process, and a person who walks through its pages in a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import yaml

from golive.plans import find

KEPT = {
    "preflight": ["guard-watching", "router-reads-back", "metrics-arrive", "versions-healthy"],
    "canary-50": ["guard-watching", "versions-healthy"],
    "cutover": ["guard-watching", "versions-healthy"],
    "watch": ["guard-watching"],
    "completion": ["guard-watching"],
}
SHEET = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook"


def short_plan():
    """Give a sandbox's plan with few phases and checks, so that a whole go-live soaks for seconds."""
    plan = yaml.load(find("sandbox", None)[0], yaml.BaseLoader)
    plan |= {"name": "short", "title": "A short rehearsal"}
    plan["world"] = {"driver": "sandbox", "settings": {"rate": "120", "calm": "yes"}}
    plan["judging"]["baseline"] = "4s"
    plan["phases"] = [phase for phase in plan["phases"] if phase["name"] in KEPT]
    for phase in plan["phases"]:
        phase |= {"start_checks": KEPT[phase["name"]], "special_checks": [], "watched": []}
    return yaml.safe_dump(plan, sort_keys=False, allow_unicode=True)


class Opened:
    """One `golive open`, in a project of its own."""

    def __init__(self, root, *arguments):
        self.root, self.log = root, root / "log"
        (root / "golive.toml").write_text("")
        (root / "params").mkdir(exist_ok=True)
        (root / "params" / "short.yaml").write_text(short_plan())
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "GOLIVE", "JUPYTERHUB"))
        }
        command = [sys.executable, "-m", "golive.cli", "open", *arguments, "--no-browser"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=root, env=env, stdout=log, stderr=log)

    def says(self, pattern, seconds=100):
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.log.read_text(), re.M)):
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)
        return found[1] if found.groups() else found[0]

    @property
    def link(self):
        return self.says(r"^open +(\S+)$")

    @property
    def run(self):
        (folder,) = (self.root / "runs").iterdir()
        return folder

    def end(self):
        """Press Ctrl-C, as a person does who is through, and give the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def kernels(self):
        """Give the notebooks, by name, whose kernels this run's server has."""
        url, _, token = self.link.partition("lab/tree/")[0], *self.link.partition("?token=")[1:]
        answer = httpx.get(f"{url}api/sessions", headers={"Authorization": f"token {token}"}, timeout=10)
        return {Path(session["path"]).stem for session in answer.raise_for_status().json()}

    def stop(self):
        """End what a test that failed has left open."""
        if self.process.poll() is None:
            self.process.kill()
        subprocess.run([sys.executable, "-m", "golive.cli", "stop", str(self.run)], capture_output=True, check=False)


class Walker:
    """A person before the one window with JupyterLab."""

    def __init__(self, browser, link):
        self.page = browser.new_page(viewport={"width": 1200, "height": 3000})
        self.page.goto(link)
        self.await_page()

    def await_page(self):
        """Wait until the page in front has a kernel that waits for its next cell."""
        self.page.wait_for_selector(f"{SHEET} .jp-CodeCell", timeout=60_000)
        self.page.wait_for_function("document.body.innerText.includes('(ipykernel) | Idle')", timeout=60_000)

    def cell(self, call):
        """Give the one code cell of the page in front whose text has this call."""
        return self.page.locator(f"{SHEET} .jp-CodeCell").filter(
            has=self.page.locator(".cm-content", has_text=re.compile(re.escape(call)))
        )

    def shows(self, call):
        return self.cell(call).locator(".jp-Cell-outputArea").inner_text()

    def step(self, call, words, source=None, seconds=60):
        """Run a cell, with other words in it when `source` is given, until it shows these words."""
        self.cell(call).locator(".cm-content").click()
        if source is not None:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(source)
            call = source
        self.page.keyboard.press("Shift+Enter")
        until = time.monotonic() + seconds
        area, prompt = self.cell(call).locator(".jp-Cell-outputArea"), self.cell(call).locator(".jp-InputPrompt").first
        while not (area.count() and re.search(words, area.inner_text())) or "*" in prompt.inner_text():
            assert time.monotonic() < until, area.inner_text() if area.count() else "nothing is shown"
            time.sleep(0.1)
        return area.inner_text()

    def follow(self, call, name, tab=""):
        """Click a link that a cell shows, and wait for what it opens."""
        self.cell(call).locator("a", has_text=name).click()
        self.page.wait_for_selector(f'.lm-TabBar-tab.lm-mod-current >> text="{tab or name}"')
        self.await_page()

    def begin(self, call="open_phase("):
        """Run the cells with the parameters, those of the template and those of this run, and open the page."""
        for cell in ("plan: str", "# Parameters"):
            self.cell(cell).locator(".cm-content").click()
            self.page.keyboard.press("Shift+Enter")
        return self.step(call, "run")

    def check(self):
        """Run the checks, and once more after what a busy machine has let time out."""
        while "FAIL" in (said := self.step("go.checks()", "PASS|FAIL")):
            assert "slow" in said or "Timeout" in said, said

    def reload(self, call, words):
        """Begin a cell, and load the page anew once it shows these words: what it shows from then on is lost."""
        self.cell(call).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.cell(call).locator(".jp-Cell-outputArea", has_text=words).wait_for(timeout=60_000)
        self.page.reload()
        self.page.wait_for_selector(f"{SHEET} .jp-CodeCell", timeout=60_000)

    def roll_back_by_the_control(self, because):
        """Begin the soak, follow its link to the control, and roll back there with the keyboard alone."""
        self.cell("go.soak()").locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.cell("go.soak()").locator(".jp-Cell-outputArea", has_text="time left").wait_for(timeout=60_000)
        with self.page.context.expect_page() as opened:
            self.cell("go.soak()").locator("a", has_text="Roll back").first.click()
        control = opened.value
        control.wait_for_selector("form")
        control.keyboard.insert_text(because)
        control.keyboard.press("Enter")
        control.wait_for_selector("h1:has-text('ROLLED BACK')")
        verified = "visitors on the canary after"
        control.wait_for_selector(f"td:has-text('{verified}'), th:has-text('{verified}')", timeout=60_000)
        control.close()

    def pass_phase(self, *, baseline=False, shifts=False, soaks=False, reload=False):
        """Go through the page in front to its decision; in mid-soak load it anew, if asked to."""
        self.begin()
        self.check()
        if baseline:
            self.step("go.baseline()", "this is what stable does")
        if shifts:
            self.step("go.shift()", "DONE")
            self.step("go.prove()", "PASS")
        if reload:
            self.reload("go.soak()", "time left")
        if soaks:
            self.step("go.soak()", "the guard says")
        self.step("go.phase_checks()", "PASS")
        code = re.search(r"answer with\s+(\w{4})", self.step("go.judge()", "PROCEED"))[1]
        self.step("go.decide(", "signed", f'go.decide("proceed", "{code}", because="the numbers say so")')
