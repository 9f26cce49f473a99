"""Which drivers a plan names, whether each could be made as the plan wants it, and what its own world can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from golive import drivers
from golive.core.errors import NameUnknown, PlanError, WorldFailed, nearest
from golive.core.phases import UNFILLED
from golive.core.plan import Driver, Plan
from golive.ports import Clock, Proof
from golive.sandbox.faults import Fault


def check(plan: Plan, clock: Clock) -> None:
    """Raise PlanError, naming plan, key, value and the nearest valid one, when a driver could not be made.

    All but the world are made, which asks nobody for anything, with `clock` and what the plan's world gives as example.
    """
    around = drivers.Around(plan, clock)
    for group, wanted in drivers_of(plan):
        try:
            if not plan.own_world and drivers.needs_world(group, wanted):
                raise PlanError(
                    f"{drivers.CALLED[group]} driver {wanted.driver!r} asks the run's own world for its settings, "
                    "and the plan's world is none"
                )
            if group == drivers.WORLDS:
                drivers.filled(group, wanted, example(plan))
                continue
            made = drivers.made(group, wanted, around, example(plan))
            if group == drivers.ROUTERS:
                _check_shares(plan, wanted.driver, made.can.splits)
                _check_proof(plan, made.can.proof)
        except NameUnknown as error:
            raise PlanError(
                f"plan {plan.name}: {error.kind} {error.name!r} is not installed"
                f"{nearest(error.name, error.known)}; the plan can be printed with golive plan {plan.name}, not run"
            ) from None
        except PlanError as error:
            raise PlanError(f"plan {plan.name}: {error}") from None
    _check_store(plan)


def _check_store(plan: Plan) -> None:
    """Raise PlanError when the record would die with its host, on a router not of the run's own, unaccepted by name."""
    name = plan.store.driver
    try:
        settings = drivers.checked(drivers.STORES, name, plan.store.settings)
    except (NameUnknown, PlanError) as error:
        raise PlanError(f"plan {plan.name}: {error}") from None
    if plan.own_world or hasattr(drivers.driver(drivers.STORES, name), "claims"):
        return
    if getattr(settings, "single_host_accepted_by", "") in UNFILLED:
        raise PlanError(
            f"plan {plan.name}: store {name!r} dies with its host, and then nobody guards visitors on the canary: "
            "'store: {driver: postgresql, settings: {url_variable: GOLIVE_STORE}}' lets a guard on another host take "
            f"over, or 'store: {{driver: {name}, settings: {{single_host_accepted_by: NAME}}}}' names who accepts it"
        )


def variables(plan: Plan) -> tuple[str, ...]:
    """Give the names of all environment variables that a plan names for what is secret, so not for users' names."""
    return tuple(sorted(set(_variables(plan.model_dump()))))


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if str(key).endswith("_variable") and key != "user_variable" and isinstance(part, str) and part:
                yield part
            yield from _variables(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _variables(part)


def _check_proof(plan: Plan, proof: Proof) -> None:
    """Raise PlanError when the router's splits are proven by force and the prober can force nothing."""
    if proof is Proof.COUNTED:
        return
    forcing = [name for name in drivers.known(drivers.PROBERS) if _forces(name)]
    if plan.prober.driver not in forcing:
        raise PlanError(
            f"prober: {plan.prober.driver!r} can't choose the version that it meets, and visitors of "
            f"router {plan.router.driver!r} are sticky{nearest(plan.prober.driver, forcing)}"
        )


def _forces(name: str) -> bool:
    return hasattr(drivers.driver(drivers.PROBERS, name), "forced")


def check_world(plan: Plan) -> None:
    """Raise WorldFailed when the plan's own world lacks a program here, with the command that installs it."""
    if plan.own_world:
        driver, settings = _world(plan)
        driver.need(settings)


def fault_named(name: str, plan: Plan) -> Fault:
    """Give the fault of that name that the plan's own world can have.

    Raises:
        NameUnknown: If no world has it.
        WorldFailed: If this plan's world has not, or it has no world; names those that can be had.
    """
    if not plan.own_world:
        raise WorldFailed(f"plan {plan.name} has no world of its own to disturb\nNEXT     golive rehearse")
    driver, settings = _world(plan)
    return fault_among(name, driver.faults(settings), plan.world.driver)


def fault_among(name: str, had: Sequence[Fault], called: str) -> Fault:
    """Give the fault of that name that can be `had` in the world that is `called` so.

    Raises:
        NameUnknown: If there is no such fault in any world; names the nearest of those that can be had here.
        WorldFailed: If there is one, but not here; names those that can be had.
    """
    here = [fault.value for fault in had]
    if name in here:
        return Fault(name)
    if name in list(Fault):
        raise WorldFailed(
            f"fault {name!r} can't be had in the world {called!r}: it has {', '.join(sorted(here))}\n"
            "NEXT     golive fault RUN NAME with one of these"
        )
    raise NameUnknown("fault", name, here)


def _check_shares(plan: Plan, name: str, splits: Sequence[float] | None) -> None:
    """Raise PlanError for a phase whose share the router can't set."""
    for phase in plan.phases:
        share = phase.share
        if splits is None or share is None or any(abs(share - one) < 1e-9 for one in splits):
            continue
        near = min(splits, key=lambda one: abs(one - share))
        raise PlanError(
            f"phase {phase.name}: share {share:.4g} can't be set by router {name!r}, which has "
            f"{', '.join(f'{one:.4g}' for one in splits)}; did you mean {near:.4g}?"
        )


def _world(plan: Plan) -> tuple[Any, Any]:
    """Give the driver of the plan's own world, and its settings."""
    name = plan.world.driver
    return drivers.driver(drivers.WORLDS, name), drivers.checked(drivers.WORLDS, name, plan.world.settings)


def example(plan: Plan) -> Mapping[str, Any]:
    """Give the names that the plan's own world will know, with values of the right kind."""
    if not plan.own_world:
        return {}
    driver, settings = _world(plan)
    example: Mapping[str, Any] = driver.example(settings)
    return example


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
        *((drivers.LAST_RESORTS, resort) for resort in plan.last_resort),
    ]
    if plan.own_world:
        wanted.append((drivers.WORLDS, plan.world))
    if plan.deployment.driver != "none":
        wanted.append((drivers.DEPLOYMENTS, plan.deployment))
    if plan.top_up.driver != "none":
        settings = {"canary": plan.site.canary, "paths": list(plan.top_up.paths)}
        wanted.append((drivers.TOP_UPS, Driver(driver=plan.top_up.driver, settings=settings)))
    return wanted
