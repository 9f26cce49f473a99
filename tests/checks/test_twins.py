"""Each line that the surroundings answer passes there, and fails once its fault has changed that world."""

import pytest

from golive.ports import Result
from golive.sandbox.faults import AROUND, Fault

TWINS = {
    Fault.TESTS_FAILED: ("end-to-end", "1 failed"),
    Fault.SCAN_FOUND: ("sast", "sql-injection at app/orders.ts:41"),
    Fault.SBOM_OTHER_BUILD: ("sbom", "of commit 9b1d0f77aa4e"),
    Fault.VITALS_POOR: ("vitals-baseline", "LCP 5"),
    Fault.ONE_PATH: ("smoke", "1 failed, 0 flaky, 0 skipped: @smoke › /checkout"),
    Fault.MIGRATION_PENDING: ("migrations", "1 pending"),
    Fault.MIGRATION_IRREVERSIBLE: ("way-back-safe", "1 irreversible: 0004_replies; the plan says 1d"),
    Fault.TREE_DIRTY: ("git-tag", "1 files are not committed: release.txt"),
    Fault.TAG_NOT_PUSHED: ("git-tag", "is not at origin"),
    Fault.POOL_EXHAUSTED: ("database-pool", "0.98"),
    Fault.CDN_COLD: ("cdn-hit-ratio", "0.41"),
    Fault.SECURITY_ALERT: ("security-alerts", "1"),
    Fault.USER_REPORT: ("user-reports", "1"),
    Fault.INCIDENT_OPEN: ("open-incidents", "1"),
    Fault.OTHER_DEPLOYMENT: ("other-deployments", "1"),
    Fault.BUDGET_SPENT: ("error-budget", "0.04"),
    Fault.DASHBOARD_GONE: ("dashboards", "answered 502"),
    Fault.DASHBOARD_STALE: ("dashboards", "older than 5min"),
    Fault.FLAG_OFF: ("flags", "/data/new_checkout/enabled is false"),
    Fault.CHAT_EMPTY: ("chat-answers", "answer:"),
    Fault.KEYS_FORGOTTEN: ("idempotency", "order-"),
    Fault.WEBHOOK_OPEN: ("webhook-signed", "200 wrongly signed, 200 unsigned"),
    Fault.LIMIT_OFF: ("rate-limited", "0 of 12 limited"),
    Fault.ENDPOINT_GONE: ("api-endpoints", "/search answered 404"),
    Fault.CACHE_OFF: ("cdn-cache", "cache-control is private, no-store"),
    Fault.TEAM_SILENT: ("team-on-standby", "devops_manager (TBD): no answer"),
    Fault.BACKUP_STALE: ("backup", "older than 7d"),
    Fault.DATA_LOST: ("data-kept", "/orders 5293, before 5300"),
    Fault.RESOLVER_LIES: ("resolves", "203.0.113.9"),
    Fault.RESOLVER_SILENT: ("resolves", "no answer in 3 s"),
    Fault.CERTIFICATE_ENDS: ("certificates", "in 2 days"),
    Fault.CERTIFICATE_OTHER_NAME: ("certificates", "sandbox.example"),
    Fault.STATEMENT_OTHER_COMMIT: ("rollback-plan-reviewed", "Grace Hopper: the statement is of commit 9b1d0f77aa4e"),
    Fault.FREEZE_ON: ("allowed-hours", "freeze 'freeze: audit' from "),
    Fault.STAGING_SICK: ("staging-healthy", "/staging/west/api/health: /status is degraded"),
    Fault.COST_GROWN: ("cost", "331.8, +56.2%"),
    Fault.VITALS_WORSE: ("web-vitals-as-before", "LCP 2"),
}
BEFORE = {"cost": "cost-before", "web-vitals-as-before": "vitals-baseline", "data-kept": "data-before"}
NOT_SEEN = {Fault.RESOLVER_SILENT, Fault.STATEMENT_OTHER_COMMIT}
GOOD = (Result.PASS, Result.ATTESTED)


def test_every_fault_of_the_surroundings_has_a_line_that_sees_it():
    assert set(AROUND) <= set(TWINS)


@pytest.mark.parametrize("fault", TWINS)
async def test_a_line_passes_and_its_failing_twin_does_not(around, fault):
    line, seen = TWINS[fault]
    await around.look(BEFORE.get(line, line))
    good = await around.look(line)
    await around.fault(fault.value)
    bad = await around.look(line)

    assert good.result in GOOD, good
    expected = Result.COULD_NOT_MEASURE if fault in NOT_SEEN else Result.FAIL
    assert bad.result is expected and seen in bad.seen and bad.then, bad


@pytest.mark.parametrize("fault", TWINS)
async def test_a_line_passes_again_once_its_world_is_mended(around, fault):
    line = TWINS[fault][0]
    await around.look(BEFORE.get(line, line))
    await around.fault(fault.value)
    await around.fault(fault.value, on=False)

    assert (await around.look(line)).result in GOOD
