"""Which drivers a plan names, and whether each could be made as the plan wants it."""

from __future__ import annotations

from golive import drivers
from golive.core.errors import NameUnknown, PlanError, nearest
from golive.core.plan import Driver, Plan


def check(plan: Plan) -> None:
    """Raise PlanError, naming plan, key, value and the nearest valid one, when a driver could not be made."""
    for group, wanted in drivers_of(plan):
        try:
            drivers.checked(group, wanted.driver, wanted.settings)
            if not plan.own_world and drivers.needs_world(group, wanted):
                raise PlanError(
                    f"{drivers.CALLED[group]} driver {wanted.driver!r} asks the run's own world for its settings, "
                    "and the plan's world is none"
                )
        except NameUnknown as error:
            raise PlanError(
                f"plan {plan.name}: {error.kind} {error.name!r} is not installed"
                f"{nearest(error.name, error.known)}; the plan can be printed with golive plan {plan.name}, not run"
            ) from None
        except PlanError as error:
            raise PlanError(f"plan {plan.name}: {error}") from None


def drivers_of(plan: Plan) -> list[tuple[str, Driver]]:
    """Give every driver that a plan names, with the group it is installed under."""
    health = Driver(driver=plan.health.driver, settings=plan.health.settings)
    logs = Driver(driver=plan.logs.driver, settings=plan.logs.settings)
    wanted = [
        (drivers.ROUTERS, plan.router),
        (drivers.METRICS, plan.metrics),
        (drivers.HEALTH, health),
        (drivers.LOGS, logs),
        (drivers.PROBERS, plan.prober),
        *((drivers.NOTIFIERS, notifier) for notifier in plan.notify),
    ]
    if plan.own_world:
        wanted.append((drivers.WORLDS, plan.world))
    if plan.top_up.driver != "none":
        settings = {"canary": plan.site.canary, "paths": list(plan.top_up.paths)}
        wanted.append((drivers.TOP_UPS, Driver(driver=plan.top_up.driver, settings=settings)))
    return wanted
