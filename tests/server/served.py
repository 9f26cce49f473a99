"""A real Jupyter server on a project's folder, asked as a browser asks."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import httpx

COMMAND = [sys.executable, "-m", "jupyter", "server", "--allow-root", "--no-browser", "--ip=127.0.0.1", "--port=0"]
TOKEN = "test"
OTHERS = ("jupyterlab", "jupyter_lsp", "notebook_shim", "jupyter_server_terminals")  # they take seconds to start


class Served:
    """The server; `browser` has logged in."""

    def __init__(self, root, base="/hub/user/ada/", environment=None):
        self.root = root
        (root / "golive.toml").write_text("")
        options = [
            f"--ServerApp.jpserver_extensions={dict.fromkeys(OTHERS, False)}",
            f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={root}",
            f"--ServerApp.base_url={base}",
        ]
        with (root / "server.log").open("w") as log:
            self.process = subprocess.Popen([*COMMAND, *options], cwd=root, stdout=log, stderr=log, env=environment)
        self.url = self._url(base)
        self.browser = httpx.Client(base_url=self.url, timeout=15.0)
        self.browser.get("golive/status", params={"token": TOKEN})

    def _url(self, base):
        until = time.monotonic() + 60
        while not (found := re.search(rf"http://127.0.0.1:\d+{base}", (self.root / "server.log").read_text())):
            assert time.monotonic() < until and self.process.poll() is None, (self.root / "server.log").read_text()
            time.sleep(0.05)
        return found[0]

    def page(self, run):
        """Open the control's page."""
        return self.browser.get("golive/rollback", params={"run": run})

    def form(self, run):
        """Open the control's form and give its hidden field, and the page."""
        page = self.browser.get("golive/rollback", params={"run": run, "form": "1"})
        field = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        return field[1] if field else "", page

    def roll_back(self, run, because, **more):
        """Fill the form in as a person does, and give the page that follows."""
        xsrf, _ = self.form(run)
        data = {"_xsrf": xsrf, "because": because, **more}
        return self.browser.post("golive/rollback", params={"run": run}, data=data, follow_redirects=True)

    def close(self):
        self.browser.close()
        self.process.terminate()
        self.process.wait(15)
