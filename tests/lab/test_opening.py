"""`golive open` finds or makes the right run, prepares its pages, says how to get there, and never a stack trace."""

import json
import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import resources
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from golive import open_runs, wiring
from golive.adapters.presence import hold
from golive.cli import main
from golive.core.record import Kind
from golive.lab import kernels, opening, server, showing
from golive.lab.server import Living
from tests.builders import sandbox
from tests.parts.ports import free_port

PHASES = [phase.name for phase in sandbox().phases]


class FakeServer:
    """A server in place of JupyterLab: it answers, and ends by itself, as one whose person has shut it down."""

    def __init__(self, port=8888):
        self.living, self.stopped, self.lives = Living(f"http://127.0.0.1:{port}/", port, "t0ken", 4711), False, False

    def stop(self):
        self.stopped = True


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("SSH_", "JUPYTERHUB", "GOLIVE", "DISPLAY", "WAYLAND")) or name == "JUPYTER_SERVER_ROOT":
            monkeypatch.delenv(name)
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()
    monkeypatch.setattr(open_runs, "guarded", lambda: ())
    return tmp_path


@pytest.fixture(autouse=True)
def begun(monkeypatch):
    """Start neither world nor guard, and tell for which runs that was asked."""
    started = []
    monkeypatch.setattr(opening, "begin", started.append)
    return started


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """Start no server, and give those that were asked for: their first page, their port, and the fake."""
    asked = []

    def start(folder, page, port):
        asked.append((page, port, FakeServer(port or 8888)))
        return asked[-1][2]

    monkeypatch.setattr(server, "start", start)
    return asked


def typed(*arguments, status=0):
    result = CliRunner().invoke(main, ["open", *arguments])
    assert result.exit_code == status, (result.output, result.stderr, result.exception)
    assert "Traceback" not in result.output
    return result.output + result.stderr if status else result.output


def stopped(*arguments, status=1):
    """Give the two lines of an `open` that did nothing."""
    said, then = [line for line in typed(*arguments, status=status).splitlines() if line.strip()][:2]
    assert then.startswith("NEXT")
    return said, then


def only_run(project):
    (folder,) = (project / "runs").iterdir()
    return wiring.open_run(str(folder), "ada")


def close(run, *phases):
    for phase in phases:
        run.append(Kind.PHASE_OPENED, {"notebook": "n", "operator": "ada"}, phase)
        run.append(Kind.PHASE_CLOSED, {"choice": "proceed", "page": "n"}, phase)


def test_a_plan_becomes_an_attended_run_of_all_phases_whose_pages_are_prepared_and_not_executed(project, started):
    said = typed("sandbox", "--operator", "ada", "--no-browser")
    run = only_run(project)
    state = run.state()

    assert (state.alone, state.unattended, state.wheel.name) == (False, False, "ada")
    pages = sorted(path.stem for path in run.folder.pages.glob("*.ipynb"))
    assert pages == sorted([*(phase.notebook for phase in run.plan.phases), "90_rollback", "91_incident"])
    page = nbformat.read(run.folder.pages / "03_canary_25.ipynb", 4)
    (filled,) = [cell.source for cell in page.cells if "injected-parameters" in cell.metadata.get("tags", ())]
    for line in ('plan = "sandbox"', 'phase = "canary-25"', f'run = "{run.folder.name}"', 'operator = "ada"'):
        assert line in filled
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in page.cells)
    assert "http://127.0.0.1:8888/lab/tree/work/notebooks/00_preflight.ipynb?token=t0ken" in said
    assert f"golive open {run.folder.name}" in said
    assert started[0][0] == "00_preflight" and started[0][2].stopped


def test_the_same_again_and_the_runs_name_and_nothing_come_back_to_the_first_page_that_is_not_closed(project, started):
    typed("sandbox", "--no-browser")
    run = only_run(project)
    close(run, "preflight", "canary-1")
    kept = run.folder.pages / "00_preflight.ipynb"
    kept.write_text(kept.read_text().replace("Preflight", "Preflight, with a note of mine"))

    for again in (["sandbox"], [run.folder.name], [str(run.folder.root)], []):
        typed(*again, "--no-browser")
    assert [page for page, _, _ in started[1:]] == ["02_canary_5"] * 4
    assert len(list((project / "runs").iterdir())) == 1
    assert "a note of mine" in kept.read_text()


