"""Which run a page opens: its own again, the only open one, or none; and what it says of it."""

import os

import pytest

from golive import open_runs, rescue
from golive.adapters.clocks import SystemClock
from golive.adapters.presence import anybody, hold
from golive.core.errors import NameUnknown, Stopped
from golive.core.record import Kind
from golive.notebook import emergency, opening
from golive.open_runs import Found
from golive.ports import Done, Split
from tests.notebooks.desk import make_run


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOLIVE_HOME", raising=False)
    monkeypatch.delenv("GOLIVE_RUNS", raising=False)
    monkeypatch.setattr(open_runs, "guarded", lambda: ())
    return tmp_path / "runs"


@pytest.fixture
def attended(monkeypatch):
    monkeypatch.setattr(opening, "attended", lambda: True)
    monkeypatch.setattr(opening, "own_page", lambda: "03_canary_25.ipynb")


@pytest.fixture
def no_world(monkeypatch):
    """Start neither world nor guard, and tell for which runs that was asked."""
    started = []
    monkeypatch.setattr(opening, "start_world_and_guard", started.append)
    return started


def test_a_restarted_kernel_goes_on_in_the_run_that_its_page_has_begun(project, attended, no_world):
    first = opening.open_phase()
    again = opening.open_phase()

    assert again.run.folder == first.run.folder
    assert len(no_world) == 1
    assert [entry.kind for entry in first.run.store.read()].count(Kind.PHASE_OPENED) == 1


def test_another_page_and_an_unattended_kernel_make_runs_of_their_own(project, attended, no_world, monkeypatch):
    first = opening.open_phase()
    monkeypatch.setattr(opening, "own_page", lambda: "copy.ipynb")
    second = opening.open_phase()
    monkeypatch.setattr(opening, "own_page", lambda: "")
    third = opening.open_phase()

    assert len({page.run.folder for page in (first, second, third)}) == 3


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"plan": "sandbxo"}, "unknown plan 'sandbxo': did you mean 'sandbox'"),
        ({"phase": "canary-26"}, "unknown phase 'canary-26': did you mean 'canary-25'"),
        ({"run": "nothing"}, "unknown run 'nothing'"),
    ],
)
def test_a_wrong_name_stops_in_two_lines_and_makes_nothing(project, names, why):
    with pytest.raises(NameUnknown) as stop:
        opening.open_phase(**names)

    said, then = stop.value._render_traceback_()
    assert said.startswith("STOPPED  ") and why in said
    assert then.startswith("NEXT  ")
    assert not list(project.glob("*"))


def test_with_nothing_open_a_person_is_told_so_and_how_to_name_a_run(project, attended, no_world):
    page = opening.open_rollback()
    text = repr(page)

    assert text.splitlines()[0].startswith("▸ NOTHING IS OPEN HERE")
    assert "ROLLBACK.txt" in text and 'run = "NAME"' in text
    assert no_world == []


async def test_with_nothing_open_a_persons_rollback_moves_nobody(project, attended):
    with pytest.raises(Stopped, match="nobody was moved"):
        await opening.open_rollback().rollback("errors")


def test_with_nothing_open_only_an_unattended_kernel_rehearses(project, no_world):
    page = opening.open_rollback()

    assert page.word == "SANDBOX"
    assert no_world == [page.desk.run]
    assert page.desk.state.split == 0.5


def test_the_only_open_run_is_the_one_acted_on(project, attended):
    make_run(project, name="closed").append(Kind.RUN_CLOSED, {"result": "completed", "why": ""})
    make_run(project, name="open")
    text = repr(opening.open_rollback())

    assert text.startswith("▸ OPEN RUN   open · 5.00 % on the canary")


def test_several_open_runs_stop_with_their_names_and_splits(project, attended):
    for name in ("first", "second"):
        make_run(project, name=name)

    with pytest.raises(Stopped, match=r"first \(5\.00 % on the canary\), second") as stop:
        opening.open_rollback()
    assert 'run = "second"' in stop.value.next


