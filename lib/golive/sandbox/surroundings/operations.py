"""What the operations of the sandbox's site answer: migrations, alerts, pools, budgets, what people have reported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from golive.sandbox.faults import Fault

MIGRATIONS = tuple(f"{number:04}_{name}" for number, name in enumerate(("users", "orders", "chat", "replies"), 1))
STAGING = ("east", "west")
Faults = frozenset[Fault]


def migrations(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give which migrations staging's database has, which it has not, and which of them nothing undoes."""
    pending = MIGRATIONS[-1:] if Fault.MIGRATION_PENDING in faults else ()
    irreversible = MIGRATIONS[-1:] if Fault.MIGRATION_IRREVERSIBLE in faults else ()
    applied = [m for m in MIGRATIONS if m not in pending]
    return {"database": "staging", "applied": applied, "pending": list(pending), "irreversible": list(irreversible)}


def pool(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give how much of the pool of database connections is in use."""
    used = 49 if Fault.POOL_EXHAUSTED in faults else 12
    return {"size": 50, "used": used, "share": used / 50, "at": now.isoformat()}


def cdn(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the share of requests that the CDN answers from its cache."""
    return {"hit_ratio": 0.41 if Fault.CDN_COLD in faults else 0.93, "at": now.isoformat()}


def alerts(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the security alerts that nobody has closed."""
    return _open("credential stuffing at /api/login", Fault.SECURITY_ALERT in faults, now)


def incidents(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the incidents that are going on."""
    return _open("search is slow", Fault.INCIDENT_OPEN in faults, now)


def user_reports(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the critical reports of users."""
    said = ["I can't pay"] if Fault.USER_REPORT in faults else []
    return {"critical": said, "at": now.isoformat()}


def deployments(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give other deployments that are under way."""
    going = ["payments 3.2.0"] if Fault.OTHER_DEPLOYMENT in faults else []
    return {"under_way": going, "at": now.isoformat()}


def error_budget(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the share of the error budget that is left."""
    return {"left": 0.04 if Fault.BUDGET_SPENT in faults else 0.62, "at": now.isoformat()}


def dashboard(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give when the newest data came that the dashboard shows; as milliseconds since 1970, as many of them do."""
    newest = now - (timedelta(hours=3) if Fault.DASHBOARD_STALE in faults else timedelta(seconds=20))
    return {"newest": round(newest.timestamp() * 1000)}


def on_call(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give when each role has last answered its pager."""
    roles = ("sre_lead", "sre_engineer", "devops_engineer", "devops_manager", "cto")
    answered = {role: (now - timedelta(minutes=4)).isoformat() for role in roles}
    return {"answered": {**answered, **({"devops_manager": None} if Fault.TEAM_SILENT in faults else {})}}


def backup(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the newest backup that was restored and read for a trial."""
    restored = now - timedelta(days=9 if Fault.BACKUP_STALE in faults else 0, hours=2)
    return {"restored": 1, "at": restored.isoformat()}


def data(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give how much of everything the site's database holds, and which rows point nowhere."""
    lost = 7 if Fault.DATA_LOST in faults else 0
    return {"users": 1200, "orders": 5300 - lost, "orphans": []}


def data_before(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give the same as it was before the go-live."""
    return data(frozenset(), now)


def cost(faults: Faults, now: datetime) -> dict[str, Any]:
    """Give what the site costs a day."""
    return {"per_day": 331.8 if Fault.COST_GROWN in faults else 212.4, "currency": "EUR", "at": now.isoformat()}


def staging(region: str, faults: Faults) -> dict[str, Any]:
    """Give the health of one region of the staging."""
    sick = Fault.STAGING_SICK in faults and region == STAGING[-1]
    return {"status": "degraded" if sick else "ok", "region": region, "version": "1.5.0"}


def _open(what: str, there: bool, now: datetime) -> dict[str, Any]:
    return {"open": [what] if there else [], "at": now.isoformat()}


ANSWERS: dict[str, Callable[[Faults, datetime], dict[str, Any]]] = {
    "migrations": migrations,
    "pool": pool,
    "cdn": cdn,
    "alerts": alerts,
    "incidents": incidents,
    "user-reports": user_reports,
    "deployments": deployments,
    "error-budget": error_budget,
    "dashboard": dashboard,
    "on-call": on_call,
    "backup": backup,
    "data": data,
    "data-before": data_before,
    "cost": cost,
}
