"""The plan: what a go-live may do, validated and frozen."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from golive.core.canonical import canonical, tame
from golive.core.driver import Driver
from golive.core.escalation import Calls, call_problems
from golive.core.guarding import Guarding
from golive.core.phases import (
    NOTEBOOKS,
    UNFILLED,
    CheckUse,
    Phase,
    PhaseKind,
    approval_problems,
    order_problems,
    unfilled_lines,
)
from golive.core.scalars import (
    Count,
    Duration,
    Number,
    Part,
    PositiveDuration,
    Probability,
    Share,
    ShareOrNone,
    Texts,
    YesNo,
    as_tuple,
)
from golive.core.tasks import PlannedTasks
from golive.core.way_back import AfterCutover, AlsoUndos, LastResorts

__all__ = ["NOTEBOOKS", "CheckUse", "Driver", "Phase", "PhaseKind"]
HIGHEST_LIMIT = 0.5


def _as_driver(value: Any) -> Any:
    return {"driver": value} if isinstance(value, str) else value


class Site(Part):
    """The site that goes live, and the visitors' requests a second that are expected when it does.

    `url` is the visitors'; `stable` and `canary` are the versions' own, which checks and topped-up
    requests ask directly. All without a trailing slash.
    """

    name: str
    url: str = ""
    stable: str = ""
    canary: str = ""
    requests_per_second: Number


class Release(Part):
    """What goes live: its `commit` (a Git hash of at least 12 digits), which reports have to be of."""

    commit: str = ""


class Person(Part):
    """Who fills a role, and how to reach them."""

    name: str
    phone: str = ""
    chat: str = ""


class Criterion(Part):
    """Limits of a measured share: proceed below one, roll back above the other."""

    proceed_below: Share
    rollback_above: ShareOrNone = None

    @model_validator(mode="after")
    def _ordered(self) -> Criterion:
        if self.rollback_above is not None and self.rollback_above < self.proceed_below:
            raise ValueError("rollback_above must not be smaller than proceed_below")
        return self


def _of_requests(value: Criterion) -> Criterion:
    for name, limit in (("proceed_below", value.proceed_below), ("rollback_above", value.rollback_above)):
        if limit is not None and not 0 < limit <= HIGHEST_LIMIT:
            raise ValueError(f"{name} of a share of requests lies above 0% and up to 50%")
    return value


ShareOfRequests = Annotated[Criterion, AfterValidator(_of_requests)]


class Criteria(Part):
    """Every criterion of the go-live; all are shares of requests but CPU and memory."""

    failed: ShareOfRequests
    over_1000ms: ShareOfRequests
    over_500ms: ShareOfRequests
    client_errors: ShareOfRequests
    cpu: Criterion
    memory: Criterion


class Route(Part):
    """A critical route: a small part of the requests that may be dead at a healthy total.

    `path` is what its requests begin with. Below a split of `proceed_from` it may have too few
    requests to be judged good; there it can only roll back.
    """

    name: str
    path: str
    proceed_from: Share
    failed: ShareOfRequests
    over_1000ms: ShareOfRequests | None = None


class TopUp(Part):
    """Replay-safe requests of ours, straight to the canary: evidence for HOLD and ROLLBACK only."""

    driver: str
    requests_per_second: Number = 0.0
    paths: Texts = ()


class Rule(StrEnum):
    """How a verdict comes about."""

    EVIDENCE = "evidence"
    AS_WRITTEN = "as-written"


def _rule(value: Any) -> Any:
    if isinstance(value, str) and value not in list(Rule):
        raise ValueError("'evidence' or 'as-written' was expected")
    return Rule(value)


class Judging(Part):
    """How the verdict is found: its errors, and its times.

    `dispersion_max` bounds the correlation of one second's failures that stable's baseline may teach;
    `worse_than_stable` says what follows when the canary fails more than stable in the same seconds.
    """

    rule: Annotated[Rule, BeforeValidator(_rule)]
    alpha: Probability
    beta: Probability
    dispersion_max: Probability
    worse_than_stable: Literal["show", "hold", "roll back"]
    baseline: PositiveDuration
    settle: Duration
    hold_up_to: Duration
    decision_valid: PositiveDuration
    as_written_window: PositiveDuration
    as_written_poll: PositiveDuration


class HealthRule(Part):
    """How versions are asked for their health."""

    driver: str
    every: PositiveDuration
    timeout: PositiveDuration
    failures_in_a_row: Count
    settings: dict[str, Any] = Field(default_factory=dict)


class LogsRule(Part):
    """Where logs are read, and which patterns are critical."""

    driver: str
    critical: Texts
    settings: dict[str, Any] = Field(default_factory=dict)


class Plan(Part):
    """A whole plan, as `params/<name>.yaml` holds it."""

    golive: Count
    name: str
    title: str
    note: str
    site: Site
    release: Release = Release()
    world: Annotated[Driver, BeforeValidator(_as_driver)]
    unattended: YesNo
    router: Driver
    metrics: Driver
    health: HealthRule
    logs: LogsRule
    prober: Driver
    deployment: Annotated[Driver, BeforeValidator(_as_driver)] = Driver(driver="none")
    store: Annotated[Driver, BeforeValidator(_as_driver)]
    notify: Annotated[tuple[Driver, ...], BeforeValidator(as_tuple)]
    roles: dict[str, Person]
    escalation: Calls
    criteria: Criteria
    routes: Annotated[tuple[Route, ...], BeforeValidator(as_tuple)]
    top_up: TopUp
    judging: Judging
    guarding: Guarding
    after_cutover: AfterCutover
    last_resort: LastResorts = ()
    also_undo: AlsoUndos = ()
    tasks: PlannedTasks = ()
    phases: Annotated[tuple[Phase, ...], BeforeValidator(as_tuple)]

    @model_validator(mode="after")
    def _sound(self) -> Plan:
        problems = order_problems(self.phases)
        problems += approval_problems(self.phases, {role: person.name for role, person in self.roles.items()})
        names = [phase.name for phase in self.phases]
        routes = [route.name for route in self.routes]
        problems += [f"route {name!r} is named twice" for name in sorted({n for n in routes if routes.count(n) > 1})]
        problems += [f"phase name {name!r} is used twice" for name in sorted({n for n in names if names.count(n) > 1})]
        for phase in self.phases:
            problems += [
                f"phase {phase.name}: role {role!r} is not in roles"
                for role in (*phase.responsible, *phase.approvals)
                if role not in self.roles
            ]
        for what, given in (("also_undo", self.also_undo), ("task", self.tasks)):
            named = [one.name for one in given]
            problems += [f"{what} {name!r} is named twice" for name in sorted({n for n in named if named.count(n) > 1})]
        problems += [
            f"task {t.name}: role {t.owner!r} is not in roles" for t in self.tasks if t.owner not in self.roles
        ]
        problems += call_problems(self.escalation, self.roles)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the plan's canonical content; comments, layout, and what it leaves at its default do not count.

        So a key that a later version knows beside them changes nothing about an open run.
        """
        return hashlib.sha256(canonical(tame(self.model_dump(exclude_defaults=True)))).hexdigest()

    @property
    def own_world(self) -> bool:
        """Whether a run brings its own world, so that no visitor of a real site is on it."""
        return self.world.driver != "none"

    def phase(self, name: str) -> Phase:
        """Give the phase of that name; KeyError when there is none."""
        for candidate in self.phases:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def not_ready(self) -> tuple[str, ...]:
        """Give what keeps this plan from being started on a site that is not its own."""
        if self.own_world:
            return ()
        people = [
            f"roles.{role}.name is {person.name!r}: put the name of a person there"
            for role, person in self.roles.items()
            if person.name in UNFILLED
        ]
        return (*people, *unfilled_lines(self.phases))


def as_production(plan: Plan) -> Plan:
    """Give the sandbox's plan with the runbook's true failed-share limits and soaks that can decide them."""
    soaks = {"canary-1": 60, "canary-5": 30, "canary-25": 20, "canary-50": 20, "cutover": 20, "watch": 20}
    phases = [
        {**phase, "soak": timedelta(seconds=soaks.get(phase["name"], 0))} for phase in plan.model_dump()["phases"]
    ]
    criteria = {**plan.model_dump()["criteria"], "failed": {"proceed_below": 0.001, "rollback_above": 0.005}}
    note = "the runbook's true limits, on the sandbox"
    judging = {**plan.model_dump()["judging"], "hold_up_to": timedelta(minutes=10)}
    changed = {**plan.model_dump(), "phases": phases, "criteria": criteria, "judging": judging, "note": note}
    return Plan.model_validate({**changed, "phases": tuple(phases)})
