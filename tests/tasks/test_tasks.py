"""What is left to do has an owner and a due time; what is said of it is chained to the seal."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from golive import tasks, wiring
from golive.adapters.calendars import calendar
from golive.archive.verify import Standing, verify
from golive.cli import main
from golive.core.errors import PlanError
from golive.core.record import Kind
from golive.core.tasks import PlannedTask, TaskState, TaskWord, tasks_of
from golive.pages.todo import tasks_answer
from golive.plans import find, parse
from golive.sealing import seal_run

ENDED = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEOPLE = {"sre_lead": "Ada"}
PLANNED = (
    PlannedTask(name="documents", title="Update the documents", owner="sre_lead", due="7d"),
    PlannedTask(name="announce", title="Announce it", owner="sre_lead", due="1h", after="completed"),
    PlannedTask(name="post-mortem", title="Hold the post-mortem", owner="cto", due="24h", after="rolled-back"),
)


def word(task, state=TaskState.DONE, **more):
    return TaskWord(task, state, "Grace", "it is sent", ENDED + timedelta(minutes=5), **more)


def test_each_end_has_its_own_tasks_and_the_first_due_comes_first():
    assert [t.name for t in tasks_of(PLANNED, PEOPLE, "completed", ENDED)] == ["announce", "documents"]
    assert [t.name for t in tasks_of(PLANNED, PEOPLE, "rolled-back", ENDED)] == ["post-mortem", "documents"]
    assert [t.due for t in tasks_of(PLANNED, PEOPLE, "", None)] == [None, None, None]


def test_a_task_has_the_person_of_its_role_and_is_overdue_once_its_time_is_over():
    announce, documents = tasks_of(PLANNED, PEOPLE, "completed", ENDED)

    assert announce.owner == "Ada (sre_lead)"
    assert not announce.overdue(ENDED + timedelta(hours=1))
    assert announce.overdue(ENDED + timedelta(hours=1, seconds=1))
    assert not documents.overdue(ENDED + timedelta(hours=2))
    (done, _) = tasks_of(PLANNED, PEOPLE, "completed", ENDED, [word("announce")])
    assert (done.state, done.by, done.overdue(ENDED + timedelta(days=9))) == (TaskState.DONE, "Grace", False)


@given(st.lists(st.tuples(st.sampled_from(["announce", "documents", "nothing"]), st.sampled_from(list(TaskState)))))
def test_the_last_word_counts_and_one_about_no_task_changes_nothing(said):
    words = [word(task, state, owner="Linus" if number % 3 == 0 else "") for number, (task, state) in enumerate(said)]
    found = {task.name: task for task in tasks_of(PLANNED, PEOPLE, "completed", ENDED, words)}

    assert set(found) == {"announce", "documents"}
    for name, task in found.items():
        about = [state for one, state in said if one == name]
        assert task.words == len(about)
        assert task.state is (about[-1] if about else TaskState.OPEN)


@given(st.text(max_size=200), st.sampled_from(list(TaskState)))
def test_a_word_comes_back_from_its_addendum_as_it_was(text, state):
    said = TaskWord("announce", state, text, text, ENDED, text, text)

    assert TaskWord.from_json(json.loads(json.dumps(said.to_json()))) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("owner: cto", "owner: ctoo", "role 'ctoo' is not in roles"),
        ("name: lessons", "name: cost", "task 'cost' is named twice"),
        ("due: 7d, after", "due: 0s, after", "due"),
        ("after: rolled-back", "after: rolledback", "after"),
    ],
)
def test_a_task_that_a_plan_can_not_mean_is_refused(old, new, said):
    text = find("sandbox", None)[0].replace("owner: devops_engineer, due: 7d", "owner: cto, due: 7d")

    with pytest.raises(PlanError, match=said):
        parse(text.replace(old, new, 1), "sandbox.yaml")


def test_a_page_shows_what_is_overdue_first_in_its_word():
    found = tasks_of(PLANNED, PEOPLE, "completed", ENDED)

    assert tasks_answer("run", found, ENDED).word == "DONE"
    late = tasks_answer("run", found, ENDED + timedelta(hours=2))
    assert (late.word, late.headline) == ("HOLD", "2 of 2 tasks are open, 1 overdue")
    assert "OVERDUE" in str(late) and "golive tasks run --done announce" in late.next


def test_a_calendar_has_an_event_for_each_task_that_a_later_file_changes():
    def events(words):
        read = icalendar.Calendar.from_ical(
            calendar("run", tasks_of(PLANNED, PEOPLE, "completed", ENDED, words), ENDED)
        )
        return {str(event["uid"]): event for event in read.walk("VEVENT")}

    before, after = events([]), events([word("announce"), word("documents", TaskState.DROPPED)])

    assert set(before) == set(after) == {"announce.run@golive", "documents.run@golive"}
    first, then = before["announce.run@golive"], after["announce.run@golive"]
    assert first["dtstart"].dt == ENDED + timedelta(hours=1)
    assert str(first["summary"]) == "Announce it: Ada (sre_lead)"
    assert (first["sequence"], then["sequence"]) == (0, 1)
    assert str(then["summary"]).startswith("DONE ")
    assert after["documents.run@golive"]["status"] == "CANCELLED"


def test_hostile_text_can_not_leave_its_line_in_a_calendar():
    planned = (PlannedTask(name="x", title="a\r\nATTACH:file:///etc/passwd\nEND:VEVENT", owner="o", due="1h"),)
    text = calendar("run", tasks_of(planned, {"o": "b\nEND:VCALENDAR"}, "completed", ENDED), ENDED).decode()

    assert not [line for line in text.splitlines() if line.startswith(("ATTACH", "END:VCALENDAR"))][:-1]
    assert text.count("END:VEVENT") - text.count(" END:VEVENT") == 1


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    """The sealed archive of a run that was completed a moment ago, as a copy without its work."""
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path / "runs"))
    run = wiring.make_run("sandbox", "ada")
    run.append(Kind.RUN_CLOSED, {"result": "completed", "why": "all phases are closed"})
    seal_run(run)
    copy = tmp_path / "elsewhere" / run.folder.name
    shutil.copytree(run.folder.root, copy, ignore=shutil.ignore_patterns("work"))
    return copy


def typed(*words):
    done = CliRunner().invoke(main, ["tasks", *map(str, words)])
    return done.exit_code, done.output


def test_a_task_is_shown_done_given_dropped_and_opened_again_and_the_archive_verifies(sealed, tmp_path):
    said = ("--because", "as agreed", "--who", "Grace")
    assert "10 of 10 tasks are open" in typed(sealed)[1]
    assert typed(sealed, "--done", "announcement", *said, "--link", "https://blog.example/1")[0] == 0
    assert typed(sealed, "--drop", "cost", *said)[0] == 0
    assert typed(sealed, "--give", "documents", "--to", "Linus", *said)[0] == 0
    assert typed(sealed, "--done", "lessons", *said)[0] == 0
    assert typed(sealed, "--reopen", "lessons", *said)[0] == 0
    code, shown = typed(sealed, "--calendar", tmp_path / "tasks.ics")

    assert code == 0 and "8 of 10 tasks are open" in shown
    assert "done by Grace" in shown and "https://blog.example/1" in shown and "Linus" in shown
    assert (tmp_path / "tasks.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert verify(sealed).standing is Standing.CONSISTENT


def test_what_can_not_be_meant_adds_nothing(sealed):
    for words in (
        ("--done", "anouncement", "--because", "x"),
        ("--done", "announcement"),
        ("--done", "announcement", "--because", "  "),
        ("--done", "announcement", "--drop", "cost", "--because", "x"),
        ("--give", "cost", "--because", "x"),
        ("--reopen", "cost", "--because", "x"),
    ):
        code, shown = typed(sealed, *words)
        assert code in (1, 2) and "NEXT" in shown, (words, shown)
    assert "announcement" in typed(sealed, "--done", "anouncement", "--because", "x")[1]
    assert not (sealed / "addenda").exists()


def test_an_archive_whose_addendum_was_changed_says_so(sealed):
    typed(sealed, "--done", "announcement", "--because", "it is out", "--who", "Grace")
    (file,) = (sealed / "addenda").glob("*-task.json")
    file.write_text(file.read_text().replace("Grace", "Alan"))

    code, shown = typed(sealed)
    assert code == 1 and "was changed or is missing" in shown


def test_a_run_that_goes_on_shows_what_it_will_leave_and_takes_no_word(tmp_path, monkeypatch):
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path / "runs"))
    run = wiring.make_run("sandbox", "ada")

    assert "1h after the end" in typed(run.folder.root)[1]
    code, shown = typed(run.folder.root, "--done", "announcement", "--because", "x")
    assert code == 1 and "is not sealed" in shown and f"golive seal {run.folder.name}" in shown
    assert {task.name for task in tasks.planned_in(run)} >= {"announcement", "post-mortem"}
