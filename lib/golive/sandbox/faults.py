"""What can be made to go wrong in a rehearsal's world, by name."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """A fault; `place` says which processes get it."""

    ERRORS = "errors"
    LATENCY = "latency"
    HANG = "hang"
    CRASH = "crash"
    NOT_FOUND = "not-found"
    CRITICAL_LOG = "critical-log"
    CPU = "cpu"
    MEMORY = "memory"
    ONE_PATH = "one-path"
    SLOW_LEAK = "slow-leak"
    BOTH_SLOW = "both-slow"
    STABLE_SICK = "stable-sick"
    NO_SHIFT = "no-shift"
    WRONG_SHARE = "wrong-share"
    METRICS_REFUSED = "metrics-refused"
    METRICS_SLOW = "metrics-slow"
    METRICS_NAN = "metrics-nan"
    METRICS_EMPTY = "metrics-empty"
    METRICS_GARBAGE = "metrics-garbage"
    METRICS_FROZEN = "metrics-frozen"
    METRICS_RESET = "metrics-reset"
    RELOAD_RESETS_WEIGHTS = "reload-resets-weights"
    TESTS_FAILED = "tests-failed"
    SCAN_FOUND = "scan-found"
    SBOM_OTHER_BUILD = "sbom-other-build"
    VITALS_POOR = "vitals-poor"
    VITALS_WORSE = "vitals-worse"
    MIGRATION_PENDING = "migration-pending"
    MIGRATION_IRREVERSIBLE = "migration-irreversible"
    TREE_DIRTY = "tree-dirty"
    TAG_NOT_PUSHED = "tag-not-pushed"
    POOL_EXHAUSTED = "pool-exhausted"
    CDN_COLD = "cdn-cold"
    SECURITY_ALERT = "security-alert"
    USER_REPORT = "user-report"
    INCIDENT_OPEN = "incident-open"
    OTHER_DEPLOYMENT = "other-deployment"
    BUDGET_SPENT = "budget-spent"
    DASHBOARD_GONE = "dashboard-gone"
    DASHBOARD_STALE = "dashboard-stale"
    TEAM_SILENT = "team-silent"
    BACKUP_STALE = "backup-stale"
    DATA_LOST = "data-lost"
    RESOLVER_LIES = "resolver-lies"
    RESOLVER_SILENT = "resolver-silent"
    CERTIFICATE_ENDS = "certificate-ends"
    CERTIFICATE_OTHER_NAME = "certificate-other-name"
    FLAG_OFF = "flag-off"
    CHAT_EMPTY = "chat-empty"
    KEYS_FORGOTTEN = "keys-forgotten"
    WEBHOOK_OPEN = "webhook-open"
    LIMIT_OFF = "limit-off"
    ENDPOINT_GONE = "endpoint-gone"
    CACHE_OFF = "cache-off"
    STATEMENT_OTHER_COMMIT = "statement-other-commit"
    STAGING_SICK = "staging-sick"
    FREEZE_ON = "freeze-on"
    COST_GROWN = "cost-grown"

    @property
    def before_shift(self) -> bool:
        """Whether it has to be there before the split moves to be seen."""
        return self in (Fault.NO_SHIFT, Fault.WRONG_SHARE)

    @property
    def place(self) -> tuple[str, ...]:
        """The processes of the world that get it."""
        if self in _AROUND:
            return ("surroundings",)
        if self.value.startswith(("metrics-", "reload-")) or self.before_shift:
            return ("control",)
        if self is Fault.BOTH_SLOW:
            return ("stable", "canary")
        return ("stable",) if self is Fault.STABLE_SICK else ("canary",)


_AROUND = frozenset(
    (
        Fault.TESTS_FAILED,
        Fault.SCAN_FOUND,
        Fault.SBOM_OTHER_BUILD,
        Fault.VITALS_POOR,
        Fault.VITALS_WORSE,
        Fault.MIGRATION_PENDING,
        Fault.MIGRATION_IRREVERSIBLE,
        Fault.TREE_DIRTY,
        Fault.TAG_NOT_PUSHED,
        Fault.POOL_EXHAUSTED,
        Fault.CDN_COLD,
        Fault.SECURITY_ALERT,
        Fault.USER_REPORT,
        Fault.INCIDENT_OPEN,
        Fault.OTHER_DEPLOYMENT,
        Fault.BUDGET_SPENT,
        Fault.DASHBOARD_GONE,
        Fault.DASHBOARD_STALE,
        Fault.TEAM_SILENT,
        Fault.BACKUP_STALE,
        Fault.DATA_LOST,
        Fault.RESOLVER_LIES,
        Fault.RESOLVER_SILENT,
        Fault.CERTIFICATE_ENDS,
        Fault.CERTIFICATE_OTHER_NAME,
        Fault.STATEMENT_OTHER_COMMIT,
        Fault.STAGING_SICK,
        Fault.FREEZE_ON,
        Fault.COST_GROWN,
    )
)
AROUND = tuple(fault for fault in Fault if fault in _AROUND)
VERSIONS = tuple(fault for fault in Fault if not {"control", "surroundings"} & set(fault.place))
SANDBOX = tuple(fault for fault in Fault if fault is not Fault.RELOAD_RESETS_WEIGHTS)