def test_a_run_of_this_host_outside_the_project_is_found_by_its_guard(project, tmp_path, attended, monkeypatch):
    outside = make_run(tmp_path / "elsewhere", name="far").folder.root
    monkeypatch.setattr(open_runs, "guarded", lambda: (outside,))

    assert opening.open_rollback().desk.run.folder.root == outside


def test_the_projects_own_run_comes_first_and_the_others_are_named(project, tmp_path, attended, monkeypatch):
    outside = make_run(tmp_path / "elsewhere", name="far").folder.root
    monkeypatch.setattr(open_runs, "guarded", lambda: (outside,))
    make_run(project, name="near")
    text = repr(opening.open_rollback())

    assert "near · " in text.splitlines()[0]
    assert str(outside) in text


def test_an_unattended_kernel_leaves_rehearsals_of_other_projects_alone(project, tmp_path, no_world, monkeypatch):
    outside = make_run(tmp_path / "elsewhere", name="far").folder.root
    monkeypatch.setattr(open_runs, "guarded", lambda: (outside,))

    assert opening.open_rollback().word == "SANDBOX"


def test_an_unattended_kernel_makes_no_world_beside_a_run_with_real_visitors(project, no_world, monkeypatch):
    real = make_run(project, name="real")
    monkeypatch.setattr(opening, "open_runs", lambda: [])
    monkeypatch.setattr(opening, "elsewhere", lambda known: [Found(str(real.folder.root), real.folder.root)])

    assert opening.open_rollback().word == "OPEN RUN"
    assert no_world == []


def test_one_damaged_old_record_does_not_hide_the_open_run(project, attended):
    make_run(project, name="broken").folder.record.write_bytes(b"this was a database")
    make_run(project, name="open")

    assert opening.open_rollback().desk.run.folder.name == "open"


class NobodyLeft:
    """A router that everybody has been sent back from."""

    async def rollback(self, reason):
        return Done(Split(0.0))

    async def read(self):
        return Split(0.0)


async def test_a_damaged_record_whose_guard_lives_keeps_nobody_from_rolling_back(project, attended, monkeypatch):
    broken = make_run(project, name="broken").folder
    broken.record.write_bytes(b"this was a database")
    monkeypatch.setattr(open_runs, "guarded", lambda: (broken.root,))

    page = opening.open_rollback()

    assert "DAMAGED RUN" in repr(page) and "file is not a database" in repr(page)
    assert (await page.rollback()).word == "NOTHING DONE"
    monkeypatch.setattr(rescue, "router_of", lambda kit: NobodyLeft())
    answer = await page.rollback("errors on checkout")
    assert (answer.word, (await page.prove_rollback()).word) == ("ROLLED BACK", "PASS")
    assert len(list(broken.late.glob("*.json"))) == 2
    with pytest.raises(Stopped, match="there is no record to read"):
        page.timeline()


async def test_prove_reads_the_router_back_now(project, attended, monkeypatch):
    from golive.ports import Split

    class Router:
        async def read(self):
            return Split(0.25)

    run = make_run(project)
    body = {"act": "rollback", "request": "", "because": "errors"}
    intent = run.append(Kind.INTENT, body)
    verified = {"read_back": 0.0, "stable_healthy": True}
    run.append(Kind.OUTCOME, {**body, "intent": intent.id, "result": "done", "share": 0.0, "verified": verified})
    monkeypatch.setattr(emergency.rescue, "router_of", lambda folder: Router())
    answer = await opening.open_rollback().prove_rollback()

    assert answer.word == "FAIL"
    assert ("reads back now", "25.0 %") in answer.facts
    assert answer.next.endswith("ROLLBACK.txt")


def test_a_page_left_open_without_any_act_counts_as_left(tmp_path):
    wheel = hold(tmp_path, "ada")
    (path,) = tmp_path.glob("*.json")
    os.utime(path, (0, SystemClock().monotonic() - 1900))

    assert anybody(tmp_path, left_alone=1800) == ()
    assert len(anybody(tmp_path)) == 1
    wheel.touch()
    assert [who["name"] for who in anybody(tmp_path, left_alone=1800)] == ["ada"]
    wheel.release()
    wheel.touch()
