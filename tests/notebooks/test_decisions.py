"""A decision is checked against name, run, phase and evidence; two persons are two; real visitors need a sentence."""

import asyncio
import json
from dataclasses import replace

import pytest

from golive.core.errors import Stopped
from golive.core.record import Kind, Who
from golive.core.verdict import Hold, Word
from golive.notebook import deciding, page as page_module
from golive.notebook.approvals import approve_here, printed
from golive.notebook.page import Page
from tests.notebooks.desk import answering_guard, look, make_run, shifted_and_proven, signed_plan, verdict

GRACE = Who("Grace", "grace", "elsewhere", "9")
WANTS = "[sre_lead, devops_manager]"
SENTENCE = "move 25 % of visitors of the sandbox on this machine to the canary"


@pytest.fixture(autouse=True)
def attended(monkeypatch):
    monkeypatch.setattr(deciding, "attended", lambda: True)
    monkeypatch.setattr(page_module, "attended", lambda: True)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path, name="golive-1", operator="Ada", text=signed_plan(wants=WANTS), alone=False)


def judged(run, word=Word.PROCEED, phase="canary-25"):
    page = Page(run, phase)
    shifted_and_proven(run, phase)
    look(run, verdict(word), phase)
    page.judge()
    return page, page.here.judged.code


def decided(run, word=Word.PROCEED):
    page, code = judged(run, word)
    return page, code, page.decide("proceed", code, "nobody complained")


def line(page, who=GRACE, because="I saw it, too", **other):
    at, judged = page.run.clock.now().isoformat(), page.here.judged
    said = {"run": page.state.run, "phase": page.phase, "code": judged.code, "evidence": judged.evidence, **other}
    text = printed(**said, who=who, because=because, at=other.get("at", at)) if "at" not in other else ""
    assert text.startswith("go.approve(") and text.isascii() and "\n" not in text
    return eval(text.removeprefix("go.approve(").removesuffix(")"))


def bodies(run, kind):
    return [entry.body for entry in run.store.read() if entry.kind is kind]


def stopped(call, *arguments):
    with pytest.raises(Stopped) as stop:
        call(*arguments)
    return stop.value


def as_grace(run):
    return replace(run, who=GRACE)


# Two persons


def test_a_decision_that_misses_its_second_person_says_who_and_what_they_type_and_hands_nothing_over(run):
    page, code, answer = decided(run)

    assert answer.word == "WAITING" and "Grace (devops_manager) has not approved it" in str(answer)
    assert f'golive approve golive-1 {code} --operator Grace --because "what you saw"' in answer.next
    assert "Grace (devops_manager)" in stopped(page.close).why
    assert f"--phase canary-25 --evidence {page.here.judged.evidence} --print" in str(answer)


def test_the_second_persons_own_terminal_makes_it_whole(run):
    page, code, _ = decided(run)
    said = approve_here(as_grace(run), code.lower(), "the numbers are good")

    assert "claimed by  Grace; seen: grace@elsewhere" in str(said)
    assert page.close().word == "DONE"


def test_the_second_person_may_come_first(run):
    page, code = judged(run)
    approve_here(as_grace(run), code, "the numbers are good")

    assert page.decide("proceed", code, "nobody complained").word == "DONE"


def test_a_pasted_line_makes_it_whole_and_says_that_what_was_seen_is_what_the_line_says(run):
    page, _, _ = decided(run)
    said = page.approve(line(page))

    assert "grace@elsewhere, as the pasted line says" in str(said)
    assert bodies(run, Kind.APPROVED)[0]["pasted"] is True
    assert page.close().word == "DONE"


def test_the_same_name_and_the_same_user_on_the_same_host_are_never_two(run):
    page, code, _ = decided(run)
    same_name = replace(run, who=Who("Ada", "grace", "elsewhere", "9"))
    same_user = replace(run, who=replace(run.who, name="Grace"))

    assert "Ada has decided this already" in stopped(approve_here, same_name, code, "yes").why
    assert "never two" in stopped(approve_here, same_user, code, "yes").why
    assert "never two" in stopped(page.approve, line(page, replace(GRACE, user="Ada", host="host"))).why
    assert bodies(run, Kind.APPROVED) == []


def test_one_account_that_has_approved_under_another_name_before_the_decision_does_not_count(run):
    page, code = judged(run)
    approve_here(replace(run, who=replace(run.who, name="Grace")), code, "I am two")
    answer = page.decide("proceed", code, "nobody complained")

    assert answer.word == "WAITING" and "Grace's approval came from Ada@host" in str(answer)
    assert "never two" in stopped(page.close).why


