"""The calls of rolling releases; none of them decides anything.

A read that is older than what was answered before is no news but a lag of Vercel's, and is told as such. Bodies are
what Vercel's own clients send: the configuration's is in no specification (command-line client, Terraform provider).
"""

from __future__ import annotations

from collections.abc import Sequence

from golive.adapters.vercel.api import READ_WITHIN, WRITE_WITHIN, Api
from golive.adapters.vercel.models import (
    Config,
    ConfigEnvelope,
    DeploymentDetails,
    Project,
    Rollout,
    RolloutEnvelope,
)
from golive.adapters.vercel.trouble import Kind, Trouble

LONGEST_DESCRIPTION = 200
TOKEN_IN_META = "goliveWorld"


class RollingReleases:
    """A project's rolling releases, over its account's API."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._project = f"/v1/projects/{api.account.project}"
        self._newest = 0.0

    async def rollout(self, urgent: bool = False) -> Rollout | Trouble | None:
        """Give the newest rollout as it stands; None when the project never had one."""
        said = await self._api.get(RolloutEnvelope, f"{self._project}/rolling-release", urgent=urgent)
        return said if isinstance(said, Trouble) else self._fresh(said.rollingRelease)

    async def project(self, urgent: bool = False) -> Project | Trouble:
        """Give the project: what production is served by, and the newest promotion or rollback."""
        return await self._api.get(Project, f"/v9/projects/{self._api.account.project}", urgent=urgent)

    async def config(self) -> Config | Trouble | None:
        """Give the template of the next rollout; None when rolling releases are off."""
        said = await self._api.get(ConfigEnvelope, f"{self._project}/rolling-release/config")
        return said if isinstance(said, Trouble) else said.rollingRelease

    async def configure(self, percentages: Sequence[int]) -> bytes | Trouble:
        """Set the template: these stages, each but the last approved by hand. A rollout under way keeps its own."""
        stages = [{"targetPercentage": percentage} for percentage in percentages]
        body = {"enabled": True, "advancementType": "manual-approval", "stages": stages}
        return await self._api.send("PATCH", f"{self._project}/rolling-release/config", body)

    async def start(self, canary: str) -> Rollout | Trouble:
        """Begin a rollout; for the canary of the active one it does nothing and gives that."""
        return await self._changed("start", {"canaryDeploymentId": canary})

    async def approve(self, stage: int, canary: str) -> Rollout | Trouble:
        """Go on to the stage with this index."""
        return await self._changed("approve-stage", {"nextStageIndex": stage, "canaryDeploymentId": canary})

    async def complete(self, canary: str) -> Rollout | Trouble:
        """Finish: everybody on the canary, which is production from then on."""
        return await self._changed("complete", {"canaryDeploymentId": canary})

    async def roll_back(self, to: str, why: str, within: float = WRITE_WITHIN) -> bytes | Trouble:
        """Ask for `to` to serve production again, which aborts the rollout: answered means accepted, not done."""
        path = f"{self._project}/rollback/{to}"
        return await self._api.send("POST", path, within=within, description=why[:LONGEST_DESCRIPTION])

    async def token(self, canary: str) -> str | None:
        """Give what a rehearsal's world has written on the canary; None when the deployment can't be read."""
        said = await self._api.get(DeploymentDetails, f"/v13/deployments/{canary}", READ_WITHIN)
        return None if isinstance(said, Trouble) else said.meta.get(TOKEN_IN_META, "")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _changed(self, what: str, body: dict[str, object]) -> Rollout | Trouble:
        place = f"{self._project}/rolling-release/{what}"
        said = await self._api.ask(RolloutEnvelope, "POST", place, body)
        if isinstance(said, Trouble):
            return said
        if said.rollingRelease is None:
            return Trouble(Kind.GARBAGE, f"POST {place}: answered 200 without a rolling release", 200, maybe_done=True)
        self._newest = max(self._newest, said.rollingRelease.updatedAt)
        return said.rollingRelease

    def _fresh(self, rollout: Rollout | None) -> Rollout | Trouble | None:
        if rollout is not None and rollout.updatedAt >= self._newest:
            self._newest = rollout.updatedAt
            return rollout
        if rollout is None and not self._newest:
            return None
        age = "no rolling release at all" if rollout is None else f"{(self._newest - rollout.updatedAt) / 1000:.1f} s"
        return Trouble(Kind.BEHIND, f"GET {self._project}/rolling-release: {Kind.BEHIND}: {age}", 200)
