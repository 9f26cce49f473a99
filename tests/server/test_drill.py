"""The control seen from a kernel: where it is, whether it works here, and what to use when it is dead."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from golive.adapters import control as adapter
from golive.adapters.control import Server, drill, own_server, path_of
from golive.core.phases import PhaseKind
from golive.notebook import control
from golive.notebook.control import Bar, bar_of, drilled
from golive.pages.answer import Answer
from tests.notebooks.desk import make_run
from tests.server.served import TOKEN, Served

PREFLIGHT = SimpleNamespace(kind=PhaseKind.PREFLIGHT)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    one = Served(tmp_path_factory.mktemp("project"), base="/user/a b/".replace(" ", "%20"))
    yield one
    one.close()


@pytest.fixture
def run(served, tmp_path):
    return make_run(served.root / "runs" / tmp_path.name)


def server_of(served, token=TOKEN):
    return Server(served.url, "/user/a%20b/", token, served.root)


@pytest.fixture
def kernel_of(monkeypatch, tmp_path):
    """Let this process be a kernel that a server of that URL has started."""

    def start(url, base, root, token=TOKEN):
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setenv("JPY_PARENT_PID", "4711")
        said = {"url": url, "base_url": base, "token": token, "root_dir": str(root), "sock": "", "pid": 4711}
        (tmp_path / "jpserver-4711.json").write_text(json.dumps(said))
        monkeypatch.setattr(control, "attended", lambda: True)

    return start


def fact(folder):
    answer = drilled(Answer("SANDBOX", "0 · Preflight"), PREFLIGHT, folder)
    return dict(answer.facts)["roll back control"]


def test_a_control_that_works_says_what_it_would_do(served, run, kernel_of):
    kernel_of(served.url, "/user/a%20b/", served.root)
    said = fact(run.folder)

    assert "drilled in" in said and "would act without a guard (no guard beats)" in said
    assert "/user/a%20b/golive/rollback?run=" in said
    assert not run.state().rolled_back


def test_a_kernel_of_another_user_s_token_says_that_the_control_is_dead(served, run):
    came = drill(server_of(served, "wrong"), run.folder)

    assert not came.alive and "answers" in came.said


class Without(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(404)

    def log_message(self, *said):
        pass


def test_a_server_without_the_extension_is_dead_and_says_what_to_use_instead(run, kernel_of):
    server = HTTPServer(("127.0.0.1", 0), Without)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kernel_of(f"http://127.0.0.1:{server.server_port}/", "/", run.folder.root)
    said = fact(run.folder)
    server.shutdown()
    server.server_close()

    assert said.startswith("DEAD on this installation: this Jupyter server has no page of golive")
    assert 'golive rollback run --because "what you saw"' in said and "90_rollback.ipynb" in said


def test_a_server_that_is_gone_is_dead_too(run, kernel_of):
    kernel_of("http://127.0.0.1:9/", "/", run.folder.root)

    assert fact(run.folder).startswith("DEAD on this installation: ")


def test_where_nobody_is_at_the_kernel_none_is_needed(run):
    assert fact(run.folder).startswith("not attended")


def test_a_kernel_that_no_server_has_started_has_none(run, monkeypatch):
    monkeypatch.setattr(control, "attended", lambda: True)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)

    assert fact(run.folder).startswith("NONE: ") and own_server() is None
    assert "<a " not in bar_of(run.folder).html() and "golive rollback run --because" in str(bar_of(run.folder))


def test_only_the_preflight_drills(run):
    shown = Answer("SANDBOX", "3")
    assert drilled(shown, SimpleNamespace(kind=PhaseKind.CANARY), run.folder) is shown


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_damaged_runtime_file_is_no_server(run, kernel_of, tmp_path, content):
    kernel_of("http://127.0.0.1:9/", "/", run.folder.root)
    (tmp_path / "jpserver-4711.json").write_text(content)

    assert own_server() is None


def test_a_run_of_the_server_s_project_is_named_and_another_is_a_path(tmp_path, monkeypatch):
    monkeypatch.delenv("GOLIVE_RUNS", raising=False)
    monkeypatch.delenv("GOLIVE_HOME", raising=False)
    (tmp_path / "golive.toml").write_text("")
    server = Server("http://127.0.0.1:9/", "/", "", tmp_path)
    mine, other = make_run(tmp_path / "runs").folder, make_run(tmp_path / "elsewhere").folder

    assert path_of(server, "rollback", mine) == "/golive/rollback?run=run"
    assert path_of(server, "rollback", other).endswith("%2Felsewhere%2Frun")


def test_the_bar_over_a_soak_links_the_control_and_escapes_what_it_shows():
    bar = Bar('golive rollback "<b>"', '/x/golive/rollback?run=<">', "/x/golive/status")

    assert 'href="/x/golive/rollback?run=&lt;&quot;&gt;"' in bar.html() and "<b>" not in bar.html()
    assert 'target="_blank"' in bar.html() and "<script" not in bar.html()


def test_in_a_hub_the_kernel_s_own_token_is_used(kernel_of, monkeypatch, tmp_path):
    kernel_of("http://127.0.0.1:9/user/ada/", "/user/ada/", tmp_path, token="")
    monkeypatch.setitem(adapter.os.environ, "JUPYTERHUB_API_TOKEN", "of-the-hub")

    assert own_server().token == "of-the-hub"