def test_one_account_under_two_names_is_one_of_the_two_that_are_wanted(tmp_path):
    run = make_run(tmp_path, name="golive-1", operator="Bob", text=signed_plan(wants=WANTS), alone=False)
    page, code, _ = decided(run)
    for name in ("Ada", "Grace"):
        approve_here(replace(run, who=replace(GRACE, name=name)), code, "both of us")

    assert "Grace (devops_manager) has not approved it" in stopped(page.close).why


def test_a_phase_that_asks_for_nobody_needs_nobody(tmp_path):
    page, _, answer = decided(make_run(tmp_path, operator="Ada", text=signed_plan()))

    assert answer.word == "DONE"
    assert page.close().word == "DONE"


def test_going_on_against_hold_needs_a_second_person_of_the_plan_whatever_the_phase(tmp_path):
    run = make_run(tmp_path, name="golive-1", operator="Ada", text=signed_plan())
    page, code, answer = decided(run, Word.HOLD)
    assert answer.word == "WAITING" and "bolder than the verdict HOLD" in str(answer)
    assert "bolder" in stopped(page.close).why

    approve_here(as_grace(run), code, "that criterion is known to be off")
    assert page.close().word == "DONE"


def test_nobody_can_approve_against_rollback(run):
    _, code = judged(run, Word.ROLLBACK)

    assert "nobody goes forward" in stopped(approve_here, as_grace(run), code, "I am sure").why


def test_a_name_that_the_plan_does_not_know_gets_the_nearest(run):
    _, code, _ = decided(run)

    assert "did you mean 'Grace'" in stopped(approve_here, replace(run, who=Who("Grce", "g", "h2")), code, "yes").why


def test_on_a_real_site_who_decides_fills_a_role_of_the_plan(tmp_path):
    run = make_run(tmp_path, operator="Adda", text=signed_plan(real=True))
    page, code = judged(run)

    stop = stopped(page.decide, "proceed", code, "nobody complained")
    assert "'Adda' fills no role of the plan: did you mean 'Ada'" in stop.why and "operator" in stop.next


def test_unattended_on_the_runs_own_world_the_policy_signs_for_everybody(run, monkeypatch):
    monkeypatch.setattr(deciding, "attended", lambda: False)
    page, _ = judged(run)

    assert page.decide("").word == "DONE"
    assert page.close().word == "DONE"


def test_on_a_real_site_no_policy_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(deciding, "attended", lambda: False)
    page, _ = judged(make_run(tmp_path, operator="Ada", text=signed_plan(real=True)))

    assert "undecided" in stopped(page.decide, "").why


def test_an_approval_ages_like_a_decision(run):
    page, code = judged(run)
    approve_here(as_grace(run), code, "the numbers are good")
    run.clock.advance_minutes(9)
    page.decide("proceed", code, "nobody complained")
    run.clock.advance_minutes(2)

    assert "Grace (devops_manager) has not approved it" in stopped(page.close).why


# Of another run, phase, verdict, evidence or time


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"run": "golive-2"}, "approves in the run 'golive-2', and this is golive-1"),
        ({"phase": "canary-5"}, "approves 2 · Canary at 5 %, and what is decided here is 3 · Canary at 25 %"),
        ({"phase": "canary-26"}, "did you mean 'canary-25'"),
        ({"code": "ZZZZ"}, "approves 'ZZZZ', and the newest verdict is "),
        ({"evidence": "0123456789ab"}, "approves the evidence '0123456789ab', and "),
    ],
)
def test_a_line_for_something_else_is_refused_in_words_that_name_the_right_one(run, other, why):
    page, _, _ = decided(run)

    assert why in stopped(page.approve, line(page, **other)).why
    assert bodies(run, Kind.APPROVED) == []


def test_a_line_that_was_changed_or_cut_is_no_line(run):
    page, _, _ = decided(run)
    whole = line(page)

    for broken in (whole[:-5], whole.replace("I saw it", "I saw all"), "yes", '{"run": 1}', ""):
        assert stopped(page.approve, broken).next == "let them print the line again, and paste all of it"


def test_a_line_of_an_earlier_hour_or_of_tomorrow_does_not_count(run):
    page, _, _ = decided(run)
    early = line(page)
    run.clock.advance_minutes(11)
    look(run, verdict(Word.PROCEED))

    assert "printed at" in stopped(page.approve, early).why
    late = line(page)
    run.clock.advance_minutes(-12)
    assert "has not been yet" in stopped(page.approve, late).why


