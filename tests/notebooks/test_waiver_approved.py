"""A waiver counts once its second person has approved it: themselves, from another account, by name and in words."""

from dataclasses import replace

import pytest

from golive.core.errors import Stopped
from golive.core.folding import fold
from golive.core.order import bound_by
from golive.core.findings import problems
from golive.core.record import Kind, Who
from golive.notebook.approvals import approve_here, printed
from golive.notebook.page import Page
from golive.pages.let_through import let_through
from golive.pages.tables import timeline
from tests.notebooks.desk import make_run, signed_plan

GRACE = Who("Grace", "grace", "elsewhere", "9")
TYPED = {"check": "scan", "because": "a false alarm", "until": "2h", "link": "https://tickets.example/7"}


def waived(root, *, real):
    """Give a page whose scan failed and was waived by Ada alone, and what that answered."""
    run = make_run(root, name="golive-1", operator="Ada", text=signed_plan(real=real), alone=False)
    page = Page(run, "canary-25")
    body = {"stage": "start", "check": "scan", "called": "scan", "result": "fail", "code": "c0de", "sentence": "s"}
    body |= {"expected": "no error", "seen": "3 errors", "moment": run.clock.moment().to_json(), "good_for": 9e9}
    run.append(Kind.FINDING, body, page.phase)
    return page, page.waive(**TYPED)


@pytest.fixture
def page(tmp_path):
    return waived(tmp_path, real=True)[0]


def code(page):
    return page.state.excuses[-1].answer


def in_the_way(page):
    state = page.state
    found = [phase.found.get("start", {}) for phase in bound_by(state, page.here)]
    return [said for one in found for said in problems(one, state.excuses, page.run.clock.moment())]


def line(page, who=GRACE, **other):
    waiver = page.state.excuses[-1]
    said = {"run": page.state.run, "phase": page.phase, "code": waiver.answer, "evidence": waiver.evidence, **other}
    at = page.run.clock.now().isoformat()
    text = printed(**said, who=who, because="I saw the ticket", at=at)
    return eval(text.removeprefix("go.approve(").removesuffix(")"))


def refused(call, *given):
    with pytest.raises(Stopped) as stop:
        call(*given)
    return stop.value.why


def approvals(page):
    return [entry for entry in page.run.store.read() if entry.kind is Kind.APPROVED]


def as_who(page, who=GRACE):
    return replace(page.run, who=who)


@pytest.mark.parametrize("real", [True, False], ids=["a real site", "the run's own world"])
def test_it_waits_and_says_who_may_and_what_they_type(tmp_path, real):
    page, answer = waived(tmp_path, real=real)

    assert answer.word == "WAITING" and "(Bob, Grace)" in str(answer)
    assert f'golive approve golive-1 {code(page)} --operator NAME --because "what you saw"' in answer.next
    assert ("in a rehearsal" in str(answer)) == (not real)
    assert in_the_way(page) == [f"scan: fail, and no second person has approved its waiver {code(page)}"]


def test_the_second_persons_own_terminal_makes_it_count(page):
    answer = approve_here(as_who(page), code(page).lower(), "I saw the ticket")

    assert f"Grace approves the waiver {code(page)} of scan" in str(answer) and "seen: grace@elsewhere" in str(answer)
    assert in_the_way(page) == []


def test_a_pasted_line_makes_it_count_and_says_that_it_was_pasted(page):
    assert "as the pasted line says" in str(page.approve(line(page)))
    assert in_the_way(page) == [] and approvals(page)[0].body["pasted"] is True


def test_on_a_real_site_nobody_types_the_second_persons_name_for_them(tmp_path):
    page, _ = waived(tmp_path, real=True)
    before = len(page.run.store.read())

    assert "Grace approves it themselves" in refused(lambda: page.waive(**TYPED, second="Grace"))
    assert len(page.run.store.read()) == before


def test_in_a_rehearsal_on_the_runs_own_world_one_person_may_type_both(tmp_path):
    page, _ = waived(tmp_path, real=False)
    page.waive(**TYPED, second="Grace")

    assert in_the_way(page) == []


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (Who("Ada", "grace", "elsewhere"), "the second person is another"),
        (Who("Grace", "Ada", "host"), "the same user on the same host is never two"),
        (Who("Grce", "grace", "elsewhere"), "did you mean 'Grace'"),
    ],
)
def test_one_person_under_two_names_and_a_stranger_make_nothing_count(page, who, why):
    assert why in refused(approve_here, as_who(page, who), code(page), "yes, it is fine")
    assert refused(page.approve, line(page, who))
    assert approvals(page) == [] and in_the_way(page)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"run": "golive-2"}, "approves in the run 'golive-2'"),
        ({"evidence": "0123456789ab"}, "approves the evidence '0123456789ab'"),
        ({"code": "WZZZZ"}, "approves 'WZZZZ'"),
    ],
)
def test_a_line_for_something_else_is_refused(page, other, why):
    assert why in refused(page.approve, line(page, **other))
    assert in_the_way(page)


def test_without_words_after_its_end_or_a_second_time_it_is_refused(page):
    assert "needs a reason" in refused(approve_here, as_who(page), code(page), "…")
    page.run.clock.advance_minutes(121)
    assert "ended at" in refused(approve_here, as_who(page), code(page), "it is fine")
    page.waive(**TYPED)
    approve_here(as_who(page), code(page), "it is fine")
    assert "Grace has approved the waiver" in refused(approve_here, as_who(page), code(page), "it is fine")


def test_an_approval_that_somebody_wrote_into_the_record_for_the_same_account_counts_for_nothing(page):
    waiver = page.state.excuses[-1]
    by = Who("Grace", waiver.user, waiver.host).to_json()
    body = {"waiver": waiver.id, "called": "scan", "code": waiver.answer, "evidence": waiver.evidence, "by": by}
    moment = page.run.clock.moment().to_json()
    page.run.append(Kind.APPROVED, {**body, "because": "x", "at": "", "moment": moment, "pasted": False}, page.phase)

    assert in_the_way(page)


def test_a_waiver_of_an_older_record_counts_as_it_did(page):
    old = {"called": "scan", "code": "c0de", "was": "fail", "because": "x", "until": "2030-01-01T00:00:00.000Z"}
    old |= {"good_for": 9e9, "moment": page.run.clock.moment().to_json(), "second": "Grace"}
    page.run.append(Kind.WAIVED, {**old, "link": "https://x.example/", "file": "", "sha256": ""}, page.phase)

    assert in_the_way(page) == []


def test_the_completion_page_and_the_story_tell_who_approved_it_and_that_nobody_has(page):
    entries = page.run.store.read()
    assert dict(let_through(fold(entries), entries).facts)["not approved"] == "scan"
    approve_here(as_who(page), code(page), "I saw the ticket")
    entries = page.run.store.read()

    told = let_through(fold(entries), entries)
    assert told.table.rows[0][4] == "Ada (Ada@host), with Grace (grace@elsewhere)"
    assert dict(told.facts)["waived"] == "scan" and dict(told.facts)["not approved"] == "none"
    assert f"Grace approves {code(page)} of scan: I saw the ticket" in str(timeline(entries))
