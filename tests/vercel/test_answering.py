"""Whose answer it was: forced, at a deployment's own URL, behind protection, and never with a cookie."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from golive import drivers
from golive.adapters.clocks import FakeClock
from golive.adapters.health.vercel import VercelHealth
from golive.adapters.probers.vercel import VercelProber
from golive.core.samples import Version
from golive.plans import load
from golive.ports import Alive, Forcing, Sick
from tests.vercel.conftest import served
from tests.vercel.double.state import CANARY, OTHER, STABLE

AROUND = drivers.Around(load("sandbox", None)[0], FakeClock())
SECRET = "a-secret-of-the-project"


class Site:
    """A public domain with a rollout: a cookie keeps the bucket, force makes one; and the deployments' own URLs."""

    def __init__(self) -> None:
        self.active, self.production, self.protected = True, STABLE, False
        self.instead: web.Response | None = None
        self.extra: dict[str, Any] = {}
        self.requests: list[web.Request] = []
        self.url = ""

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/health", self._public)
        app.router.add_get("/{deployment}/health", self._own)
        return app

    async def _public(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if self.instead is not None:
            return self.instead
        met = self.production
        if self.active:
            forced = "vcrrForceCanary" in request.query or request.cookies.get("_vcrr_1", "").endswith("|0|forced")
            met = CANARY if forced else STABLE
        answer = self._health(met)
        answer.set_cookie("_vcrr_1", f"{CANARY}|{0 if met == CANARY else 1}|forced")
        answer.set_cookie("__vdpl", met)
        return answer

    async def _own(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if self.protected and request.headers.get("x-vercel-protection-bypass") != SECRET:
            raise web.HTTPFound("https://vercel.com/sso-api")
        return self._health(request.match_info["deployment"])

    def _health(self, deployment: str) -> web.Response:
        return web.json_response({"status": "ok", "version": "1", "deployment_id": deployment, **self.extra})

    def prober(self) -> VercelProber:
        said = {"router": self.url, "stable": STABLE, "canary": CANARY}
        return VercelProber.made(drivers.checked(drivers.PROBERS, "vercel", said), AROUND)

    def health(self, **changed: str) -> VercelHealth:
        urls = {"stable_url": f"{self.url}/{STABLE}/health", "canary_url": f"{self.url}/{CANARY}/health"}
        said = {"stable": STABLE, "canary": CANARY, **urls, **changed}
        return VercelHealth.made(drivers.checked(drivers.HEALTH, "vercel", said), AROUND)


@pytest_asyncio.fixture
async def site():
    made = Site()
    async with served(made.application()) as made.url:
        yield made


async def test_force_chooses_the_version(site):
    prober = site.prober()
    assert isinstance(prober, Forcing)
    assert await prober.forced(Version.CANARY) is Version.CANARY
    assert await prober.forced(Version.STABLE) is Version.STABLE


async def test_no_cookie_and_nothing_that_pins_a_deployment_is_carried_along(site):
    prober = site.prober()
    for _ in range(2):
        await prober.forced(Version.CANARY)
        assert set(await prober.ask(5)) == {Version.STABLE}
    for request in site.requests:
        assert not request.cookies
        assert not {"x-deployment-id", "dpl"} & {*map(str.lower, request.headers), *request.query}
        assert request.headers["X-Golive-Ours"] == "probe"


async def test_no_two_requests_are_the_same_for_a_cache_on_the_way(site):
    await site.prober().ask(10)
    assert len({request.query_string for request in site.requests}) == 10


async def test_without_an_active_rollout_force_does_nothing(site):
    site.active = False
    assert await site.prober().forced(Version.CANARY) is Version.STABLE
    site.production = CANARY
    assert await site.prober().forced(Version.CANARY) is Version.CANARY


async def test_a_third_deployment_is_neither_version(site):
    site.active, site.production = False, OTHER
    answer = await site.prober().forced(Version.CANARY)
    assert isinstance(answer, Sick) and OTHER in answer.why


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        (web.Response(status=500), "without status ok"),
        (web.Response(text="<html>"), "no JSON"),
        (web.json_response(["ok"]), "without status ok"),
        (web.json_response({"status": "ok"}), "VERCEL_DEPLOYMENT_ID"),
        (web.json_response({"status": "ok", "deployment_id": 7}), "VERCEL_DEPLOYMENT_ID"),
        (web.Response(status=401), "can't be observed"),
        (web.Response(body=b"x" * 200_000), "more than"),
    ],
)
async def test_what_is_no_health_answer_is_said_to_be_none(site, instead, said):
    site.instead = instead
    answer = await site.prober().forced(Version.CANARY)
    assert isinstance(answer, Sick) and said in answer.why


async def test_each_deployment_is_asked_at_its_own_url(site):
    answer = await site.health().probe(Version.CANARY)
    assert isinstance(answer, Alive) and answer.deployment == CANARY


async def test_a_healthy_answer_of_another_deployment_is_no_health_of_this_one(site):
    answer = await site.health(canary_url=f"{site.url}/{OTHER}/health").probe(Version.CANARY)
    assert isinstance(answer, Sick) and OTHER in answer.why and CANARY in answer.why


async def test_a_redirect_to_the_sign_in_is_never_healthy(site):
    site.protected = True
    answer = await site.health().probe(Version.CANARY)
    assert isinstance(answer, Sick) and "Deployment Protection" in answer.why


async def test_the_projects_secret_lets_a_probe_through_and_is_named_by_its_variable(site, monkeypatch):
    site.protected = True
    monkeypatch.setenv("VERCEL_BYPASS", SECRET)
    health = site.health(bypass_variable="VERCEL_BYPASS")
    assert isinstance(await health.probe(Version.CANARY), Alive)
    assert SECRET not in repr(vars(health))


async def test_nobody_at_the_url_is_sick_and_not_an_error(site):
    answer = await site.health(canary_url="http://127.0.0.1:1/health").probe(Version.CANARY)
    assert isinstance(answer, Sick) and "ConnectError" in answer.why
