"""Where a run is kept, what another host gets of it, and who has the router."""

import json
import re
from datetime import datetime

import pytest
from click.testing import CliRunner

from golive import rescue, stored, wiring
from golive.adapters.clocks import SystemClock
from golive.cli import main
from golive.core.errors import GoLiveError, NameUnknown, PlanError, Stopped, StoreUnavailable
from golive.core.record import Kind
from golive.folders import RunFolder, claims_file
from tests.parts.sites import ACCEPTED, NOWHERE, SHARED, write_site
from tests.parts.stores import VARIABLE

shared = pytest.mark.staging


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Be in an empty project of a user whose state folder is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("GOLIVE_HOME", "GOLIVE_RUNS", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    write_site(tmp_path, "shop", ACCEPTED)
    return tmp_path


@pytest.fixture
def database(postgres, monkeypatch):
    """Let the store's variable hold the URL of an empty database."""
    monkeypatch.setenv(VARIABLE, postgres.database())


def close(run):
    run.append(Kind.RUN_CLOSED, {"result": "completed", "why": "a test"})


def shown(*words):
    """Give the names of the runs that a command shows."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return set(re.findall(r"\d{8}T\d{6}Z-shop(?:-\d)?", done.stdout))


def kinds(run):
    return [entry.kind for entry in run.store.read()]


def test_on_a_router_not_its_own_a_record_on_one_host_is_accepted_by_name_or_refused(project):
    write_site(project, "bold", "run-folder")

    for command in (["plan", "bold"], ["rehearse", "bold"]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 2
        assert "store 'run-folder' dies with its host" in done.stderr
        assert "settings: {single_host_accepted_by: NAME}" in done.stderr
    assert not (project / "runs").exists()
    assert wiring.make_run("shop", "ada").store.read()[0].body["store"]["settings"] == {
        "single_host_accepted_by": "Ada"
    }


@pytest.mark.parametrize(
    ("store", "why"),
    [
        ("postgres", "unknown store driver 'postgres': did you mean 'postgresql'"),
        ("{driver: postgresql, settings: {variable: A}}", "settings.variable is no setting"),
        ("{driver: postgresql, settings: {url_variable: TBD}}", "url_variable is 'TBD'"),
        ("{driver: run-folder, settings: {single_host_accepted_by: TBD}}", "dies with its host"),
    ],
)
def test_a_store_that_is_not_right_is_refused_before_anything_is_made(project, store, why):
    write_site(project, "shop", store)
    with pytest.raises(PlanError, match="plan shop: ") as error:
        wiring.make_run("shop", "ada")

    assert why in str(error.value)
    assert not (project / "runs").exists()


def test_a_missing_variable_is_said_before_anything_is_made(project):
    write_site(project, "shop", SHARED)
    with pytest.raises(GoLiveError, match=f"{VARIABLE}, which is not set"):
        wiring.make_run("shop", "ada")

    assert not (project / "runs").exists()


def test_two_go_lives_of_one_router_on_one_host_refuse_each_other_whatever_their_plans_are_called(project):
    write_site(project, "other", ACCEPTED)
    first = wiring.make_run("shop", "ada")
    with pytest.raises(Stopped, match=f"another go-live has the router .*: {first.folder.name} on ") as refused:
        wiring.make_run("other", "bob")
    assert "golive stop" in refused.value.next

    (second,) = (project / "runs").glob("*-other")
    assert kinds(wiring.open_run(second.name, ""))[-1] is Kind.RUN_CLOSED
    close(first)
    assert not wiring.make_run("other", "bob").state().closed


def test_another_router_is_nobodys_business(project):
    write_site(project, "elsewhere", ACCEPTED, {**NOWHERE, "control": "http://127.0.0.1:99"})
    wiring.make_run("shop", "ada")

    assert not wiring.make_run("elsewhere", "ada").state().closed


def test_a_claim_whose_record_can_not_be_read_stands(project):
    first = wiring.make_run("shop", "ada")
    first.folder.record.write_bytes(b"this was a database" * 100)
    with pytest.raises(StoreUnavailable, match="nothing says whether it is closed"):
        wiring.make_run("shop", "bob")


def test_a_claim_of_a_run_that_is_gone_is_void(project):
    first = wiring.make_run("shop", "ada")
    first.folder.root.rename(project / "away")

    assert not wiring.make_run("shop", "bob").state().closed


def test_a_run_with_a_world_of_its_own_claims_nothing():
    wiring.make_run("sandbox", "ada")

    assert not claims_file().exists()


@shared
def test_two_hosts_refuse_each_other_by_the_store_that_they_share(project, database, monkeypatch):
    write_site(project, "shop", SHARED)
    first = wiring.make_run("shop", "ada")
    monkeypatch.setenv("XDG_STATE_HOME", str(project / "another-hosts-state"))
    with pytest.raises(Stopped, match=first.folder.name):
        wiring.make_run("shop", "bob", runs=project / "another-hosts-runs")

    close(first)
    assert not wiring.make_run("shop", "bob", runs=project / "another-hosts-runs").state().closed


@shared
def test_another_host_gets_the_runs_files_and_sees_the_same_record(project, database):
    write_site(project, "shop", SHARED)
    run = wiring.make_run("shop", "ada")
    rescue.write_kit(run)
    run.folder.by_hand.write_text("by hand")
    stored.share(run)
    folder = stored.join(run.folder.name, VARIABLE, SystemClock(), project / "elsewhere")
    there = wiring.open_run(run.folder.name, "bob", project / "elsewhere")

    assert folder.root == project / "elsewhere" / run.folder.name
    assert folder.router.read_text() == run.folder.router.read_text()
    assert folder.by_hand.read_text() == "by hand"
    there.append(Kind.NOTE, {"text": "from elsewhere"})
    assert kinds(run) == [Kind.RUN_OPENED, Kind.NOTE]
    assert not folder.record.exists()


@shared
def test_the_folder_of_a_run_in_a_shared_store_holds_no_secret(project, database, postgres):
    write_site(project, "shop", SHARED)
    run = wiring.make_run("shop", "ada")

    assert json.loads(run.folder.store.read_text())["settings"] == {"url_variable": VARIABLE}
    assert not [path for path in run.folder.root.rglob("*") if path.is_file() and "pass-of" in path.read_text()]
    assert "pass-of" not in str(run.store.read())


@shared
def test_an_unknown_run_of_a_shared_store_names_the_nearest(project, database):
    write_site(project, "shop", SHARED)
    name = wiring.make_run("shop", "ada").folder.name

    for wrong in (f"{name[:-1]}b", f"../{name}"):
        with pytest.raises(NameUnknown, match=f"did you mean '{name}'"):
            stored.join(wrong, VARIABLE, SystemClock(), project / "elsewhere")
    assert not (project / "elsewhere").exists()


@shared
def test_two_hosts_that_begin_a_run_in_the_same_second_do_not_share_its_record(project, database, monkeypatch):
    write_site(project, "shop", SHARED)
    run = wiring.make_run("shop", "ada")
    stamp = run.folder.name.removesuffix("-shop")
    moment = datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z")
    monkeypatch.setattr(SystemClock, "now", lambda self: moment)
    close(run)
    other = wiring.make_run("shop", "bob", runs=project / "elsewhere")

    assert other.folder.name == f"{run.folder.name}-2"
    assert kinds(other) == [Kind.RUN_OPENED]


@shared
def test_a_run_that_another_host_has_made_in_between_is_left_alone(project, database, monkeypatch):
    write_site(project, "shop", SHARED)
    run = wiring.make_run("shop", "ada")
    moment = datetime.strptime(f"{run.folder.name.removesuffix('-shop')}+0000", "%Y%m%dT%H%M%SZ%z")
    monkeypatch.setattr(SystemClock, "now", lambda self: moment)
    monkeypatch.setattr(stored, "ready", lambda plan, clock: ())
    with pytest.raises(GoLiveError, match=r"another host has begun .* in this very second"):
        wiring.make_run("shop", "bob", runs=project / "elsewhere")

    assert kinds(run) == [Kind.RUN_OPENED]
    assert list((project / "elsewhere").iterdir()) == []


@shared
def test_status_of_a_shared_store_shows_its_runs_and_leaves_nothing_here(project, database):
    write_site(project, "shop", SHARED)
    first = wiring.make_run("shop", "ada", runs=project / "elsewhere")
    close(first)
    second = wiring.make_run("shop", "ada", runs=project / "elsewhere")

    assert shown("status", "--store-variable", VARIABLE) == {second.folder.name}
    assert shown("status", "--all", "--store-variable", VARIABLE) == {first.folder.name, second.folder.name}
    assert shown("status", second.folder.name, "--store-variable", VARIABLE) == {second.folder.name}
    assert not (project / "runs").exists()


@shared
def test_a_rollback_on_another_host_needs_the_store_once_and_then_no_more(project, database, monkeypatch):
    write_site(project, "shop", SHARED)
    run = wiring.make_run("shop", "ada", runs=project / "elsewhere")
    rescue.write_kit(run)
    stored.share(run)
    joined = CliRunner().invoke(main, ["join", run.folder.name, "--store-variable", VARIABLE])
    assert joined.exit_code == 0, joined.output
    monkeypatch.setenv(VARIABLE, "postgresql://tester@127.0.0.1:1/gone")

    assert rescue.router_of(RunFolder(project / "runs" / run.folder.name)).by_hand()
