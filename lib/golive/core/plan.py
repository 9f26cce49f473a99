"""The plan: what a go-live may do, validated and frozen."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from golive.core.canonical import canonical, tame
from golive.core.units import duration, share

NOTEBOOKS = (
    "00_preflight",
    "01_canary_1",
    "02_canary_5",
    "03_canary_25",
    "04_canary_50",
    "05_cutover_100",
    "06_watch_24h",
    "07_completion",
)
UNFILLED = ("", "TBD", "tbd", "?")


def _as_duration(value: Any) -> Any:
    return duration(value) if isinstance(value, str) else value


def _as_share(value: Any) -> Any:
    return share(value) if isinstance(value, str) else value


def _as_number(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            raise ValueError("a plain number was expected, for example '3'")
        return float(value)
    return value


def _as_count(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"[1-9]\d*|0", value):
            raise ValueError("a whole number without leading zeros was expected, for example '3'")
        return int(value)
    return value


def _as_yes_no(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("yes", "no", "true", "false"):
            raise ValueError("'yes' or 'no' was expected")
        return value in ("yes", "true")
    return value


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _or_never(value: Any) -> Any:
    return None if value == "never" else _as_duration(value)


def _or_none(value: Any) -> Any:
    return None if value == "none" else _as_share(value)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("more than nothing was expected, for example '1s'")
    return value


def _probability(value: float) -> float:
    if not 0 < value <= 0.5:
        raise ValueError("a chance above 0% and up to 50% was expected, for example '1%'")
    return value


Duration = Annotated[timedelta, BeforeValidator(_as_duration)]
PositiveDuration = Annotated[timedelta, BeforeValidator(_as_duration), AfterValidator(_positive)]
DurationOrNever = Annotated[timedelta | None, BeforeValidator(_or_never)]
Share = Annotated[float, BeforeValidator(_as_share)]
ShareOrNone = Annotated[float | None, BeforeValidator(_or_none)]
Probability = Annotated[float, BeforeValidator(_as_share), AfterValidator(_probability)]
Number = Annotated[float, BeforeValidator(_as_number)]
Count = Annotated[int, BeforeValidator(_as_count)]
YesNo = Annotated[bool, BeforeValidator(_as_yes_no)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Part(BaseModel):
    """A part of a plan: frozen, strict, and no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Driver(Part):
    """A driver by name; `settings` are its own, and it validates them."""

    driver: str
    settings: dict[str, Any] = {}


class Site(Part):
    """The site that goes live."""

    name: str
    url: str = ""


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


class Criteria(Part):
    """Every criterion of the go-live; all are shares of requests but CPU and memory."""

    failed: Criterion
    over_1000ms: Criterion
    over_500ms: Criterion
    client_errors: Criterion
    cpu: Criterion
    memory: Criterion


class Rule(StrEnum):
    """How a verdict comes about."""

    EVIDENCE = "evidence"
    AS_WRITTEN = "as-written"


def _rule(value: Any) -> Any:
    if isinstance(value, str) and value not in list(Rule):
        raise ValueError("'evidence' or 'as-written' was expected")
    return Rule(value)


class Judging(Part):
    """How the verdict is found: its errors, and its times."""

    rule: Annotated[Rule, BeforeValidator(_rule)]
    alpha: Probability
    beta: Probability
    dispersion_max: Number
    baseline: PositiveDuration
    settle: Duration
    hold_up_to: Duration
    decision_valid: PositiveDuration
    as_written_window: PositiveDuration
    as_written_poll: PositiveDuration

    @model_validator(mode="after")
    def _sound(self) -> Judging:
        if self.dispersion_max < 1:
            raise ValueError("dispersion_max is at least 1")
        return self


class HealthRule(Part):
    """How versions are asked for their health."""

    driver: str
    every: PositiveDuration
    timeout: PositiveDuration
    failures_in_a_row: Count
    settings: dict[str, Any] = {}


class LogsRule(Part):
    """Where logs are read, and which patterns are critical."""

    driver: str
    critical: Texts
    settings: dict[str, Any] = {}


class Guarding(Part):
    """The guard's own times."""

    look_every: PositiveDuration
    guard_silent: PositiveDuration
    blind_after: PositiveDuration
    abandon_after: DurationOrNever


class AfterCutover(Part):
    """What a bad verdict does once stable has no visitors."""

    rollback: Literal["hold", "roll back"]
    rollback_safe_until: PositiveDuration


class PhaseKind(StrEnum):
    """What kind of phase it is."""

    PREFLIGHT = "preflight"
    CANARY = "canary"
    CUTOVER = "cutover"
    WATCH = "watch"
    COMPLETION = "completion"


def _kind(value: Any) -> Any:
    if isinstance(value, str) and value not in list(PhaseKind):
        raise ValueError(f"one of {', '.join(PhaseKind)} was expected")
    return PhaseKind(value)


class CheckUse(Part):
    """A check by name, with its settings, and how long its finding stays fresh."""

    check: str
    settings: dict[str, Any] = {}
    fresh_for: Duration = timedelta(minutes=30)


