"""The plan: what a go-live may do, validated and frozen."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a plan: frozen, strict, and no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Driver(Part):
    """A driver by name, with settings of its own that the driver validates."""

    driver: str
    settings: dict[str, Any] = {}


class Site(Part):
    name: str
    url: str = ""


class Person(Part):
    name: str
    phone: str = ""
    chat: str = ""


class Criterion(Part):
    """A measured quantity: shares between 0 and 1."""

    proceed_below: float
    rollback_above: float | None = None


class Criteria(Part):
    failed: Criterion
    over_1000ms: Criterion
    over_500ms: Criterion
    client_errors: Criterion
    cpu: Criterion
    memory: Criterion


class Rule(StrEnum):
    EVIDENCE = "evidence"
    AS_WRITTEN = "as-written"


class Judging(Part):
    rule: Rule = Rule.EVIDENCE
    alpha: float
    beta: float
    dispersion_max: float
    baseline: timedelta
    settle: timedelta
    hold_up_to: timedelta
    decision_valid: timedelta
    as_written_window: timedelta
    as_written_poll: timedelta


class HealthRule(Part):
    driver: str
    every: timedelta
    timeout: timedelta
    failures_in_a_row: int
    settings: dict[str, Any] = {}


class LogsRule(Part):
    driver: str
    critical: tuple[str, ...]
    settings: dict[str, Any] = {}


class Guarding(Part):
    look_every: timedelta
    guard_silent: timedelta
    blind_after: timedelta
    abandon_after: timedelta | None


class AfterCutover(Part):
    rollback: str  # "hold" or "roll back"
    rollback_safe_until: timedelta


class PhaseKind(StrEnum):
    PREFLIGHT = "preflight"
    CANARY = "canary"
    CUTOVER = "cutover"
    WATCH = "watch"
    COMPLETION = "completion"


class CheckUse(Part):
    """A check by name, with settings of its own and how long its finding stays fresh."""

    check: str
    settings: dict[str, Any] = {}
    fresh_for: timedelta = timedelta(minutes=30)


class Phase(Part):
    name: str
    notebook: str
    kind: PhaseKind
    share: float | None = None
    soak: timedelta = timedelta(0)
    responsible: tuple[str, ...] = ()
    start_checks: tuple[CheckUse, ...] = ()
    special_checks: tuple[CheckUse, ...] = ()


class Plan(Part):
    golive: int
    name: str
    title: str
    site: Site
    world: str
    unattended: bool
    router: Driver
    metrics: Driver
    health: HealthRule
    logs: LogsRule
    prober: Driver
    store: str
    notify: tuple[Driver, ...]
    roles: dict[str, Person]
    escalation: tuple[str, ...]
    criteria: Criteria
    judging: Judging
    guarding: Guarding
    after_cutover: AfterCutover
    phases: tuple[Phase, ...]