@pytest.mark.parametrize(("result", "page"), [("done", "91_incident"), ("unknown", "90_rollback")])
def test_after_a_rollback_the_incident_is_opened_and_while_it_is_not_confirmed_the_rollback(
    project, started, result, page
):
    typed("sandbox", "--no-browser")
    body = {"act": "rollback", "request": "", "because": "5xx", "result": result, "share": 0.0, "seen": ""}
    intent = only_run(project).append(Kind.INTENT, body, "canary-1")
    only_run(project).append(Kind.OUTCOME, {**body, "intent": intent.id}, "canary-1")

    typed("--no-browser")
    assert started[-1][0] == page


def test_a_living_server_is_come_back_to_and_a_dead_ones_file_is_no_server(project, started):
    typed("sandbox", "--no-browser")
    run = only_run(project)
    told = {"url": "http://127.0.0.1:9/", "port": 9, "pid": 1, "token": "old", "root_dir": str(run.folder.root)}
    (project / "runtime" / "jpserver-1.json").write_text(json.dumps(told))
    typed("--no-browser")
    assert len(started) == 2

    with answering("alive") as port:
        alive = {**told, "url": f"http://127.0.0.1:{port}/", "port": port, "token": "alive"}
        (project / "runtime" / "jpserver-2.json").write_text(json.dumps(alive))
        (project / "runtime" / "jpserver-3.json").write_text("{half of a fi")
        said = typed("--no-browser")
        assert f"http://127.0.0.1:{port}/lab/tree/work/notebooks/00_preflight.ipynb?token=alive" in said
        assert "lives already" in said and f"jupyter server stop {port}" in said
        assert len(started) == 2

        (project / "runtime" / "jpserver-2.json").write_text(json.dumps({**alive, "token": "expired"}))
        assert "takes its own token no more: another is started" in typed("--no-browser")
        assert len(started) == 3


class answering:
    """A server of this test that answers to one token."""

    def __init__(self, token):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.headers.get("Authorization") == f"token {token}" else 403)
                self.end_headers()

            def log_message(self, *said):
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self.http.server_port

    def __exit__(self, *left):
        self.http.shutdown()
        self.http.server_close()


def test_a_wrong_name_gives_the_nearest_and_makes_nothing(project):
    said, _ = stopped("sandbxo", status=2)
    assert "did you mean 'sandbox'" in said
    assert "unknown run" in stopped("20260101T000000Z-sandbox", status=2)[0]
    assert "no attended run is open" in stopped()[0]
    assert not (project / "runs").exists() or not list((project / "runs").iterdir())


def test_a_port_in_use_is_said_before_anything_is_made(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said, then = stopped("sandbox", "--port", str(taken.getsockname()[1]))
    assert "can't be had" in said and "--port" in then
    assert not (project / "runs").exists()


def test_a_run_that_is_closed_is_a_rehearsal_a_pages_own_or_on_another_host_is_refused_in_words(project, monkeypatch):
    typed("sandbox", "--no-browser")
    run = only_run(project)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
        said, then = stopped(run.folder.name)
    assert f"was begun on {run.state().host}, and its sandbox is there" in said and "golive open" in then

    run.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "nobody was there"})
    said, then = stopped(run.folder.name)
    assert "was closed as abandoned" in said and f"golive seal {run.folder.root}" in then
    for own in ({"alone": True}, {"unattended": True}):
        other = wiring.make_run("sandbox", "ada", runs=project / "runs", **own)
        assert other.folder.name in stopped(other.folder.name)[0]


def test_several_open_runs_are_named_and_none_is_taken(project):
    names = [wiring.make_run("sandbox", "ada", runs=project / "runs").folder.name for _ in range(2)]

    said, then = stopped("sandbox")
    assert all(name in said for name in names)
    assert names[1] in then


