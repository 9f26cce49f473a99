"""Every check that is installed, by name, and whether a plan uses them as they are."""

from __future__ import annotations

from golive.adapters.checks import site, vercel, watching
from golive.adapters.checks.run import Known
from golive.core.errors import NameUnknown, PlanError
from golive.core.plan import Plan


def known() -> dict[str, Known]:
    """Give every check, by name."""
    return {**watching.KNOWN, **site.KNOWN, **vercel.KNOWN}


def check(plan: Plan) -> None:
    """Hold a plan's uses of checks against what there is.

    Raises:
        NameUnknown: If it names a check that nobody knows; gives the nearest.
        PlanError: Naming phase, check and key, if a check's settings are wrong.
    """
    installed = known()
    for phase in plan.phases:
        for use in (*phase.start_checks, *phase.special_checks):
            if use.check not in installed:
                raise NameUnknown("check", use.check, installed)
            try:
                installed[use.check].checked(use)
            except PlanError as error:
                raise PlanError(f"plan {plan.name}: phase {phase.name}: {error}") from None
