"""What a rollout and its project say about the visitors of one canary: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from golive.adapters.vercel.models import Config, Project, Rollout

PAUSED = "PAUSED"


@dataclass(frozen=True)
class Sight:
    """Where visitors are.

    Attributes:
        share: Of visitors on our canary, 0 to 1; None when that can't be said.
        canary: The deployment that is rolled out or, without a rollout, that production is served by.
        rollout: Our own active rollout; None when there is none.
        why: Why the share can't be said, or who else is releasing; "" when all is ours.
        note: What Vercel itself says besides: its gate, and what waits in its queue.
    """

    share: float | None
    canary: str
    rollout: Rollout | None = None
    why: str = ""
    note: str = ""


def of_active(rollout: Rollout | None, ours: str) -> Sight | None:
    """Give what an active rollout says; None when there is none, so that the project has to be asked."""
    if rollout is None or rollout.state != "ACTIVE":
        return None
    stage = rollout.share
    if rollout.canary == ours:
        if stage is None:
            return Sight(None, ours, rollout, "Vercel shows our release as active, and no stage of it")
        return Sight(stage, ours, rollout, note=_note(rollout))
    at = "at no stage" if stage is None else f"at {stage:.0%}"
    why = f"another release is active: {rollout.canary or 'of no deployment'} {at}; it is not ours, and is left alone"
    if rollout.base == ours:
        return Sight(None if stage is None else 1 - stage, rollout.canary, None, why, why)
    return Sight(0.0, rollout.canary, None, why, why)


def of_production(rollout: Rollout | None, project: Project, ours: str, base: str) -> Sight:
    """Give what production says while no rollout is active."""
    served, job = project.production, project.lastAliasRequest
    note = ""
    if job is not None and (job.pending or job.jobStatus == "failed"):
        note = f"Vercel's {job.type} to {job.toDeploymentId} is {job.jobStatus}"
    if served == ours:
        return Sight(1.0, ours, note=note)
    if served != base:
        served = served or "nothing that it names"
        why = f"production is served by {served}, which is neither the canary {ours} nor the base {base}"
        return Sight(None, project.production, why=why, note=note)
    if rollout is not None and rollout.state == "COMPLETE" and rollout.canary == ours:
        back = job is not None and job.type == "rollback" and job.requestedAt >= rollout.startedAt and not job.pending
        if not back:
            why = f"Vercel shows our release as complete, and production still as served by {base}: one of the two lags"
            return Sight(None, ours, why=why, note=note)
    if rollout is not None and rollout.state == "ABORTED" and rollout.canary == ours:
        note = note or "Vercel shows our release as aborted"
    return Sight(0.0, base, note=note)


def _note(rollout: Rollout) -> str:
    said = []
    if rollout.substate == PAUSED:
        said.append("Vercel's own gate has paused this release: it saw too many 5xx on the canary")
    elif rollout.substate:
        said.append(f"Vercel shows this release as {rollout.substate[:40]}")
    if rollout.queuedDeploymentId:
        said.append(f"another deployment waits in Vercel's queue: {rollout.queuedDeploymentId}")
    if rollout.advancementType not in ("", "manual-approval"):
        said.append(f"Vercel goes on to the next stage by itself ({rollout.advancementType[:40]})")
    return "; ".join(said)


def agrees(config: Config | None, percentages: Sequence[int]) -> bool:
    """Say whether the template has exactly these stages, none of which Vercel leaves by itself."""
    stages = config.stages if config else []
    same = [stage.targetPercentage for stage in stages] == list(percentages)
    return same and all(stage.duration is None and not stage.linearShift for stage in stages)


def told(config: Config | None) -> str:
    """Give the template's stages as text."""
    if config is None or not config.stages:
        return "none: rolling releases are off"
    said = ", ".join(f"{stage.targetPercentage:g} %" for stage in config.stages)
    return said if all(stage.duration is None for stage in config.stages) else f"{said}, left by Vercel by itself"
