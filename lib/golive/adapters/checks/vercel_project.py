"""What a check of Vercel looks through: the API of the plan's own router, and the plan's settings for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from golive.adapters.checks.run import Look, Saw, Scene, Unseen
from golive.adapters.routers.vercel import VercelRouter
from golive.adapters.routers.vercel_settings import VercelSettings
from golive.adapters.vercel.inventory import WITHIN
from golive.adapters.vercel.models import DeploymentDetails, Project
from golive.adapters.vercel.trouble import Kind, Trouble
from golive.ports import MetricSource

LATER = (Kind.LIMITED, Kind.HELD_BACK)
Model = TypeVar("Model", bound=BaseModel)


class VercelProject:
    """A project, asked with the router's account; `metrics` is the plan's source of counts."""

    def __init__(self, router: VercelRouter, metrics: MetricSource) -> None:
        assert isinstance(router.api.account, VercelSettings)
        self.api, self.settings, self.metrics = router.api, router.api.account, metrics
        self.rolling = f"/v1/projects/{self.settings.project}/rolling-release"

    async def get(self, model: type[Model], path: str, **query: str) -> Model | Trouble:
        """Read; what is not answered in time is asked for once more."""
        said = await self.api.get(model, path, WITHIN, False, **query)
        if isinstance(said, Trouble) and said.kind is Kind.NO_ANSWER:
            return await self.api.get(model, path, WITHIN, False, **query)
        return said

    async def project(self) -> Project | Trouble:
        """Give the project itself."""
        return await self.get(Project, f"/v9/projects/{self.settings.project}")

    async def canary(self) -> DeploymentDetails | Trouble:
        """Give the canary in full."""
        return await self.get(DeploymentDetails, f"/v13/deployments/{self.settings.canary}")


def through(look: Callable[[VercelProject, Any], Awaitable[Saw | Unseen]]) -> Look:
    """Give the check that looks through the plan's router, and can't where that is another one."""

    async def looked(scene: Scene, settings: Any) -> Saw | Unseen:
        if not isinstance(scene.router, VercelRouter):
            return Unseen("the router 'vercel'", "the plan's router is another one: leave this check out")
        return await look(VercelProject(scene.router, scene.metrics), settings)

    return looked


def unseen(expected: str, *answers: object) -> Saw | Unseen:
    """Give what a check came to that some answer kept from seeing: a failure when Vercel refused, else unseen."""
    trouble = next(answer for answer in answers if isinstance(answer, Trouble))
    refused = trouble.is_refusal and trouble.kind not in LATER
    return Saw(False, expected, trouble.why) if refused else Unseen(expected, trouble.why)
