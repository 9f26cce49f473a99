"""The surroundings as a program: it writes the pipeline's reports, and answers for the site's operations."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from golive.sandbox.child import end_with_parent, forever, report, serve
from golive.sandbox.faults import AROUND, Fault
from golive.sandbox.surroundings import pipeline
from golive.sandbox.surroundings.authority import Authority
from golive.sandbox.surroundings.operations import ANSWERS, STAGING, staging
from golive.sandbox.surroundings.repository import Repository
from golive.sandbox.surroundings.resolving import resolver


class Surroundings:
    """What stands around the site, with its faults; `folder` is where the reports and the repository lie."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, frozenset[Fault]()
        self.repository = Repository(folder)
        pipeline.write(folder, datetime.now(UTC), self.faults)
        self.authority = Authority(folder)
        self._ends: list[asyncio.BaseTransport | asyncio.Server] = []

    async def answer(self) -> dict[str, str]:
        """Begin to resolve names and to show the certificate; give where, as `host:port`."""
        honest, first = await resolver(frozenset)
        other, second = await resolver(lambda: self.faults)
        server, tls = await self.authority.serve()
        self._ends += [honest, other, server]
        return {"resolver": first, "other_resolver": second, "tls": tls}

    def close(self) -> None:
        """Answer no more."""
        for end in self._ends:
            end.close()

    def switch(self, fault: Fault, on: bool) -> None:
        """Switch a fault, and let the surroundings be so."""
        self.faults = self.faults | {fault} if on else self.faults - {fault}
        pipeline.write(self.folder, datetime.now(UTC), self.faults)
        self.repository.follow(self.faults)
        self.authority.show(self.faults)


SURROUNDINGS = web.AppKey("surroundings", Surroundings)


async def control(request: web.Request) -> web.Response:
    """Switch a fault of the surroundings."""
    body = await request.json()
    if body["name"] not in list(AROUND):
        return web.json_response({"error": f"no fault of the surroundings: {body['name']!r}"}, status=400)
    request.app[SURROUNDINGS].switch(Fault(body["name"]), bool(body["on"]))
    return web.json_response({})


async def published(request: web.Request) -> web.Response:
    """Answer a report as the pipeline has published it."""
    path = request.app[SURROUNDINGS].folder / request.match_info["name"]
    if not path.is_file():
        return web.json_response({"error": "no such report"}, status=404)
    return web.Response(body=path.read_bytes(), content_type="application/octet-stream")


async def operations(request: web.Request) -> web.Response:
    """Answer for the site's operations."""
    answer = ANSWERS.get(request.match_info["name"])
    if answer is None:
        return web.json_response({"error": "no such endpoint"}, status=404)
    return web.json_response(answer(request.app[SURROUNDINGS].faults, datetime.now(UTC)))


async def staged(request: web.Request) -> web.Response:
    """Answer the health of one region of the staging."""
    region = request.match_info["region"]
    if region not in STAGING:
        return web.json_response({"error": "no such region"}, status=404)
    return web.json_response(staging(region, request.app[SURROUNDINGS].faults))


async def dashboard(request: web.Request) -> web.Response:
    """Answer a dashboard."""
    if Fault.DASHBOARD_GONE in request.app[SURROUNDINGS].faults:
        return web.Response(status=502, text="bad gateway")
    return web.Response(text="<html><title>service</title></html>", content_type="text/html")


def application(surroundings: Surroundings) -> web.Application:
    """Give the surroundings as an application."""
    app = web.Application()
    app[SURROUNDINGS] = surroundings
    app.router.add_get("/reports/{name:[a-z0-9.-]+}", published)
    app.router.add_get("/operations/{name:[a-z-]+}", operations)
    app.router.add_get("/staging/{region:[a-z]+}/api/health", staged)
    app.router.add_get("/dashboards/service", dashboard)
    app.router.add_post("/-/fault", control)
    return app


async def main() -> None:
    """Serve until the supervisor ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    end_with_parent()
    surroundings = Surroundings(asked.folder)
    report({asked.name: await serve(application(surroundings)), **await surroundings.answer()})
    await forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
