"""The double is held against Vercel's dated contract, and the contract can be broken."""

from __future__ import annotations

import time

import pytest

from golive.adapters.clocks import SystemClock
from golive.adapters.vercel.api import Api
from golive.adapters.vercel.models import Billing, ConfigEnvelope, DeploymentDetails, Project, RolloutEnvelope
from golive.adapters.vercel.trouble import Trouble
from tests.vercel.double import documents
from tests.vercel.double.contract import WHY_NOT, contract
from tests.vercel.double.state import CANARY, PROJECT, RUNBOOK, STABLE, TEAM, Releases

ROLLING = f"/v1/projects/{PROJECT}/rolling-release"
STAGES = [{"targetPercentage": percent} for percent in RUNBOOK]


@pytest.fixture
def held():
    found = contract()
    if found is None:
        pytest.skip(WHY_NOT)
    return found


async def test_every_endpoint_answers_as_the_contract_says(standing, account):
    api = Api(account, SystemClock())
    paths = ["/v2/user", f"/v2/teams/{TEAM}", f"/v9/projects/{PROJECT}/domains", f"/v10/projects/{PROJECT}/env"]
    paths += ["/v6/deployments", f"/v1/deployments/{CANARY}/checks", f"/v2/deployments/{STABLE}/aliases"]
    for path in paths:
        await api.get(RolloutEnvelope, path, within=5.0)
    change = {"enabled": True, "advancementType": "manual-approval", "stages": STAGES}
    asked = [
        await api.get(Project, f"/v9/projects/{PROJECT}"),
        await api.get(Billing, ROLLING + "/billing"),
        await api.ask(ConfigEnvelope, "PATCH", ROLLING + "/config", change),
        await api.get(ConfigEnvelope, ROLLING + "/config"),
        await api.get(RolloutEnvelope, ROLLING),
        await api.ask(RolloutEnvelope, "POST", ROLLING + "/start", {"canaryDeploymentId": CANARY}),
        await api.get(DeploymentDetails, f"/v13/deployments/{CANARY}"),
        await api.ask(
            RolloutEnvelope, "POST", ROLLING + "/approve-stage", {"canaryDeploymentId": CANARY, "nextStageIndex": 1}
        ),
        await api.ask(RolloutEnvelope, "POST", ROLLING + "/complete", {"canaryDeploymentId": CANARY}),
        await api.send("POST", f"/v1/projects/{PROJECT}/rollback/{STABLE}", description="a test"),
    ]
    await api.aclose()

    assert [one for one in asked if isinstance(one, Trouble)] == []
    assert standing.double.broken == []


@pytest.mark.parametrize(
    "lie",
    [
        {"state": "RUNNING"},
        {"stages": None},
        {"activeStage": {"index": "0"}},
        {"substate": 3},
        {"canaryDeployment": {"id": CANARY}},
    ],
)
def test_a_double_that_lies_is_found(held, lie):
    releases = Releases(time.time)
    releases.configure({"enabled": True, "stages": STAGES})
    releases.start(CANARY)
    told = documents.envelope(releases, releases.rollout)
    assert list(held.wrong("GET", ROLLING, {}, None, 200, told)) == []
    told["rollingRelease"] |= lie

    assert list(held.wrong("GET", ROLLING, {}, None, 200, told)) != []


@pytest.mark.parametrize(
    ("verb", "path", "query", "sent"),
    [
        ("POST", ROLLING + "/approve-stage", {}, {"nextStageIndex": "1", "canaryDeploymentId": CANARY}),
        ("POST", ROLLING + "/abort", {}, {}),
        ("GET", ROLLING, {"team": TEAM}, None),
        (
            "PATCH",
            ROLLING + "/config",
            {},
            {"enabled": True, "stages": [{"targetPercentage": 101}, {"targetPercentage": 100}]},
        ),
    ],
)
def test_a_request_that_vercel_does_not_know_is_found(held, verb, path, query, sent):
    assert list(held.wrong(verb, path, query, sent, 200, None)) != []


def test_minutes_of_the_configuration_are_seconds_of_the_rollout():
    releases = Releases(time.time)
    releases.configure(
        {
            "enabled": True,
            "advancementType": "automatic",
            "stages": [{"targetPercentage": 1, "duration": 5}, {"targetPercentage": 100}],
        }
    )
    releases.start(CANARY)
    config = ConfigEnvelope.model_validate({"rollingRelease": releases.config}).rollingRelease
    rollout = RolloutEnvelope.model_validate(documents.envelope(releases, releases.rollout)).rollingRelease

    assert releases.config["stages"][0]["duration"] == 5
    assert releases.rollout["stages"][0]["duration"] == 300
    assert config.stages[0].duration == rollout.stages[0].duration
    assert config.stages[0].duration.total_seconds() == 300
