"""The schedule of a plan, as `golive plan NAME` prints it."""

from __future__ import annotations

import textwrap
from datetime import timedelta

from golive.core.plan import Plan
from golive.core.units import say_duration
from golive.pages.foreseen import foreseen
from golive.pages.words import percent

BEFORE = timedelta(minutes=30)
WATCHED = 80


def schedule(plan: Plan, rate: float | None = None) -> str:
    """Give who does what when, by which limits, what the soaks can tell, and what would be touched.

    `rate` is the visitors' requests a second of the whole site; the plan's own is the default.
    """
    lines = [f"{plan.title} · {plan.site.name} · plan {plan.name} {plan.fingerprint[:12]}", f"limits: {plan.note}", ""]
    lines.append(f"{'when':<12}{'phase':<24}{'canary':>8}  {'soak':>6}  {'page':<15} who")
    offset = -BEFORE
    for phase in plan.phases:
        who = ", ".join(f"{plan.roles[r].name} ({r})" for r in phase.responsible)
        share = percent(phase.share) if phase.share is not None else "–"
        soak = say_duration(phase.soak) if phase.soak else "–"
        when = f"T{'−' if offset < timedelta(0) else '+'}{say_duration(abs(offset)) if offset else '0'}"
        lines.append(f"{when:<12}{phase.title:<24}{share:>8}  {soak:>6}  {phase.notebook:<15} {who}")
        offset = timedelta(0) if offset < timedelta(0) else offset + phase.soak
    lines += ["", f"{'criterion':<16}{'proceed below':>14}{'roll back above':>18}"]
    for name in type(plan.criteria).model_fields:
        limit = getattr(plan.criteria, name)
        above = percent(limit.rollback_above) if limit.rollback_above is not None else "–"
        lines.append(f"{name:<16}{percent(limit.proceed_below):>14}{above:>18}")
    lines += ["", f"{'checks':<24}{'before':>6}{'after':>7}  watched through the soak"]
    for phase in plan.phases:
        watched = ", ".join(f"{use.called} every {say_duration(use.every)}" for use in phase.watched) or "–"
        first, *more = textwrap.wrap(watched, WATCHED)
        lines.append(f"{phase.title:<24}{len(phase.start_checks):>6}{len(phase.special_checks):>7}  {first}")
        lines += [f"{'':<39}{part}" for part in more]
    lines += ["", *foreseen(plan, rate if rate is not None else plan.site.requests_per_second)]
    health = plan.health
    lines += [
        "",
        f"rolls back at once: {health.failures_in_a_row} health probes in a row (every {say_duration(health.every)}), "
        "a critical log entry that stable does not log,",
        f"                    blindness of {say_duration(plan.guarding.blind_after)}",
        f"would touch: router {plan.router.driver} of {plan.site.name}; record in the run's folder",
        "nothing was touched",
    ]
    return "\n".join(lines)
