"""Health of two Vercel deployments, each asked at its own URL, and held to be the deployment that it should be."""

from __future__ import annotations

from dataclasses import replace

from golive.adapters.vercel.account import DeploymentId
from golive.adapters.vercel.answering import VariableOrNone, ask, bypass
from golive.core.samples import Version
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Alive, Sick

OURS = {"X-Golive-Ours": "health"}


class VercelHealth:
    """`golive.ports.Health` on deployments' own URLs: these answer before, during and after a rollout."""

    class Settings(Part):
        """Where each is asked, and who must answer there.

        Attributes:
            stable, canary: The ids of the two deployments.
            stable_url, canary_url: URLs of their health endpoints, whole.
            bypass_variable: Name of the variable with the project's secret for Deployment Protection; "" for none.
        """

        stable: DeploymentId
        canary: DeploymentId
        stable_url: str
        canary_url: str
        bypass_variable: VariableOrNone = ""

    @classmethod
    def made(cls, settings: Settings, around: Around) -> VercelHealth:
        """Give the prober of these deployments, with the plan's time-out."""
        return cls(settings, around.planned.health.timeout.total_seconds())

    def __init__(self, settings: Settings, timeout: float) -> None:
        self._settings, self._timeout = settings, timeout
        self._ids = {Version.STABLE: settings.stable, Version.CANARY: settings.canary}
        self._urls = {Version.STABLE: settings.stable_url, Version.CANARY: settings.canary_url}

    async def probe(self, version: Version) -> Alive | Sick:
        """Ask one deployment directly; another one's answer proves nothing of it."""
        headers = {**OURS, **bypass(self._settings.bypass_variable)}
        answer = await ask(self._urls[version], self._timeout, headers)
        if isinstance(answer, Sick):
            return replace(answer, why=f"{version} {answer.why}")
        wanted = self._ids[version]
        if answer.deployment != wanted:
            return Sick(f"{version}: {answer.deployment} answered at the URL that should be {wanted}'s")
        return answer
