"""The double's state as Vercel's documents."""

from __future__ import annotations

from typing import Any

from tests.vercel.double.state import NAME, PROJECT, SLUG, TEAM, Made, Releases

CREATOR = {"uid": "usr_1", "username": "ada"}
LIMITED = {
    "limited": True,
    "id": "usr_1",
    "email": "ada@example.com",
    "name": "Ada",
    "username": "ada",
    "avatar": None,
    "defaultTeamId": TEAM,
}


def envelope(releases: Releases, rollout: dict[str, Any] | None) -> dict[str, Any]:
    """Give a rollout as the API shows it."""
    if rollout is None:
        return {"rollingRelease": None}
    active, stages = rollout["active"], rollout["stages"]
    running = rollout["state"] == "ACTIVE"
    following = stages[active + 1] if running and active + 1 < len(stages) else None
    shown = stages[active] if active is not None else None
    return {
        "rollingRelease": {
            "state": rollout["state"],
            "substate": rollout["substate"],
            "currentDeployment": short(releases, rollout["base"]),
            "canaryDeployment": short(releases, rollout["canary"]),
            "queuedDeploymentId": rollout["queued"],
            "advancementType": rollout["advancementType"],
            "stages": stages,
            "activeStage": shown,
            "nextStage": following,
            "startedAt": rollout["startedAt"],
            "updatedAt": rollout["updatedAt"],
            "currentCanaryPercentage": shown["targetPercentage"] if running and shown else 0,
        }
    }


def short(releases: Releases, deployment: str) -> dict[str, Any] | None:
    """Give a deployment as a rollout shows it; None for one that is removed."""
    made = releases.deployments.get(deployment)
    return made.short() if made else None


def project(seen: dict[str, Any]) -> dict[str, Any]:
    """Give the project."""
    regions = {"functionDefaultRegions": ["iad1"]}
    return {
        "accountId": TEAM,
        "directoryListing": False,
        "id": PROJECT,
        "name": NAME,
        "nodeVersion": "22.x",
        "resourceConfig": regions,
        "defaultResourceConfig": regions,
        "targets": {"production": target(seen["production"])},
        "lastAliasRequest": seen["job"],
        "autoAssignCustomDomains": seen["auto_assign"],
        "skewProtectionMaxAge": 43200,
        "rollingRelease": seen["config"],
    }


def target(deployment: str) -> dict[str, Any]:
    return {
        "id": deployment,
        "createdAt": 1_716_206_500_000,
        "createdIn": "iad1",
        "creator": {"email": "ada@example.com", "uid": "usr_1", "username": "ada"},
        "deploymentHostname": f"{NAME}-{deployment[4:]}",
        "readyState": "READY",
        "name": NAME,
        "plan": "pro",
        "private": True,
        "type": "LAMBDAS",
        "url": f"{NAME}-{deployment[4:]}.vercel.app",
        "userId": "usr_1",
    }


def deployment(made: Made) -> dict[str, Any]:
    """Give a deployment in full."""
    return {
        "build": {"env": []},
        "env": ["DATABASE_URL"],
        "inspectorUrl": None,
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "projectSettings": {},
        "aliasAssigned": True,
        "alias": ["www.example.com"] if made.eligible else [],
        "bootedAt": made.created,
        "buildingAt": made.created,
        "buildSkipped": False,
        "creator": CREATOR,
        "team": {"id": TEAM, "name": "Acme", "slug": SLUG},
        "public": False,
        "status": made.ready,
        "id": made.id,
        "createdAt": made.created,
        "readyState": made.ready,
        "name": NAME,
        "type": "LAMBDAS",
        "meta": {"githubCommitSha": made.sha, **made.meta},
        "regions": ["iad1"],
        "url": f"{NAME}-{made.id[4:]}.vercel.app",
        "version": 2,
        "projectId": PROJECT,
        "plan": "pro",
        "createdIn": "iad1",
        "ownerId": TEAM,
        "routes": [],
        "target": "production",
    }


def listed(made: Made) -> dict[str, Any]:
    """Give a deployment as the list of deployments shows it."""
    return {
        "uid": made.id,
        "name": NAME,
        "projectId": PROJECT,
        "url": f"{NAME}-{made.id[4:]}.vercel.app",
        "created": made.created,
        "createdAt": made.created,
        "state": made.ready,
        "readyState": made.ready,
        "type": "LAMBDAS",
        "creator": CREATOR,
        "meta": {"githubCommitSha": made.sha, **made.meta},
        "target": "production",
        "inspectorUrl": None,
        "isRollbackCandidate": made.eligible,
    }
