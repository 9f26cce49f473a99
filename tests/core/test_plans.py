"""Plans: the same keys everywhere, and every error with its line before anything starts."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from golive.core.errors import NameUnknown, PlanError
from golive.core.plan import as_production
from golive.core.plan_text import parse
from golive.core.units import duration, say_duration, share
from golive.pages.schedule import schedule
from golive.plans import find, load, packaged

TEXT = packaged()["sandbox"]
BROKEN = {
    "a duration without unit": ("soak: 25s", "soak: 25", r"line \d+: phases\[1\].soak is '25'.*'25min'"),
    "a sexagesimal": ("soak: 25s", "soak: 22:30", "is '22:30': a duration"),
    "a share without percent": ("proceed_below: 1%, rollback_above: 5%", "proceed_below: 0.01", "is '0.01': a share"),
    "a share over all": ("share: 25%", "share: 250%", "at most 100%"),
    "yaml's on": ("unattended: no", "unattended: on", "is 'on': 'yes' or 'no'"),
    "a version that looks like a number": (
        "requests_per_second: 340",
        "requests_per_second: 4e1",
        "is '4e1': a plain number",
    ),
    "a leading zero": ("failures_in_a_row: 3", "failures_in_a_row: 03", "is '03': a whole number"),
    "null": ("alpha: 1%", "alpha: ~", "is '~': a share"),
    "an unknown key": ("alpha: 1%", "alhpa: 1%", "judging.alhpa is no key of a plan: did you mean 'alpha'"),
    "a missing key": ("  beta: 5%\n", "", "judging.beta is missing"),
    "a key that stands twice": ("  beta: 5%\n", "  beta: 5%\n  beta: 5%\n", "judging.beta stands twice"),
    "a rollback limit below": (
        "proceed_below: 1%, rollback_above: 5%",
        "proceed_below: 6%, rollback_above: 5%",
        "smaller",
    ),
    "no rollback_safe_until": (", rollback_safe_until: 24h", "", "after_cutover.rollback_safe_until is missing"),
    "shares that descend": ("share: 25%", "share: 2%", "must ascend"),
    "an end below all": ("share: 100%", "share: 99%", "last share must be 100%"),
    "an unknown notebook": ("notebook: 03_canary_25", "notebook: 03_canary_26", "'03_canary_26' is unknown"),
    "an unknown role": ("responsible: [devops_engineer]", "responsible: [devop]", "role 'devop' is not in roles"),
    "a correlation above one half": ("dispersion_max: 10%", "dispersion_max: 60%", "dispersion_max is '60%': a chance"),
    "a rule against stable nobody knows": ("worse_than_stable: show", "worse_than_stable: tell", "is 'tell'"),
    "a limit of nothing": ("failed: {proceed_below: 1%,", "failed: {proceed_below: 0%,", "above 0% and up to 50%"),
    "a limit of nearly all": ("rollback_above: 5%", "rollback_above: 80%", "above 0% and up to 50%"),
    "a route that is named twice": (
        "routes:\n",
        "routes:\n  - {name: checkout, path: /x, proceed_from: 1%, failed: {proceed_below: 1%}}\n",
        "route 'checkout' is named twice",
    ),
    "a route without limits": (", failed: {proceed_below: 5%, rollback_above: 50%}}", "}", "routes.*failed is missing"),
    "an unknown key of a route": ("proceed_from: 50%", "proceeds_from: 50%", "did you mean 'proceed_from'"),
    "a name twice": ("name: canary-5\n", "name: canary-1\n", "'canary-1' is used twice"),
    "a canary without soak": ("soak: 25s", "soak: 0s", "needs a soak"),
    "a sure error": ("alpha: 1%", "alpha: 0%", "a chance above 0%"),
    "an unknown kind": ("kind: cutover", "kind: cut", "one of preflight"),
    "an unknown rule": ("rule: evidence", "rule: eviednce", "'evidence' or 'as-written'"),
    "an anchor": ("beta: 5%", "beta: &b 5%", "a YAML anchor is refused"),
    "a tag": ("beta: 5%", "beta: !!str 5%", "a YAML tag is refused"),
    "no yaml": ("golive: 1", "golive: [", "is no YAML"),
    "two documents": ("golive: 1", "---\ngolive: 1\n---\n", "one mapping"),
    "a url with a password": ('url: "{world.router}"', "url: https://me:secretpw@example.com", "looks like a secret"),
    "a secret instead of a name": (
        "notify: []",
        "notify: [{driver: webhook, settings: {url_variable: https://x}}]",
        "name of an",
    ),
    "a list instead of text": ("title: Rehearsal on the sandbox", "title: [a]", "title"),
    "text instead of a list": (
        "responsible: [sre_lead, devops_manager]",
        "responsible: cto",
        "responsible",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plan_is_refused_with_file_line_and_what_was_expected(case):
    before, after, expected = BROKEN[case]
    assert before in TEXT

    with pytest.raises(PlanError) as error:
        parse(TEXT.replace(before, after, 1), "params/x.yaml")

    assert re.search(expected, str(error.value))
    assert re.match(r"params/x.yaml line \d+", str(error.value))


def test_all_errors_come_at_once():
    text = TEXT.replace("alpha: 1%", "alpha: 1").replace("soak: 25s", "soak: 25")

    with pytest.raises(PlanError) as error:
        parse(text, "x.yaml")

    assert len(str(error.value).splitlines()) == 2


OWN = (
    "settings",
    "store",
    "routes",
    "world",
    "start_checks",
    "special_checks",
    "watched",
    "approvals",
)  # what each plan has of its own


def test_the_shipped_plans_have_the_same_keys_in_the_same_order():
    def keys(node):
        if isinstance(node, dict):
            return [(key, keys(value)) for key, value in node.items() if key not in OWN]
        return [keys(item) for item in node if isinstance(item, dict)] if isinstance(node, list) else None

    shapes = [keys(yaml.load(text, Loader=yaml.BaseLoader)) for text in packaged().values()]

    assert len(shapes) == 4
    assert all(shape == shapes[0] for shape in shapes)


def test_production_has_the_runbooks_numbers_and_refuses_people_who_are_tbd():
    plan, _ = load("production", None)

    assert [say_duration(p.soak) for p in plan.phases if p.share] == ["5min", "10min", "15min", "20min", "20min"]
    assert [p.share for p in plan.phases if p.share] == [0.01, 0.05, 0.25, 0.5, 1.0]
    assert (plan.criteria.failed.proceed_below, plan.criteria.failed.rollback_above) == (0.001, 0.005)
    assert "roles.sre_lead.name is 'TBD'" in plan.not_ready()[0]
    assert load("sandbox", None)[0].not_ready() == ()


def test_as_production_puts_the_true_limits_on_the_sandbox():
    plan = as_production(load("sandbox", None)[0])

    assert (plan.criteria.failed.proceed_below, plan.world.driver) == (0.001, "sandbox")


def test_an_unknown_plan_names_the_nearest():
    with pytest.raises(NameUnknown, match="did you mean 'staging'"):
        find("stagign", None)


def test_a_project_may_not_redefine_the_sandbox(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "sandbox.yaml").write_text(TEXT + "\n")

    with pytest.raises(PlanError, match="reserved"):
        load("sandbox", tmp_path)


def test_the_schedule_says_who_when_and_that_nothing_was_touched():
    text = schedule(load("production", None)[0])

    assert "T−30min" in text and "T+50min" in text
    assert "nothing was touched" in text
    assert re.search(r"3 · Canary at 25 % +3 +4  database-pool every 30s, cdn-hit-ratio every 30s\n", text)
    assert max(map(len, text.splitlines())) <= 130


@given(st.integers(1, 10_000), st.sampled_from(["s", "min", "h", "d"]))
def test_a_duration_survives_being_said(number, unit):
    assert duration(say_duration(duration(f"{number}{unit}"))) == duration(f"{number}{unit}")


@given(st.text(max_size=12))
def test_any_text_is_a_share_or_a_clear_error(text):
    try:
        assert 0 <= share(text) <= 1
    except ValueError as error:
        assert "share" in str(error)


LINES = TEXT.splitlines()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["delete", "junk", "rename"]),
    st.text("abc:{}[]%&*!# 1", max_size=6),
)
def test_any_one_changed_line_gives_a_plan_or_an_error_with_its_line(number, how, junk):
    lines = list(LINES)
    line = lines[number]
    lines[number : number + 1] = {"delete": [], "junk": [line.split(":")[0] + ": " + junk], "rename": ["x" + line]}[how]
    try:
        parse("\n".join(lines), "x.yaml")
    except PlanError as error:
        assert re.match(r"x.yaml line \d+", str(error))


def with_approvals(roles, name="Ada", phase="cutover"):
    text = packaged()["sandbox"].replace("{name: TBD", f"{{name: {name}")
    before, after = text.split(f"  - name: {phase}\n")
    return parse(f"{before}  - name: {phase}\n    approvals: {roles}\n{after}", "plan.yaml")


@pytest.mark.parametrize(
    ("roles", "name", "phase", "why"),
    [
        ("[sre_lead, sre_leed]", "TBD", "cutover", "role 'sre_leed' is not in roles"),
        ("[sre_lead, sre_lead]", "TBD", "cutover", "'sre_lead' can't be two"),
        ("[sre_lead, devops_manager]", "Ada", "cutover", "'Ada' can't be two"),
        ("[sre_lead]", "Ada", "watch", "this phase moves nobody"),
    ],
)
def test_approvals_are_of_two_people_in_roles_that_there_are_before_a_shift(roles, name, phase, why):
    with pytest.raises(PlanError, match=why):
        with_approvals(roles, name, phase)


def test_the_runbooks_cutover_is_decided_by_both_roles_that_answer_for_it():
    assert load("production", None)[0].phase("cutover").approvals == ("sre_lead", "devops_manager")
