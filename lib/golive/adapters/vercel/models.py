"""What Vercel answers, as far as it is read here; what else it says is left alone.

The only place where its two units of time meet: a stage's `duration` is minutes in the configuration, and seconds in
the document of a rollout. Field names are Vercel's (github.com/vercel/sdk, npm @vercel/sdk 1.28).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_ID = 200


def _of(unit: str) -> BeforeValidator:
    def span(value: Any) -> Any:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return timedelta(**{unit: value}) if number and abs(value) < 1e9 else value

    return BeforeValidator(span)


Minutes = Annotated[timedelta, _of("minutes")]
Seconds = Annotated[timedelta, _of("seconds")]
Id = Annotated[str, Field(max_length=LONGEST_ID)]
Percentage = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Answered(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Deployment(Answered):
    """A deployment as a rollout shows it; `readyState` is READY when it can be sent visitors."""

    id: Id
    name: str = ""
    url: str = ""
    target: str | None = None
    readyState: str = ""


class Stage(Answered):
    """A stage of a rollout; `duration` until Vercel goes on by itself, None where somebody has to approve."""

    index: int = Field(ge=0)
    targetPercentage: Percentage
    isFinalStage: bool = False
    requireApproval: bool = False
    duration: Seconds | None = None
    linearShift: bool = False


class Rollout(Answered):
    """A rolling release as it stands; `updatedAt` in milliseconds since 1970, by Vercel's clock."""

    state: Literal["ACTIVE", "COMPLETE", "ABORTED"]
    substate: str | None = None
    currentDeployment: Deployment | None
    canaryDeployment: Deployment | None
    queuedDeploymentId: Id | None = None
    advancementType: str = ""
    stages: list[Stage] = Field(max_length=100)
    activeStage: Stage | None
    nextStage: Stage | None
    startedAt: float = 0
    updatedAt: float = Field(default=0, allow_inf_nan=False)

    @property
    def canary(self) -> str:
        """The canary's deployment id, "" when there is none."""
        return self.canaryDeployment.id if self.canaryDeployment else ""

    @property
    def base(self) -> str:
        """The deployment id of what stands beside the canary, "" when there is none."""
        return self.currentDeployment.id if self.currentDeployment else ""

    @property
    def share(self) -> float | None:
        """The visitors' share on the canary by its active stage, 0 to 1; None without one."""
        return self.activeStage.targetPercentage / 100 if self.activeStage else None


class RolloutEnvelope(Answered):
    """Everything is under `rollingRelease`; null when the project never had a rollout."""

    rollingRelease: Rollout | None


class ConfigStage(Answered):
    """A stage of the configuration."""

    targetPercentage: Percentage
    requireApproval: bool = False
    duration: Minutes | None = None
    linearShift: bool = False


class Gate(Answered):
    """Vercel's own gate: it knows the share of 5xx only, and pauses or rolls back by itself."""

    enabled: bool = False
    action: str = ""
    dryRun: bool = False
    failureThreshold: float | None = None
    windowSize: float | None = None


class Config(Answered):
    """The template that each rollout copies when it starts."""

    target: str = "production"
    stages: list[ConfigStage] = Field(default_factory=list, max_length=100)
    gate: Gate | None = None
    canaryResponseHeader: bool = False


class ConfigEnvelope(Answered):
    """Null when rolling releases are switched off."""

    rollingRelease: Config | None


class Job(Answered):
    """The newest promotion or rollback: a 201 only means that one was begun."""

    type: str
    jobStatus: str
    fromDeploymentId: Id = ""
    toDeploymentId: Id = ""
    fromRollingReleaseId: Id = ""
    requestedAt: float = 0

    @property
    def pending(self) -> bool:
        """Whether it is still under way."""
        return self.jobStatus in ("pending", "in-progress")


class Target(Answered):
    """What an environment is served by."""

    id: Id = ""


class Project(Answered):
    """A project; `skewProtectionMaxAge` in seconds, None when skew protection is off."""

    id: Id
    name: str = ""
    accountId: Id = ""
    targets: dict[str, Target | None] = Field(default_factory=dict)
    lastAliasRequest: Job | None = None
    autoAssignCustomDomains: bool | None = None
    skewProtectionMaxAge: float | None = None

    @property
    def production(self) -> str:
        """The deployment id that production is served by, "" when it does not say."""
        target = self.targets.get("production")
        return target.id if target else ""


class Billing(Answered):
    """Whether the plan has rolling releases; `availableSlots` is a number or "unlimited"."""

    availableSlots: float | str
    reason: str
    message: str = ""
    enabledProjects: list[str] = Field(default_factory=list)


class DeploymentDetails(Answered):
    """A deployment in full; `meta` holds what the deploying side wrote, the commit among it."""

    id: Id
    readyState: str
    url: str = ""
    name: str = ""
    target: str | None = None
    projectId: Id = ""
    meta: dict[str, str] = Field(default_factory=dict)
    alias: list[str] = Field(default_factory=list)
    createdAt: float = 0
