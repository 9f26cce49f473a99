"""What becomes of a release's deployments on Vercel: promoted, given a domain, removed; and its commit's tag."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel

from golive.adapters.git import Repository
from golive.adapters.vercel.account import Account, DeploymentId
from golive.adapters.vercel.api import Api
from golive.adapters.vercel.inventory import WITHIN, Aliases, Domains, pages
from golive.adapters.vercel.models import DeploymentDetails, Project, Rollout, RolloutEnvelope
from golive.adapters.vercel.names import a_commit
from golive.adapters.vercel.trouble import Kind, Trouble
from golive.core.errors import nearest
from golive.drivers import Around
from golive.folders import project
from golive.ports import Clock, Happened, Refused, Unknown

SHOWN_WITHIN = 20.0
POLL = 0.5
OF_VERCEL = ".vercel.app"
GONE = (Kind.NOT_FOUND, Kind.GONE)
Answer = Happened | Refused | Unknown
Model = TypeVar("Model", bound=BaseModel)


class VercelDeployment:
    """`golive.ports.Deployment` over REST. None of its calls moves a visitor from one deployment to the other.

    100 % is what makes the canary production; `promote` sees that it is so and that new deployments follow again, which
    a rollback has switched off. Nothing is done while a rolling release is active: to promote its canary ends it, and
    a domain that is given away leaves it.
    """

    class Settings(Account):
        """The release.

        Attributes:
            canary, base: The ids of the two deployments, as the router has them.
            commit: What was deployed, which a tag is put on.
            repository: The working copy in which tags are made, from the project's folder on.
            remote: Where they are pushed to.
        """

        canary: DeploymentId
        base: DeploymentId
        commit: Annotated[str, AfterValidator(a_commit)]
        repository: str = "."
        remote: str = "origin"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> VercelDeployment:
        """Give the driver of that release."""
        return cls(settings, around.clock)

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.api = Api(settings, clock)
        self._settings, self._clock = settings, clock
        self._repository = Repository((project() or Path.cwd()) / settings.repository, settings.remote)
        self._project = f"/v9/projects/{settings.project}"

    async def tag(self, name: str, because: str) -> Answer:
        """Tag the release's commit and push the tag."""
        return await self._repository.tag(name, self._settings.commit, f"golive: {because}")

    async def promote(self, deployment: str) -> Answer:
        """See that production is served by the deployment, and let new deployments follow again."""
        stop = self._none_of_ours(deployment, self._settings.canary, self._settings.base)
        served = stop or await self._served()
        if not isinstance(served, Project):
            return served
        if served.production != deployment:
            return Refused(f"{_serves(served)}, not by {deployment}: only the router moves visitors")
        if served.autoAssignCustomDomains:
            return Happened(f"{_serves(served)}, and new deployments follow")
        path = f"/v10/projects/{self._settings.project}/promote/{deployment}"
        said = await self.api.send("POST", path)
        if isinstance(said, Trouble) and not said.maybe_done:
            return _stopped(said)
        shown = await self._until(lambda now: now.production == deployment and now.autoAssignCustomDomains is True)
        return shown or _open(said, f"{deployment} was promoted, and Vercel does not show that new deployments follow")

    async def alias(self, domain: str) -> Answer:
        """Give the canary, which must be production, a domain of the project's."""
        canary = self._settings.canary
        served = await self._served()
        if not isinstance(served, Project):
            return served
        if served.production != canary:
            return Refused(f"{_serves(served)}, not by the canary {canary}: its domains are not given to it before")
        listed = await pages(self.api, Domains, f"{self._project}/domains")
        if isinstance(listed, Trouble):
            return _stopped(listed)
        names = [one.name for page in listed for one in page.domains]
        if domain not in names:
            return Refused(f"{domain[:100]!r} is no domain of this project{nearest(domain, names)}")
        has = await self._aliases(canary)
        if not isinstance(has, Aliases):
            return has
        if domain in has.names:
            return Happened(f"{domain} is served by {canary}")
        said = await self.api.send("POST", f"/v2/deployments/{canary}/aliases", {"alias": domain})
        if isinstance(said, Trouble) and not said.maybe_done:
            return _stopped(said)
        has = await self._aliases(canary)
        if isinstance(has, Aliases) and domain in has.names:
            return Happened(f"{domain} is served by {canary}")
        return _open(said, f"{domain} does not show there yet")

    async def remove(self, deployment: str) -> Answer:
        """Remove the base for good, if nothing serves it any more."""
        stop = self._none_of_ours(deployment, self._settings.base) or await self._still_serves(deployment)
        if stop is not None:
            return stop
        path = f"/v13/deployments/{deployment}"
        there = await self._get(DeploymentDetails, path)
        if isinstance(there, Trouble):
            return Happened(f"{deployment} is gone already") if there.kind in GONE else _stopped(there)
        said = await self.api.send("DELETE", path)
        if isinstance(said, Trouble) and not said.maybe_done and said.kind not in GONE:
            return _stopped(said)
        there = await self._get(DeploymentDetails, path)
        gone = isinstance(there, Trouble) and there.kind in GONE
        return Happened(f"{deployment} is gone") if gone else _open(said, f"{deployment} is still there")

    async def aclose(self) -> None:
        """Close the connections."""
        await self.api.aclose()

    def _none_of_ours(self, named: str, *ours: str) -> Refused | None:
        """Refuse what is not the deployment that may be named here."""
        return None if named in ours else Refused(f"{named[:100]!r} is not {' or '.join(ours)}: name it once more")

    async def _served(self) -> Project | Refused | Unknown:
        """Give the project while no rolling release is active and it says what serves production."""
        rollout = await self._get(RolloutEnvelope, f"/v1/projects/{self._settings.project}/rolling-release")
        if isinstance(rollout, Trouble):
            return _stopped(rollout)
        if rollout.rollingRelease is not None and rollout.rollingRelease.state == "ACTIVE":
            return Refused(_active(rollout.rollingRelease))
        project = await self._get(Project, self._project)
        if isinstance(project, Trouble):
            return _stopped(project)
        return project if project.production else Unknown("Vercel does not say what production is served by")

    async def _still_serves(self, deployment: str) -> Refused | Unknown | None:
        """Say why a deployment may not go; None when neither production nor a domain is served by it."""
        served = await self._served()
        if not isinstance(served, Project):
            return served
        if served.production == deployment:
            return Refused(f"{_serves(served)}: what visitors meet is not removed")
        has = await self._aliases(deployment, gone=True)
        if not isinstance(has, Aliases):
            return has
        domains = [name for name in has.names if not name.endswith(OF_VERCEL)]
        return Refused(f"{', '.join(domains)[:200]} is served by {deployment}: it is not removed") if domains else None

    async def _aliases(self, deployment: str, gone: bool = False) -> Aliases | Refused | Unknown:
        """Give the domains of a deployment; none for one that is gone, where it may be."""
        said = await self._get(Aliases, f"/v2/deployments/{deployment}/aliases")
        if isinstance(said, Trouble):
            return Aliases(aliases=[]) if gone and said.kind in GONE else _stopped(said)
        return said

    async def _until(self, so: Callable[[Project], bool]) -> Happened | None:
        """Read the project until it is so; None when it does not show in time."""
        until = self._clock.monotonic() + SHOWN_WITHIN
        while True:
            now = await self._get(Project, self._project)
            if isinstance(now, Project) and so(now):
                return Happened(f"{_serves(now)}, and new deployments follow again")
            if self._clock.monotonic() + POLL > until:
                return None
            await self._clock.sleep(POLL)

    def _get(self, model: type[Model], path: str) -> Awaitable[Model | Trouble]:
        return self.api.get(model, path, WITHIN)


def _serves(project: Project) -> str:
    return f"production is served by {project.production}"


def _active(rollout: Rollout) -> str:
    what = rollout.canary or "a deployment"
    return f"a rolling release of {what} is active: nothing is done to deployments before its end"


def _stopped(trouble: Trouble) -> Refused | Unknown:
    return (Refused if trouble.is_refusal else Unknown)(trouble.why)


def _open(said: bytes | Trouble, otherwise: str) -> Unknown:
    return Unknown(f"{said.why}; {otherwise}"[:480] if isinstance(said, Trouble) else otherwise)
