"""Checks of a release on Vercel: its stages, its two deployments, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from golive import folders
from golive.adapters.checks.run import Known, Saw, Unseen
from golive.adapters.checks.vercel_project import VercelProject, through, unseen
from golive.adapters.vercel.deployed import MOST, hosts_of
from golive.adapters.vercel.inventory import BuildChecks, Deployments, pages
from golive.adapters.vercel.models import ConfigEnvelope, DeploymentDetails, RolloutEnvelope
from golive.adapters.vercel.names import a_commit
from golive.adapters.vercel.trouble import Trouble
from golive.core.scalars import Part

MOST_HOSTS = 5


class Printed(Part):
    """The file that holds what `vercel deploy` printed, from the project's folder on."""

    output: str


class Release(Part):
    """The commit that is released."""

    commit: Annotated[str, AfterValidator(a_commit)]


async def stages(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether the stages are the plan's and nobody but us goes on from one to the next."""
    wanted = [round(share * 100) for share in look.settings.shares]
    expected = f"{_percent(wanted)}, each approved by hand"
    said = await look.get(ConfigEnvelope, look.rolling + "/config")
    if isinstance(said, Trouble):
        return unseen(expected, said)
    config = said.rollingRelease
    have = [round(stage.targetPercentage) for stage in config.stages] if config else []
    itself = [stage for stage in config.stages if stage.duration is not None] if config else []
    seen = _percent(have) if config else "rolling releases are off"
    seen += ", some of which Vercel leaves by itself" if itself else ""
    if config and config.gate and config.gate.enabled:
        seen += f"; Vercel's own gate is on ({'only shows' if config.gate.dryRun else config.gate.action})"
    good = have == wanted and not itself
    if not good and look.settings.configure:
        seen += "; they are written before the release is started"
    return Saw(good or look.settings.configure, expected, seen)


async def no_release(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether no release is under way, ours or anybody's."""
    expected = "no active rolling release"
    said = await look.get(RolloutEnvelope, look.rolling, state="ACTIVE")
    if isinstance(said, Trouble):
        return unseen(expected, said)
    rollout = said.rollingRelease
    if rollout is None:
        return Saw(True, expected, "none")
    return Saw(False, expected, f"{rollout.canary or 'a deployment'} is at {rollout.share or 0:.0%}")


async def canary_ready(look: VercelProject, release: Release) -> Saw | Unseen:
    """See whether the canary is READY, of this project, for production, and built from the release's commit."""
    expected = f"READY, for production, of commit {release.commit[:12]}"
    canary, project = await look.canary(), await look.project()
    if isinstance(canary, Trouble) or isinstance(project, Trouble):
        return unseen(expected, canary, project)
    commit = next((value for key, value in sorted(canary.meta.items()) if key.lower().endswith("commitsha")), "")
    same = commit.lower().startswith(release.commit)
    ours = canary.projectId in ("", project.id)
    good = canary.readyState == "READY" and canary.target == "production" and same and ours
    seen = f"{canary.id} {canary.readyState}, for {canary.target or 'preview'}, of commit {commit[:12] or 'unknown'}"
    return Saw(good, expected, seen if ours else f"{seen}, of another project")


async def deployed(look: VercelProject, printed: Printed) -> Saw | Unseen:
    """See whether what `vercel deploy` printed is the plan's canary, by asking Vercel who is at the address."""
    expected = f"{printed.output} names {look.settings.canary}"
    try:
        with ((folders.project() or Path.cwd()) / printed.output).open("rb") as file:
            hosts = hosts_of(file.read(MOST).decode("utf-8", "replace"))
    except OSError as error:
        return Unseen(expected, f"{printed.output}: {error.strerror}: vercel deploy … > {printed.output} 2>&1")
    if not hosts:
        return Saw(False, expected, "it names no address under vercel.app")
    found = {host: await look.get(DeploymentDetails, f"/v13/deployments/{host}") for host in hosts[:MOST_HOSTS]}
    for answer in found.values():
        if isinstance(answer, Trouble):
            return unseen(expected, answer)
    named = {host: one.id for host, one in found.items() if isinstance(one, DeploymentDetails)}
    seen = ", ".join(f"{host} is {identifier}" for host, identifier in named.items())
    return Saw(look.settings.canary in named.values(), expected, seen)


async def build(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether the canary was built and the checks that integrations run on it are well."""
    expected = "built, with all its checks well"
    canary = await look.canary()
    checks = await look.get(BuildChecks, f"/v1/deployments/{look.settings.canary}/checks")
    if isinstance(canary, Trouble) or isinstance(checks, Trouble):
        return unseen(expected, canary, checks)
    ill = [f"{one.name[:40]} {one.conclusion[:20] or one.status}" for one in checks.checks if not one.well]
    seen = f"{canary.readyState}, {len(checks.checks)} checks" + (f": {', '.join(ill)}" if ill else "")
    return Saw(canary.readyState == "READY" and not ill, expected, seen)


async def rollback_ready(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether production is served by the base, and Vercel would roll back to it."""
    base = look.settings.base
    expected = f"production served by {base}, which can be rolled back to"
    project = await look.project()
    if isinstance(project, Trouble):
        return unseen(expected, project)
    wanted = {"projectId": project.id, "target": "production", "rollbackCandidate": "true"}
    listed = await pages(look.api, Deployments, "/v6/deployments", **wanted)
    if isinstance(listed, Trouble):
        return unseen(expected, listed)
    eligible = any(one.uid == base for page in listed for one in page.deployments)
    seen = f"served by {project.production or 'nothing named'}, {base} is {'' if eligible else 'not '}eligible"
    return Saw(eligible and project.production == base, expected, seen)


async def auto_assign(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether production's domains follow new deployments again, which every rollback switches off."""
    expected = "auto-assignment on"
    project = await look.project()
    if isinstance(project, Trouble):
        return unseen(expected, project)
    job, on = project.lastAliasRequest, project.autoAssignCustomDomains
    seen = {True: "on", False: "off: pushes do not go live", None: "Vercel does not say"}[on]
    if job is not None:
        seen += f"; the last {job.type}, to {job.toDeploymentId}, {job.jobStatus}"
    return Unseen(expected, seen) if on is None else Saw(on, expected, seen)


def _percent(stages: Sequence[int]) -> str:
    return ", ".join(f"{stage} %" for stage in stages)


KNOWN = {
    "vercel-stages": Known("Vercel's stages are the plan's", through(stages)),
    "vercel-no-release": Known("No rolling release is active", through(no_release)),
    "vercel-canary": Known("The canary is READY and of the release's commit", through(canary_ready), Release),
    "vercel-deployed": Known("What was deployed is the plan's canary", through(deployed), Printed),
    "vercel-build": Known("The canary's build and its checks are well", through(build)),
    "vercel-rollback-ready": Known("Production can be rolled back to the base", through(rollback_ready)),
    "vercel-auto-assign": Known("Production's domains follow new deployments", through(auto_assign)),
}
