"""Each check of Vercel: when it passes, when it fails, and that what can't be seen is never a pass."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from golive import drivers
from golive.adapters.checks.run import Scene, run_checks
from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.vercel import VercelMetrics
from golive.adapters.routers.vercel import VercelRouter
from golive.core.errors import PlanError
from golive.core.plan import CheckUse
from golive.plans import load
from golive.ports import Finding, Result
from golive.wiring import known_checks
from tests.vercel.double import documents
from tests.vercel.double.demand import OnDemand, limited, refused
from tests.vercel.double.state import CANARY, OTHER, PROJECT, RUNBOOK, STABLE

PLAN = load("sandbox", None)[0]
ROLLING = f"/v1/projects/{PROJECT}/rolling-release"
SETTINGS: dict[str, dict[str, Any]] = {
    "vercel-canary": {"commit": "c0ffee0"},
    "vercel-variables": {"names": ["DATABASE_URL"]},
    "vercel-domains": {"domains": ["www.example.com"]},
}
READS = {
    "vercel-account": "GET /v2/user",
    "vercel-plan": f"GET {ROLLING}/billing",
    "vercel-stages": f"GET {ROLLING}/config",
    "vercel-skew-protection": f"GET /v9/projects/{PROJECT}",
    "vercel-no-release": f"GET {ROLLING}",
    "vercel-canary": f"GET /v13/deployments/{CANARY}",
    "vercel-build": f"GET /v1/deployments/{CANARY}/checks",
    "vercel-rollback-ready": "GET /v6/deployments",
    "vercel-auto-assign": f"GET /v9/projects/{PROJECT}",
    "vercel-variables": f"GET /v10/projects/{PROJECT}/env",
    "vercel-domains": f"GET /v9/projects/{PROJECT}/domains",
    "vercel-log": f"GET /v1/projects/{PROJECT}/deployments/{CANARY}/runtime-logs",
    "vercel-observability": "GET /v2/observability/schema",
}
METRICS = (
    "vercel.request.count",
    "vercel.function_invocation.count",
    "vercel.function_invocation.function_duration_ms",
)


class Looked:
    """The checks, on a project that is as it should be."""

    def __init__(self, standing) -> None:
        self.standing, self.double, self.releases = standing, standing.double, standing.releases
        self.releases.deployments[CANARY].sha = "c0ffee0123456789"
        self.releases.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
        self.double.metrics = [{"id": name, "description": ""} for name in METRICS]

    async def __call__(
        self, name: str, settings: dict[str, Any] | None = None, share: float = 0.0, **router: Any
    ) -> Finding:
        around = drivers.Around(PLAN, SystemClock())
        said = {**self.standing.account, "canary": CANARY, "base": STABLE, **router}
        made = VercelRouter.made(drivers.checked(drivers.ROUTERS, "vercel", said), around)
        counts = {**self.standing.account, "stable": STABLE, "canary": CANARY, "slow_guard_accepted_by": "Ada"}
        metrics = VercelMetrics.made(drivers.checked(drivers.METRICS, "vercel", counts), around)
        use = CheckUse(check=name, settings=SETTINGS.get(name, {}) if settings is None else settings)
        scene: Any = Scene("", "", "", made, metrics, None, None, SystemClock(), Path("."), share)  # type: ignore[arg-type]
        try:
            (finding,) = await run_checks([use], known_checks(), scene)
        finally:
            await made.aclose()
            await metrics.aclose()
        return finding


@pytest.fixture
def look(standing):
    return Looked(standing)


@pytest.mark.parametrize("name", READS)
async def test_each_check_passes_on_a_project_that_is_as_it_should_be(look, name):
    finding = await look(name)
    assert finding.result is Result.PASS, finding


@pytest.mark.parametrize("name", READS)
async def test_no_check_passes_when_vercel_is_in_trouble(look, name):
    look.double.demands.append(refused(READS[name], 500, "internal", "trouble"))
    finding = await look(name)
    assert finding.result is Result.COULD_NOT_MEASURE and "trouble" in finding.seen, finding


@pytest.mark.parametrize("name", READS)
async def test_no_check_passes_when_vercel_says_no(look, name):
    look.double.demands.append(refused(READS[name], 403, "forbidden", "Not authorized"))
    finding = await look(name)
    assert finding.result is Result.FAIL and "Not authorized" in finding.seen, finding


async def test_a_limit_of_the_rate_is_no_failure_of_the_project(look):
    look.double.demands.append(limited(READS["vercel-canary"], 20, time.time()))
    finding = await look("vercel-canary")
    assert finding.result is Result.COULD_NOT_MEASURE and "429" in finding.seen


@pytest.mark.parametrize("name", [name for name in READS if name != "vercel-log"])
async def test_no_check_passes_on_an_answer_of_something_else(look, name):
    look.double.demands.append(OnDemand(READS[name], instead={"surprise": True}))
    finding = await look(name)
    assert finding.result is not Result.PASS, finding


@pytest.mark.parametrize("name", READS)
async def test_every_check_says_when_the_plans_router_is_another_one(look, name):
    scene: Any = Scene("", "", "", None, None, None, None, SystemClock(), Path("."), 0.0)  # type: ignore[arg-type]
    use = CheckUse(check=name, settings=SETTINGS.get(name, {}))
    (finding,) = await run_checks([use], known_checks(), scene)
    assert finding.result is Result.COULD_NOT_MEASURE and "leave this check out" in finding.seen


async def test_a_missing_token_fails_and_says_that_nobody_here_could_roll_back(look, monkeypatch):
    monkeypatch.delenv("VERCEL_TOKEN")
    finding = await look("vercel-account")
    assert finding.result is Result.FAIL and "VERCEL_TOKEN is empty" in finding.seen
    assert "can't roll back" in finding.seen


async def test_a_token_of_another_team_fails(look):
    finding = await look("vercel-account", team="team_other")
    assert finding.result is Result.FAIL and "403" in finding.seen


async def test_a_plan_without_rolling_releases_fails(look):
    look.releases.plan_has_it = False
    finding = await look("vercel-plan")
    assert finding.result is Result.FAIL and "plan_not_supported" in finding.seen


async def test_other_stages_fail_unless_the_plan_may_write_them(look):
    finding = await look("vercel-stages", stages=["10%", "100%"], configure="no")
    assert finding.result is Result.FAIL and "1 %, 5 %, 25 %, 50 %, 100 %" in finding.seen
    finding = await look("vercel-stages", stages=["10%", "100%"])
    assert finding.result is Result.PASS and "written before the release" in finding.seen


async def test_stages_that_vercel_leaves_by_itself_fail(look):
    stages = [{"targetPercentage": p, **({"duration": 5} if p < 100 else {})} for p in RUNBOOK]
    look.releases.configure({"enabled": True, "advancementType": "automatic", "stages": stages})
    finding = await look("vercel-stages", configure="no")
    assert finding.result is Result.FAIL and "Vercel leaves by itself" in finding.seen


async def test_vercels_own_gate_is_shown(look):
    look.releases.gate = {"enabled": True, "action": "rollback", "dryRun": False, "checks": []}
    look.releases.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
    look.double.broken.clear()
    finding = await look("vercel-stages")
    assert "own gate is on (rollback)" in finding.seen
    look.double.broken.clear()


async def test_skew_protection_that_is_off_fails(look, monkeypatch):
    whole = documents.project(look.releases.seen())
    without = {key: value for key, value in whole.items() if key != "skewProtectionMaxAge"}
    look.double.demands.append(OnDemand(READS["vercel-skew-protection"], instead=without))
    finding = await look("vercel-skew-protection")
    assert finding.result is Result.FAIL and finding.seen == "off"


async def test_a_release_of_somebody_else_fails_and_is_named(look):
    look.releases.start(OTHER)
    finding = await look("vercel-no-release")
    assert finding.result is Result.FAIL and OTHER in finding.seen and "1%" in finding.seen


async def test_a_canary_of_another_commit_or_still_building_fails(look):
    finding = await look("vercel-canary", {"commit": "07e1250"})
    assert finding.result is Result.FAIL and "c0ffee" in finding.seen
    look.releases.deployments[CANARY].ready = "BUILDING"
    finding = await look("vercel-canary")
    assert finding.result is Result.FAIL and "BUILDING" in finding.seen


async def test_what_vercel_deploy_printed_is_held_against_the_plans_canary(look, tmp_path, monkeypatch):
    log = tmp_path / "deploy.log"
    log.write_text("Inspect: https://vercel.com/acme/shop/8Ct4b [2s]\nhttps://shop-canary.vercel.app\n")
    finding = await look("vercel-deployed", {"output": str(log)})
    assert finding.result is Result.PASS and f"shop-canary.vercel.app is {CANARY}" in finding.seen
    log.write_text("https://shop-other.vercel.app\n")
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))
    finding = await look("vercel-deployed", {"output": "deploy.log"})
    assert finding.result is Result.FAIL and OTHER in finding.seen


async def test_a_deployment_whose_output_is_not_there_or_names_nothing_is_no_pass(look, tmp_path):
    finding = await look("vercel-deployed", {"output": str(tmp_path / "deploy.log")})
    assert finding.result is Result.COULD_NOT_MEASURE and "No such file" in finding.seen
    (tmp_path / "deploy.log").write_text("Error: no credentials")
    finding = await look("vercel-deployed", {"output": str(tmp_path / "deploy.log")})
    assert finding.result is Result.FAIL


async def test_an_integrations_check_that_failed_or_still_runs_fails(look):
    one = {"id": "c1", "integrationId": "i1", "rerequestable": False, "blocking": True, "createdAt": 1, "updatedAt": 1}
    checks = [
        {**one, "name": "e2e", "status": "completed", "conclusion": "failed"},
        {**one, "name": "perf", "status": "running"},
    ]
    look.double.demands.append(OnDemand(READS["vercel-build"], instead={"checks": checks}))
    finding = await look("vercel-build")
    assert finding.result is Result.FAIL and "e2e failed" in finding.seen and "perf running" in finding.seen


async def test_a_base_that_can_not_be_rolled_back_to_fails(look):
    look.releases.deployments[STABLE].eligible = False
    finding = await look("vercel-rollback-ready")
    assert finding.result is Result.FAIL and "not eligible" in finding.seen


async def test_production_that_is_served_by_another_than_the_base_fails(look):
    look.releases.promote(OTHER)
    finding = await look("vercel-rollback-ready")
    assert finding.result is Result.FAIL and OTHER in finding.seen


async def test_eligible_deployments_are_looked_for_on_every_page(look):
    page = {"deployments": [], "pagination": {"count": 0, "next": 1700000000000, "prev": None}}
    look.double.demands.append(OnDemand(READS["vercel-rollback-ready"], instead=page, times=1))
    finding = await look("vercel-rollback-ready")
    assert finding.result is Result.PASS
    assert look.double.counted[READS["vercel-rollback-ready"]] == 2


async def test_after_a_rollback_auto_assignment_is_off_and_the_job_is_shown(look):
    look.releases.roll_back(STABLE)
    look.releases.settle()
    finding = await look("vercel-auto-assign")
    assert finding.result is Result.FAIL
    assert "pushes do not go live" in finding.seen and "last rollback" in finding.seen


async def test_missing_variables_are_named_and_no_value_is_ever_told(look):
    finding = await look("vercel-variables", {"names": ["DATABASE_URL", "STRIPE_KEY"]})
    assert finding.result is Result.FAIL and "STRIPE_KEY" in finding.seen
    assert "secret-that-nobody-reads" not in repr(finding)
    assert not any("decrypt" in call for call in look.double.calls)


async def test_a_domain_of_somebody_else_fails(look):
    finding = await look("vercel-domains", {"domains": ["www.example.com", "shop.example.org"]})
    assert finding.result is Result.FAIL and "shop.example.org is none of the project's" in finding.seen


async def test_after_the_cutover_the_domains_are_the_canarys(look):
    wanted = {"domains": ["www.example.com"], "by": "canary"}
    before = await look("vercel-domains", wanted)
    look.releases.start(CANARY)
    look.releases.complete(CANARY)
    after = await look("vercel-domains", wanted)
    assert before.result is Result.FAIL and f"is not served by {CANARY}" in before.seen
    assert after.result is Result.PASS


async def test_one_answer_that_does_not_come_in_time_is_asked_for_again(look):
    look.double.demands.append(OnDemand(READS["vercel-canary"], silent=3.5, times=1))
    finding = await look("vercel-canary")
    assert finding.result is Result.PASS and look.double.counted[READS["vercel-canary"]] == 2


async def test_the_routers_read_back_is_asked_for_again_when_a_busy_machine_loses_one(look):
    look.releases.start(CANARY)
    look.double.demands.append(OnDemand(READS["vercel-no-release"], silent=1.2, times=2))
    finding = await look("router-reads-back", share=0.01)
    assert finding.result is Result.PASS, finding


async def test_a_router_that_never_answers_fails_in_the_end(look):
    look.double.demands.append(refused(READS["vercel-no-release"], 500, "internal", "trouble"))
    finding = await look("router-reads-back")
    assert finding.result is Result.FAIL and "trouble" in finding.seen


async def test_a_metric_that_observability_does_not_have_fails_by_its_name(look):
    look.double.metrics = look.double.metrics[:2]
    finding = await look("vercel-observability")
    assert finding.result is Result.FAIL and METRICS[2] in finding.seen


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("vercel-canary", {"commit": "main"}, "commit's hash"),
        ("vercel-canary", {}, "commit is missing"),
        ("vercel-variables", {"name": ["A"]}, "did you mean 'names'"),
        ("vercel-account", {"team": "x"}, "is no setting"),
        ("guard-watching", {"fresh": "1s"}, "is no setting"),
    ],
)
def test_settings_that_a_check_does_not_know_are_refused(name, settings, said):
    with pytest.raises(PlanError, match=said):
        known_checks()[name].checked(CheckUse(check=name, settings=settings))


async def test_a_check_of_a_silent_vercel_ends(look):
    look.double.demands.append(OnDemand(READS["vercel-canary"], silent=4.0))
    async with asyncio.timeout(9):
        finding = await look("vercel-canary")
    assert finding.result is Result.COULD_NOT_MEASURE
