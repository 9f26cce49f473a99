"""What a plan may say of a release on Vercel, and what is refused before anything moves."""

from __future__ import annotations

import pytest

from golive import drivers, wanted
from golive.adapters.clocks import SystemClock
from golive.core.errors import PlanError
from golive.core.plan import Plan
from golive.ports import Done, Refused, Unknown
from tests.builders import sandbox
from tests.vercel.double.app import TOKEN
from tests.vercel.double.state import CANARY, RUNBOOK, STABLE

RELEASE = {"project": "shop", "team": "team_acme", "canary": CANARY, "base": STABLE}
FIRST, SECOND = 0.01, 0.05


def checked(**changed):
    return drivers.checked(drivers.ROUTERS, "vercel", {**RELEASE, **changed})


def test_a_plan_that_names_the_release_is_right():
    settings = checked()

    assert settings.shares == (0.01, 0.05, 0.25, 0.5, 1.0)
    assert settings.api == "https://api.vercel.com"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stages": ["1%", "1%", "100%"]}, "ascending"),
        ({"stages": ["1%", "5%"]}, "end with 100%"),
        ({"stages": ["100%"]}, "2 to 10"),
        ({"stages": [f"{n}%" for n in range(1, 11)] + ["100%"]}, "2 to 10"),
        ({"stages": ["0.5%", "100%"]}, "whole percentages: 0.5% is none"),
        ({"canary": "https://shop-1.vercel.app"}, "is no deployment's id"),
        ({"canary": STABLE}, "the same deployment"),
        ({"api": "https://api.vercel.com.example.com"}, "an address of this machine was expected"),
        ({"api": "http://192.0.2.1:80"}, "an address of this machine was expected"),
        ({"api": "http://127.0.0.1:80@example.com"}, "an address of this machine was expected"),
        ({"api": "http://api.vercel.com"}, "an address of this machine was expected"),
        ({"project": "a/../b"}, "is no id or name"),
        ({"token_variable": "vercel token"}, "the NAME of an environment variable"),
        ({"requests_per_minute": "3"}, "at least '20'"),
        ({"stage": ["1%"]}, "did you mean 'stages'"),
    ],
)
def test_a_plan_that_vercel_could_not_do_is_refused(changed, said):
    with pytest.raises(PlanError, match=said.replace("(", r"\(")):
        checked(**changed)


@pytest.mark.parametrize(
    ("stages", "lacking"), [(["1%", "25%", "50%", "100%"], "canary-5"), (["10%", "100%"], "canary-1")]
)
def test_a_phase_whose_share_is_no_stage_is_refused_when_the_plan_is_checked(stages, lacking):
    router = {"driver": "vercel", "settings": {**RELEASE, "stages": stages}}
    plan = Plan.model_validate({**sandbox().model_dump(), "router": router})

    with pytest.raises(PlanError, match=rf"phase {lacking}: share .* can't be set by router 'vercel'"):
        wanted.check(plan, SystemClock())


def test_a_plan_of_the_runbooks_phases_is_right():
    router = {"driver": "vercel", "settings": RELEASE}
    prober = {"driver": "vercel", "settings": {"router": "{world.router}", "stable": STABLE, "canary": CANARY}}

    wanted.check(Plan.model_validate({**sandbox().model_dump(), "router": router, "prober": prober}), SystemClock())


async def test_other_stages_in_the_project_are_written_over_as_the_plan_says(standing):
    standing.releases.configure({"enabled": True, "stages": [{"targetPercentage": 10}, {"targetPercentage": 100}]})
    router = standing.router()
    answer = await router.set(FIRST, expect=0.0)
    await router.aclose()

    assert isinstance(answer, Done)
    assert [stage["targetPercentage"] for stage in standing.releases.config["stages"]] == list(RUNBOOK)


async def test_other_stages_are_left_and_told_where_the_plan_does_not_let_them_be_written(standing):
    standing.releases.configure({"enabled": True, "stages": [{"targetPercentage": 10}, {"targetPercentage": 100}]})
    router = standing.router(configure="no")
    answer = await router.set(FIRST, expect=0.0)
    await router.aclose()

    assert isinstance(answer, Refused)
    assert answer.why == "the project's stages are 10 %, 100 %; the plan's are 1 %, 5 %, 25 %, 50 %, 100 %"
    assert standing.sent("start") == 0


async def test_stages_that_vercel_leaves_by_itself_are_not_the_plans(standing):
    stages = [{"targetPercentage": n, **({"duration": 5} if n < 100 else {})} for n in RUNBOOK]
    standing.releases.configure({"enabled": True, "advancementType": "automatic", "stages": stages})
    router = standing.router(configure="no")
    answer = await router.set(FIRST, expect=0.0)
    await router.aclose()

    assert isinstance(answer, Refused) and "left by Vercel by itself" in answer.why


async def test_a_release_under_way_keeps_the_stages_that_it_was_started_with(turned):
    turned.releases.configure({"enabled": True, "stages": [{"targetPercentage": n} for n in (1, 25, 100)]})
    turned.releases.abort()
    turned.releases.start(CANARY)
    turned.releases.configure({"enabled": True, "stages": [{"targetPercentage": n} for n in RUNBOOK]})
    answer = await turned.router().set(SECOND, expect=FIRST)

    assert isinstance(answer, Refused)
    assert answer.why == "this release has no stage of 5%: it was started with 1 %, 25 %, 100 %"


async def test_a_canary_that_is_not_ready_is_refused_with_vercels_words(standing):
    standing.releases.deployments[CANARY].ready = "BUILDING"
    router = standing.router()
    answer = await router.set(FIRST, expect=0.0)
    await router.aclose()

    assert isinstance(answer, Refused) and "Unable to start rolling release" in answer.why


async def test_a_base_that_does_not_serve_production_is_told(standing):
    standing.releases.promote("dpl_other")
    router = standing.router()
    answer = await router.set(FIRST, expect=0.0)
    read = await router.read()
    await router.aclose()

    assert isinstance(answer, Refused) and "production is served by dpl_other" in answer.why
    assert isinstance(read, Unknown)


async def test_a_dark_stage_of_nobody_is_gone_through(standing):
    router = standing.router(stages=["0%", "1%", "100%"])
    answer = await router.set(FIRST, expect=0.0)
    await router.aclose()

    assert isinstance(answer, Done) and answer.split.share == FIRST
    assert router.can.splits == (0.01, 1.0)


async def test_what_to_do_by_hand_names_the_variable_and_never_the_token(turned):
    said = turned.router().by_hand()

    assert "$VERCEL_TOKEN" in said and TOKEN not in said
    assert f"/rollback/{STABLE}?teamId=team_acme" in said


async def test_a_release_that_vercel_drives_by_itself_is_not_driven_along(turned):
    stages = [{"targetPercentage": n, **({"duration": 5} if n < 100 else {})} for n in RUNBOOK]
    turned.releases.abort()
    turned.releases.configure({"enabled": True, "advancementType": "automatic", "stages": stages})
    turned.releases.start(CANARY)
    answer = await turned.router().set(SECOND, expect=FIRST)

    assert isinstance(answer, Refused) and "goes on to the next stage by itself (automatic)" in answer.why
    assert turned.sent("approve-stage") == 0