def test_who_comes_by_ssh_is_told_the_tunnel_and_no_browser_is_tried(project, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 50000 10.0.0.2 22")

    said = typed("sandbox", "--port", str(free_port()))
    assert "@10.0.0.2" in said and "ssh -N -L" in said
    assert "not opened: you came by SSH" in said


def test_without_a_display_the_link_is_printed_and_why(project, monkeypatch):
    monkeypatch.setattr(showing.sys, "platform", "linux")

    assert "browser   not opened: there is no display here. Open the link yourself" in typed("sandbox")


def test_the_browser_gets_the_link_by_a_file_that_only_the_user_may_read(project, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    seen = []
    monkeypatch.setattr(showing.webbrowser, "open", lambda url: not seen.append(url))

    typed("sandbox")
    page = only_run(project).folder.lab / "open.html"
    assert seen == [page.as_uri()] and "t0ken" not in seen[0]
    assert "token=t0ken" in page.read_text() and page.stat().st_mode & 0o077 == 0


def test_in_a_hub_no_server_is_started_and_the_link_lies_below_its_prefix(project, monkeypatch, started):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    monkeypatch.setenv("JUPYTER_SERVER_ROOT", str(project))
    monkeypatch.setattr(opening, "POLL", 0.01)
    at_a_page = []
    monkeypatch.setattr(opening, "begin", lambda run: at_a_page.append(hold(run.folder.operators, "at a page")))

    said = typed("sandbox")
    name = only_run(project).folder.name
    assert f"/user/ada/lab/tree/runs/{name}/work/notebooks/00_preflight.ipynb" in said
    assert "below your hub's own address" in said
    assert started == []


def test_a_hub_that_does_not_show_the_runs_folder_is_said_before_a_run_is_made(project, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    monkeypatch.setenv("JUPYTER_SERVER_ROOT", str(tmp_path_factory.mktemp("home")))

    said, then = stopped("sandbox")
    assert "is all that this hub's server shows" in said and "--runs" in then
    assert not (project / "runs").exists()


def test_an_ipykernel_outside_the_range_that_was_tried_is_said(project, monkeypatch):
    assert kernels.untested_kernel() == ""
    monkeypatch.setattr(kernels.metadata, "version", lambda name: "8.1.0")

    assert "CAREFUL   ipykernel 8.1.0 is outside the range that was tried" in typed("sandbox")


def test_leaving_says_that_the_guard_goes_on_and_how_to_come_back(project):
    said = typed("sandbox", "--no-browser")

    assert "guard     goes on" in said
    assert "with nobody at a page for 45 s it sends everybody back" in said
    assert f"NEXT      golive open {only_run(project).folder.name} comes back" in said


def test_a_page_in_a_runs_own_folder_finds_its_run_wherever_that_lies(project, monkeypatch, tmp_path_factory):
    run = wiring.make_run("sandbox", "ada", runs=tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.chdir(run.folder.pages)

    assert wiring.open_run(run.folder.name, "ada").folder == run.folder


def test_no_runner_resumes_what_persons_go_through_and_status_says_how_to_come_back(project):
    typed("sandbox", "--no-browser")
    name = only_run(project).folder.name

    refused = CliRunner().invoke(main, ["resume", name])
    assert refused.exit_code == 1
    assert f"NEXT  golive open {name}" in refused.stderr
    assert f"NEXT     golive open {name}" in CliRunner().invoke(main, ["status"]).output


def test_the_servers_settings_and_kernel_are_laid_beside_the_installations_own_for_this_run_alone(project, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/somebody/share")
    run = wiring.make_run("sandbox", "ada", runs=project / "runs")

    wanted = json.loads((server.settings(run.folder) / "overrides.d" / "golive.json").read_text())
    assert wanted["@jupyterlab/notebook-extension:tracker"] == {"recordTiming": True}
    kernel = json.loads((server.kernels(run.folder) / "kernels" / "python3" / "kernel.json").read_text())
    assert kernel["argv"][0] == sys.executable
    environment = server._environment(run.folder)
    assert environment["JUPYTER_PATH"] == f"{run.folder.lab}/share{os.pathsep}/somebody/share"
    assert environment["GOLIVE_RUNS"] == str(project / "runs")
    command = server._command(run.folder, "00_preflight", None)
    assert not any(environment["JUPYTER_TOKEN"] in word for word in command)
    assert f"--ServerApp.base_url=/{run.folder.name}/" in command


def test_every_setting_that_is_shipped_is_known_to_the_jupyterlab_that_is_installed():
    from jupyterlab.commands import get_app_dir

    shipped = json.loads((resources.files("golive.lab") / "overrides.json").read_text())
    for plugin, settings in shipped.items():
        package, _, name = plugin.partition(":")
        schema = json.loads((Path(get_app_dir()) / "schemas" / package / f"{name}.json").read_text())
        for key, value in settings.items():
            known = schema["properties"][key]
            assert "oneOf" not in known or value in [one["const"] for one in known["oneOf"]]
            assert {"boolean": bool, "number": int, "string": str}[known["type"]] is type(value)
