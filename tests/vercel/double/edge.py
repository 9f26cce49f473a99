"""The double's edge: visitors in sticky buckets, served by two versions through the sandbox's router.

The real edge derives a visitor's bucket from the client, its address among it, so that one machine is one bucket. Here
all visitors come from one machine, and each who carries no cookie is another one.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from aiohttp import web

from golive.sandbox.router import Routing, applications
from tests.vercel.double.state import PROJECT, Releases

COOKIE = f"_vcrr_{hashlib.sha256(PROJECT.encode()).hexdigest()[:16]}"
_chosen: ContextVar[str] = ContextVar("chosen", default="")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Edge(Routing):
    """Sends each visitor to the deployment of their bucket; `versions` gives each deployment's name in the sandbox."""

    def __init__(
        self, releases: Releases, upstreams: dict[str, str], versions: dict[str, str], token: str = ""
    ) -> None:
        super().__init__(0.0, token, upstreams, sticky=False)
        self._releases, self._versions = releases, versions

    def choose(self, cookie: str) -> str:
        """Give the version that the bucket says."""
        return self._versions[_chosen.get()]

    def bucketed(self, request: web.Request) -> tuple[str, str]:
        """Give the deployment for a request, and the cookie to set ("" without an active rollout)."""
        with self._releases.lock:
            canary, share, base = self._releases.live()
        if not canary:
            return base, ""
        bucket, forced = self._bucket(request, canary)
        cookie = f"{canary}|{bucket:.6f}{'|forced' if forced else ''}"
        return (canary if bucket <= share and (share > 0 or forced) else base), cookie

    def _bucket(self, request: web.Request, canary: str) -> tuple[float, bool]:
        if "vcrrForceCanary" in request.query:
            return 0.0, True
        if "vcrrForceStable" in request.query:
            return 1.0, True
        whose, _, rest = request.cookies.get(COOKIE, "").partition("|")
        number, _, forced = rest.partition("|")
        try:
            if whose == canary and 0 <= float(number) <= 1:
                return float(number), bool(forced)
        except ValueError:
            pass
        return random.random(), False


def edge_applications(edge: Edge) -> tuple[web.Application, web.Application]:
    """Give what visitors meet, and the sandbox's control API, of which faults and counts are used here."""
    visitors, controls = applications(edge)

    @web.middleware
    async def bucket(request: web.Request, handler: Handler) -> web.StreamResponse:
        deployment, cookie = edge.bucketed(request)
        _chosen.set(deployment)
        answer = await handler(request)
        if cookie:
            answer.set_cookie(COOKIE, cookie, path="/")
        return answer

    visitors.middlewares.append(bucket)
    return visitors, controls