def _uses(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple({"check": item} if isinstance(item, str) else item for item in value)
    return value


CheckUses = Annotated[tuple[CheckUse, ...], BeforeValidator(_uses)]


class Phase(Part):
    """One phase; `share` is the visitors' share on the canary that it shifts to."""

    name: str
    title: str
    notebook: str
    kind: Annotated[PhaseKind, BeforeValidator(_kind)]
    share: ShareOrNone = None
    soak: Duration = timedelta(0)
    responsible: Texts = ()
    start_checks: CheckUses = ()
    special_checks: CheckUses = ()

    @model_validator(mode="after")
    def _sound(self) -> Phase:
        if not re.fullmatch(r"[a-z0-9-]+", self.name):
            raise ValueError("a phase's name is small letters, digits and '-', for example 'canary-25'")
        if self.notebook not in NOTEBOOKS:
            raise ValueError(f"notebook {self.notebook!r} is unknown; known are {', '.join(NOTEBOOKS)}")
        if self.kind in (PhaseKind.CANARY, PhaseKind.CUTOVER):
            if self.share is None or self.share <= 0:
                raise ValueError(f"a {self.kind} phase needs a share above 0%")
            if self.soak <= timedelta(0):
                raise ValueError(f"a {self.kind} phase needs a soak, for example '5min'")
        elif self.share is not None:
            raise ValueError(f"a {self.kind} phase moves nobody: share is 'none'")
        return self


class Plan(Part):
    """A whole plan, as `params/<name>.yaml` holds it."""

    golive: Count
    name: str
    title: str
    note: str
    site: Site
    world: Literal["sandbox", "none"]
    unattended: YesNo
    router: Driver
    metrics: Driver
    health: HealthRule
    logs: LogsRule
    prober: Driver
    store: str
    notify: Annotated[tuple[Driver, ...], BeforeValidator(_as_tuple)]
    roles: dict[str, Person]
    escalation: Texts
    criteria: Criteria
    judging: Judging
    guarding: Guarding
    after_cutover: AfterCutover
    phases: Annotated[tuple[Phase, ...], BeforeValidator(_as_tuple)]

    @model_validator(mode="after")
    def _sound(self) -> Plan:
        problems = list(_order_problems(self.phases))
        names = [phase.name for phase in self.phases]
        problems += [f"phase name {name!r} is used twice" for name in sorted({n for n in names if names.count(n) > 1})]
        for phase in self.phases:
            problems += [
                f"phase {phase.name}: role {role!r} is not in roles"
                for role in phase.responsible
                if role not in self.roles
            ]
        problems += [f"escalation: role {role!r} is not in roles" for role in self.escalation if role not in self.roles]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the plan's canonical content; comments and layout do not count."""
        return hashlib.sha256(canonical(tame(self.model_dump()))).hexdigest()

    def phase(self, name: str) -> Phase:
        """Give the phase of that name; KeyError when there is none."""
        for candidate in self.phases:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def not_ready(self) -> tuple[str, ...]:
        """Give what keeps this plan from being started on a site that is not its own."""
        if self.world != "none":
            return ()
        return tuple(
            f"roles.{role}.name is {person.name!r}: put the name of a person there"
            for role, person in self.roles.items()
            if person.name in UNFILLED
        )


def as_production(plan: Plan) -> Plan:
    """Give the sandbox's plan with the runbook's true failed-share limits and soaks that can decide them."""
    soaks = {"canary-1": 150, "canary-5": 45, "canary-25": 20, "canary-50": 20, "cutover": 20, "watch": 20}
    phases = [
        {**phase, "soak": timedelta(seconds=soaks.get(phase["name"], 0))} for phase in plan.model_dump()["phases"]
    ]
    criteria = {**plan.model_dump()["criteria"], "failed": {"proceed_below": 0.001, "rollback_above": 0.005}}
    note = "the runbook's true limits, on the sandbox"
    judging = {**plan.model_dump()["judging"], "hold_up_to": timedelta(minutes=5)}
    changed = {**plan.model_dump(), "phases": phases, "criteria": criteria, "judging": judging, "note": note}
    return Plan.model_validate({**changed, "phases": tuple(phases)})


def _order_problems(phases: tuple[Phase, ...]) -> list[str]:
    kinds = [phase.kind for phase in phases]
    order = list(PhaseKind)
    problems = []
    if kinds != sorted(kinds, key=order.index):
        problems.append("phases are out of order: preflight, canaries, cutover, watch, completion")
    for kind in PhaseKind:
        if kind is not PhaseKind.CANARY and kinds.count(kind) != 1:
            problems.append(f"exactly one {kind} phase is needed, not {kinds.count(kind)}")
    shares = [phase.share for phase in phases if phase.share is not None]
    if any(later <= earlier for earlier, later in pairwise(shares)):
        problems.append("the shares of the phases must ascend")
    if not shares or shares[-1] != 1.0:
        problems.append("the last share must be 100%")
    return problems
