"""The double's API: Vercel's endpoints over the state machine."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.vercel.double import documents
from tests.vercel.double.contract import contract
from tests.vercel.double.demand import OnDemand
from tests.vercel.double.state import NAME, PROJECT, SLUG, TEAM, Made, Refusal, Releases

TOKEN = "aTokenOfTheDouble"
Handler = Callable[[web.Request, Any], Any]


class Double:
    """The API. `calls` are the requests in order, `broken` what broke the contract, `demands` what goes wrong."""

    def __init__(self, releases: Releases, token: str = TOKEN) -> None:
        self.releases, self.token = releases, token
        self.calls: list[str] = []
        self.notes: list[str] = []  # descriptions that came with rollbacks
        self.broken: list[str] = []
        self.demands: list[OnDemand] = []
        self.expires_after: int | None = None  # so many calls, and the token is none any more
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.observed: Callable[[Any], Any] | None = None
        self.metrics: list[dict[str, str]] = []

    @property
    def counted(self) -> Counter[str]:
        return Counter(self.calls)

    def application(self) -> web.Application:
        """Give the application."""
        app = web.Application()
        project = "/v1/projects/{project}/rolling-release"
        for verb, path, handler in (
            ("GET", "/v2/user", self._user),
            ("GET", "/v2/teams/{team}", self._team),
            ("GET", "/teams/{team}", self._team),
            ("GET", "/v9/projects/{project}", self._project),
            ("GET", "/v9/projects/{project}/domains", self._domains),
            ("GET", "/v10/projects/{project}/env", self._env),
            ("GET", "/v13/deployments/{deployment}", self._deployment),
            ("POST", "/v13/deployments", self._deploy),
            ("GET", "/v3/now/deployments/{deployment}/events", self._events),
            ("GET", "/v6/deployments", self._deployments),
            ("GET", "/v1/deployments/{deployment}/checks", self._checks),
            ("GET", "/v2/deployments/{deployment}/aliases", self._aliases),
            ("POST", "/v2/deployments/{deployment}/aliases", self._assign),
            ("DELETE", "/v13/deployments/{deployment}", self._remove),
            ("GET", project + "/billing", self._billing),
            ("GET", project + "/config", self._config),
            ("PATCH", project + "/config", self._configure),
            ("DELETE", project + "/config", self._disable),
            ("GET", project, self._rollout),
            ("POST", project + "/start", self._start),
            ("POST", project + "/approve-stage", self._approve),
            ("POST", project + "/complete", self._complete),
            ("POST", "/v1/projects/{project}/rollback/{deployment}", self._rollback),
            ("POST", "/v9/projects/{project}/rollback/{deployment}", self._rollback),
            ("POST", "/v10/projects/{project}/promote/{deployment}", self._promote),
            ("POST", "/v2/observability/query", self._observe),
            ("GET", "/v2/observability/schema", self._metrics),
        ):
            app.router.add_route(verb, path, self._held(handler))
        app.router.add_get("/v1/projects/{project}/deployments/{deployment}/runtime-logs", self._streamed)
        app.router.add_route("*", "/{path:.*}", self._held(self._nothing))
        return app

    def _held(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            what = f"{request.method} {request.path}"
            self.calls.append(what)
            body = await request.read()
            sent = json.loads(body) if body else None
            demand = next((one for one in self.demands if one.takes(what)), None)
            if demand is not None and demand.cut == "before":
                return self._cut(request)
            if demand is not None and demand.status:
                return web.json_response(demand.body, status=demand.status, headers=demand.headers)
            try:
                self._may(request)
                with self.releases.lock:
                    status, said = 200, handler(request, sent)
                if isinstance(said, tuple):
                    status, said = said
            except Refusal as refusal:
                status, said = refusal.status, {"error": {"code": refusal.code, "message": str(refusal)}}
            if (held := contract()) is not None:
                self.broken += held.wrong(request.method, request.path, request.query, sent, status, said)
            if demand is not None and demand.cut:
                return self._cut(request)
            if demand is not None and demand.silent:
                await asyncio.sleep(demand.silent)
            if demand is not None and demand.instead is not None:
                said = demand.instead
            return web.Response(status=status) if said is None else web.json_response(said, status=status)

        return answer

    def _may(self, request: web.Request) -> None:
        """Refuse who has no token, or one that is over, or asks for another team's."""
        if self.expires_after is not None and len(self.calls) > self.expires_after:
            raise Refusal(401, "invalid_token", "The token has expired")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise Refusal(403, "forbidden", "Not authorized")
        team = request.query.get("teamId", request.query.get("slug", ""))
        if "/projects/" in request.path and team not in (TEAM, SLUG):
            raise Refusal(403, "forbidden", "Not authorized")
        if request.match_info.get("project", PROJECT) not in (PROJECT, NAME):
            raise Refusal(404, "not_found", "Project not found")

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def _envelope(self) -> Any:
        self.releases.settle()
        return documents.envelope(self.releases, self.releases.rollout)

    # --- the endpoints
    def _user(self, request: web.Request, sent: Any) -> Any:
        return {"user": documents.LIMITED}

    def _team(self, request: web.Request, sent: Any) -> Any:
        if request.match_info["team"] not in (TEAM, SLUG):
            raise Refusal(403, "forbidden", "Not authorized")
        member = {"role": "OWNER", "confirmed": True, "created": 1, "createdAt": 1, "confirmedAt": 1}
        said: dict[str, Any] = {"id": TEAM, "slug": SLUG, "name": "Acme", "creatorId": "usr_1", "membership": member}
        said |= {"createdAt": 1, "updatedAt": 1, "avatar": None, "description": None, "stagingPrefix": ""}
        return {**said, "billing": {"plan": "pro"}}

    def _project(self, request: web.Request, sent: Any) -> Any:
        return documents.project(self.releases.seen())

    def _domains(self, request: web.Request, sent: Any) -> Any:
        of_this = {"apexName": "example.com", "projectId": PROJECT, "verified": True}
        listed = [{"name": name, **of_this} for name in ("www.example.com", "shop.example.com")]
        return {"domains": listed, "pagination": {"count": len(listed), "next": None, "prev": None}}

    def _env(self, request: web.Request, sent: Any) -> Any:
        one = {
            "type": "encrypted",
            "value": "secret-that-nobody-reads",
            "key": "DATABASE_URL",
            "target": ["production"],
        }
        return {"envs": [one]}

    def _deployment(self, request: web.Request, sent: Any) -> Any:
        return documents.deployment(self._made(request))

    def _deploy(self, request: web.Request, sent: Any) -> Any:
        return documents.deployment(self.releases.deploy(sent.get("autoAssignCustomDomains") is not False))

    def _events(self, request: web.Request, sent: Any) -> Any:
        self._made(request)
        return []

    def _deployments(self, request: web.Request, sent: Any) -> Any:
        made = list(self.releases.deployments.values())
        if request.query.get("rollbackCandidate") == "true":
            made = [one for one in made if one.eligible]
        pages = {"count": len(made), "next": None, "prev": None}
        return {"deployments": [documents.listed(one) for one in made], "pagination": pages}

    def _checks(self, request: web.Request, sent: Any) -> Any:
        self._made(request)
        return {"checks": []}

    def _aliases(self, request: web.Request, sent: Any) -> Any:
        domains = self.releases.domains_of(self._made(request).id)
        created = "2026-11-23T00:00:00Z"
        return {"aliases": [{"uid": f"als_{name}", "alias": name, "created": created} for name in domains]}

    def _assign(self, request: web.Request, sent: Any) -> Any:
        made, domain = self._made(request), sent["alias"]
        self.releases.given[domain] = made.id
        return {"uid": f"als_{domain}", "alias": domain, "created": "2026-11-23T00:00:00Z"}

    def _remove(self, request: web.Request, sent: Any) -> Any:
        """What a deployment that serves production is answered is not verified; this refuses it."""
        made = self._made(request)
        self.releases.remove(made.id)
        return {"uid": made.id, "state": "DELETED"}

    def _billing(self, request: web.Request, sent: Any) -> Any:
        if not self.releases.plan_has_it:
            return {"availableSlots": 0, "reason": "plan_not_supported", "message": "Upgrade to Pro"}
        return {"availableSlots": 1, "reason": "available_slots", "message": "One project"}

    def _config(self, request: web.Request, sent: Any) -> Any:
        return {"rollingRelease": self.releases.seen()["config"]}

    def _configure(self, request: web.Request, sent: Any) -> Any:
        self.releases.configure(sent)
        return {"rollingRelease": self.releases.config}

    def _disable(self, request: web.Request, sent: Any) -> Any:
        self.releases.configure({"enabled": False})
        return {"rollingRelease": None}

    def _rollout(self, request: web.Request, sent: Any) -> Any:
        seen, wanted = self.releases.seen()["rollout"], request.query.get("state")
        return documents.envelope(self.releases, seen if seen and wanted in (None, seen["state"]) else None)

    def _start(self, request: web.Request, sent: Any) -> Any:
        self.releases.start(sent["canaryDeploymentId"])
        return self._envelope()

    def _approve(self, request: web.Request, sent: Any) -> Any:
        self.releases.approve(sent["nextStageIndex"], sent["canaryDeploymentId"])
        return self._envelope()

    def _complete(self, request: web.Request, sent: Any) -> Any:
        self.releases.complete(sent["canaryDeploymentId"])
        return self._envelope()

    def _rollback(self, request: web.Request, sent: Any) -> Any:
        self.releases.roll_back(request.match_info["deployment"])
        self.notes.append(request.query.get("description", ""))
        self.releases.settle()
        return 201, None

    def _promote(self, request: web.Request, sent: Any) -> Any:
        return self.releases.promote(self._made(request).id), None

    def _observe(self, request: web.Request, sent: Any) -> Any:
        if self.observed is None:
            raise Refusal(402, "payment_required", "Observability Plus is required")
        return self.observed(sent)

    def _metrics(self, request: web.Request, sent: Any) -> Any:
        return {"metrics": self.metrics}

    async def _streamed(self, request: web.Request) -> web.StreamResponse:
        """Tell the log lines of a deployment, then delimiters, for as long as somebody reads."""
        self.calls.append(f"{request.method} {request.path}")
        what = self.calls[-1]
        demand = next((one for one in self.demands if one.takes(what)), None)
        try:
            self._may(request)
            made = self._made(request)
        except Refusal as refusal:
            said = {"error": {"code": refusal.code, "message": str(refusal)}}
            return web.json_response(said, status=refusal.status)
        if demand is not None and demand.status:
            return web.json_response(demand.body, status=demand.status, headers=demand.headers)
        answer = web.StreamResponse(headers={"Content-Type": "application/stream+json"})
        await answer.prepare(request)
        told = 0
        while True:
            rows = self.logs.get(made.id, [])
            for row in rows[told:]:
                await answer.write(json.dumps(row).encode() + b"\n")
            told = len(rows)
            await answer.write(json.dumps(delimiter()).encode() + b"\n")
            await asyncio.sleep(0.2)

    def _nothing(self, request: web.Request, sent: Any) -> Any:
        raise Refusal(404, "not_found", f"No such endpoint: {request.path}")

    def _made(self, request: web.Request) -> Made:
        wanted = request.match_info["deployment"]
        for made in self.releases.deployments.values():
            if wanted in (made.id, made.short()["url"]):
                return made
        raise Refusal(404, "not_found", "Deployment not found")


def log_row(message: str, level: str = "error", status: int = 500, at: float = 0.0, row: str = "row") -> dict[str, Any]:
    """Give a row of the runtime logs."""
    return {"level": level, "message": message, "rowId": row, "source": "serverless", "timestampInMs": round(at * 1000),
            "domain": "www.example.com", "messageTruncated": False, "requestMethod": "GET", "requestPath": "/",
            "responseStatusCode": status}  # fmt: skip


def delimiter() -> dict[str, Any]:
    """Give the row that says only that the stream lives."""
    return {**log_row("", "info", 0), "source": "delimiter"}