def test_a_code_that_answers_nothing_names_the_newest(run):
    _, code = judged(run)

    assert f"that of 3 · Canary at 25 % is {code}" in stopped(approve_here, as_grace(run), "ZZZZ", "yes").why


@pytest.mark.parametrize("because", ["", "  ", "…", "\u202e"])
def test_an_approval_needs_a_reason_in_words(run, because):
    _, code, _ = decided(run)

    assert "reason in words" in stopped(approve_here, as_grace(run), code, because).why


# Order, tabs, restarts


def test_deciding_the_same_again_in_another_tab_makes_the_decision_no_younger(run):
    page, code, _ = decided(run)
    run.clock.advance_minutes(5)
    again = Page(run, "canary-25").decide("proceed", code, "nobody complained")

    assert again.word == "NOTHING DONE" and "Ada decided to proceed" in str(again)
    assert len(bodies(run, Kind.DECISION)) == 1


def test_the_undecided_cell_run_again_after_a_decision_says_what_was_decided(run):
    page, _, _ = decided(run)

    assert "Ada decided to proceed" in str(Page(run, "canary-25").decide(""))


def test_judging_again_ends_the_decision_and_its_approvals(run):
    page, code, _ = decided(run)
    approve_here(as_grace(run), code, "the numbers are good")
    page.judge()

    assert f"answers {code}, and the verdict {page.here.judged.code} is newer" in stopped(page.close).why


def test_a_verdict_that_fell_meanwhile_hands_nothing_over(tmp_path):
    run = make_run(tmp_path, operator="Ada")
    page, _, _ = decided(run)
    fell = replace(verdict(Word.HOLD, "0.7 % failed"), hold=Hold.BETWEEN)
    run.append(Kind.VERDICT, fell.to_json(), "canary-25")

    assert "HOLD: 0.7 % failed" in stopped(page.close).why
    assert "says worse" in str(Page(run, "canary-25"))


async def test_a_decision_that_lapsed_on_the_way_is_made_again_on_the_next_page(tmp_path):
    run = make_run(tmp_path, name="golive-1", operator="Ada", text=signed_plan(), alone=False)
    page, _, _ = decided(run)
    page.close()
    following = Page(run, "canary-50")
    until = {"good_until": "2100-01-01T00:00:00.000Z"}
    run.append(Kind.CHECKED, {"stage": "start", "passed": True, "counts": {}, **until}, "canary-50")
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1"})
    run.clock.advance_minutes(11)
    with pytest.raises(Stopped, match="too old") as stop:
        await following.shift()
    assert stop.value.next.startswith("go.judge()")

    look(run, replace(verdict(Word.HOLD, "5 min of soak are left"), hold=Hold.SOAKING), "canary-50")
    shown = following.judge()
    assert shown.word == "PROCEED" and "nothing worse was measured since" in str(shown)
    code = following.state.named("canary-25").judged.code
    assert following.decide("proceed", code, "still good").next == "await go.shift()"
    assert following.state.named("canary-25").decision.code == code
    assert following.here.decision is None


# The sentence


async def test_a_real_site_is_not_moved_without_its_sentence(tmp_path):
    run = make_run(tmp_path, name="golive-1", operator="Ada", text=signed_plan(real=True))
    page = Page(run, "canary-25")
    run.append(
        Kind.CHECKED, {"stage": "start", "passed": True, "counts": {}, "good_until": "2100-01-01T00:00:00Z"}, page.phase
    )
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1"})
    with pytest.raises(Stopped, match="nobody was moved") as stop:
        await page.shift()
    assert stop.value.next == f'await go.shift("{SENTENCE}")'
    assert bodies(run, Kind.REQUEST) == []

    guard = asyncio.ensure_future(answering_guard(run))
    await page.shift(SENTENCE.upper())
    guard.cancel()
    assert bodies(run, Kind.REQUEST)[0]["typed"] == SENTENCE.upper()


def test_what_people_type_is_kept_as_they_typed_it(run):
    page, code = judged(run)
    typed = 'it\'s "fine" <b>\n🎉 \u202eלא\u202c'
    page.decide("proceed", code, typed)

    assert page.here.decision.because == typed
    assert json.loads(json.dumps(bodies(run, Kind.DECISION)[0]["because"])) == typed
