"""A load balancer that somebody has already: `GET` and `PUT /weights` with `{"stable": 99, "canary": 1}`."""

from __future__ import annotations

import random

import aiohttp
from aiohttp import web

from tests.parts.ports import BRIEF
from tests.parts.versions import TinyVersion

LARGEST = 1000


class WeightedBalancer:
    """It sends each request to one of two versions, by weight; `control` is its API's URL, `url` the visitors'."""

    def __init__(self) -> None:
        self.versions = {name: TinyVersion(name) for name in ("stable", "canary")}
        self.weights = {"stable": 1, "canary": 0}
        self.url = self.control = ""
        self._runners: list[web.AppRunner] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        for version in self.versions.values():
            await version.start()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        visitors, control = web.Application(), web.Application()
        visitors.router.add_get("/{path:.*}", self._forward)
        control.router.add_get("/weights", self._told)
        control.router.add_put("/weights", self._set)
        self.url, self.control = await self._serve(visitors), await self._serve(control)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        for runner in self._runners:
            await runner.cleanup()
        for version in self.versions.values():
            await version.stop()

    async def _serve(self, app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=BRIEF)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _forward(self, request: web.Request) -> web.Response:
        name = random.choices(list(self.weights), list(self.weights.values()))[0]
        assert self._session is not None
        async with self._session.get(f"http://{self.versions[name].address}{request.path}") as answer:
            headers = {"X-Golive-Version": answer.headers["X-Golive-Version"]}
            return web.Response(body=await answer.read(), status=answer.status, headers=headers)

    async def _told(self, request: web.Request) -> web.Response:
        return web.json_response(self.weights)

    async def _set(self, request: web.Request) -> web.Response:
        weights = await request.json()
        sane = all(isinstance(weight, int) and 0 <= weight <= LARGEST for weight in weights.values())
        if set(weights) != set(self.weights) or not sane or not sum(weights.values()):
            return web.json_response({"error": "two weights were expected"}, status=400)
        self.weights = weights
        return web.json_response(self.weights)
