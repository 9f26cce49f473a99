"""Visitors at the double's edge are sticky as at Vercel's: a bucket each, in a cookie that never says who answered."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from tests.vercel.double.edge import COOKIE, Edge
from tests.vercel.double.state import CANARY, RUNBOOK, STABLE, Releases


@pytest.fixture
def releases():
    made = Releases(lambda: 1_000.0)
    made.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
    made.start(CANARY)
    return made


@pytest.fixture
def edge(releases):
    return Edge(releases, {}, {STABLE: "stable", CANARY: "canary"})


def visit(edge, cookie="", query=""):
    """Give who answers a visitor, and the cookie that the visitor is given."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    return edge.bucketed(make_mocked_request("GET", f"/?{query}", headers=headers))


def test_a_visitor_stays_where_the_bucket_puts_them_until_the_stage_reaches_it(releases, edge):
    assert visit(edge, f"{CANARY}|0.030000")[0] == STABLE
    releases.approve(1, CANARY)
    assert visit(edge, f"{CANARY}|0.030000")[0] == CANARY


def test_the_cookie_begins_with_the_canary_whoever_answered(edge):
    served = {visit(edge, f"{CANARY}|{bucket}") for bucket in ("0.000000", "0.990000")}

    assert {deployment for deployment, _ in served} == {STABLE, CANARY}
    assert all(cookie.startswith(f"{CANARY}|") for _, cookie in served)


def test_one_client_asked_a_hundred_times_meets_one_version(edge):
    _, cookie = visit(edge)
    share = sum(visit(edge, cookie)[0] == CANARY for _ in range(100))

    assert share in (0, 100)


def test_force_holds_for_one_release_only(releases, edge):
    deployment, cookie = visit(edge, query="vcrrForceCanary=true")
    assert (deployment, cookie) == (CANARY, f"{CANARY}|0.000000|forced")
    assert visit(edge, query="vcrrForceStable=true")[0] == STABLE
    releases.abort()
    assert visit(edge, cookie, "vcrrForceCanary=true") == (STABLE, "")


def test_a_stage_of_nobody_is_met_by_force_alone(releases, edge):
    releases.abort()
    releases.configure({"enabled": True, "stages": [{"targetPercentage": 0}, {"targetPercentage": 100}]})
    releases.start(CANARY)

    assert visit(edge, f"{CANARY}|0.000000")[0] == STABLE
    assert visit(edge, query="vcrrForceCanary=true")[0] == CANARY
