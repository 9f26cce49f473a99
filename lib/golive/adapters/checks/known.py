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
        PlanError: Naming where it is used, check and key, if a check's settings are wrong.
    """
    installed = known()
    uses = [(f"phase {p.name}", use) for p in plan.phases for use in (*p.start_checks, *p.special_checks)]
    uses += [(f"also_undo {one.name}", one.check) for one in plan.also_undo if one.check is not None]
    for where, use in uses:
        if use.check not in installed:
            raise NameUnknown("check", use.check, installed)
        try:
            installed[use.check].checked(use)
        except PlanError as error:
            raise PlanError(f"plan {plan.name}: {where}: {error}") from None
