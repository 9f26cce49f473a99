"""Checks of what the site does, asked of the canary directly and marked as ours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx

from golive.adapters.checks.run import Known, Saw, Scene
from golive.core.samples import Version
from golive.core.scalars import Part
from golive.sandbox.version import WEBHOOK_KEY

OURS = {"X-Golive-Ours": "check"}
TRIES = 5
BURST = 12


async def feature_flags(scene: Scene, nothing: Part) -> Saw:
    """See whether rate limiting is switched on; a healthy site may fail once, not five times."""
    async with _client(scene) as client:
        async for answer in _answers(client, "GET", "/api/feature-flags"):
            if answer.status_code < 500:
                break
        data = answer.json()["data"]
    on = bool(data["rate_limiting"]["enabled"])
    return Saw(on, "rate_limiting enabled", f"rate_limiting {'enabled' if on else 'off'}, {len(data)} flags")


async def chat_answers(scene: Scene, nothing: Part) -> Saw:
    """See whether a chat message is answered; a healthy site may fail once, not five times."""
    seen = ""
    async with _client(scene) as client:
        asked, tries = {"message": "go-live check", "model": "model_fast"}, 0
        async for answer in _answers(client, "POST", "/api/ai-chat", json=asked):
            tries += 1
            seen = f"{answer.status_code} at try {tries}"
            if answer.status_code == 200 and answer.json().get("answer"):
                return Saw(True, "200 with an answer", seen)
    return Saw(False, "200 with an answer", seen)


async def idempotency(scene: Scene, nothing: Part) -> Saw:
    """See whether one key makes one order."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    orders = []
    async with _client(scene) as client:
        async for answer in _answers(client, "POST", "/api/orders", headers=key, json={}):
            if answer.status_code < 300:
                orders.append(answer.json()["order"])
            if len(orders) == 2:
                break
    return Saw(len(orders) == 2 and len(set(orders)) == 1, "the same order twice", f"orders {', '.join(orders)}")


async def webhook_signed(scene: Scene, nothing: Part) -> Saw:
    """See whether a webhook is taken with the right signature and refused with a wrong one."""
    body = b'{"event": "go-live"}'
    right = hmac.new(WEBHOOK_KEY, body, hashlib.sha256).hexdigest()
    async with _client(scene) as client:
        statuses = [await _post(client, body, signature) for signature in (right, "wrong")]
    return Saw(statuses == [200, 401], "200 signed, 401 unsigned", f"{statuses[0]} signed, {statuses[1]} unsigned")


async def _post(client: httpx.AsyncClient, body: bytes, signature: str) -> int:
    async for answer in _answers(client, "POST", "/api/webhook", content=body, headers={"X-Signature": signature}):
        if answer.status_code < 500:
            break
    return answer.status_code


async def rate_limited(scene: Scene, nothing: Part) -> Saw:
    """See whether a bounded burst is answered 429 with Retry-After."""
    client_name = {"X-Client": uuid.uuid4().hex}
    async with _client(scene) as client:
        answers = await asyncio.gather(*(client.get("/api/limited", headers=client_name) for _ in range(BURST)))
    limited = [answer for answer in answers if answer.status_code == 429]
    told = sum("Retry-After" in answer.headers for answer in limited)
    good = bool(limited) and told == len(limited)
    return Saw(good, "429 with Retry-After within a burst", f"{len(limited)} of {BURST} limited, {told} say when")


async def no_limited_visitors(scene: Scene, nothing: Part) -> Saw:
    """See whether visitors on the canary were answered 429, in all that the guard has counted."""
    tallies = [sample.tally for sample in scene.book.samples() if sample.version is Version.CANARY]
    requests, limited = sum(tally.requests for tally in tallies), sum(tally.limited for tally in tallies)
    if not requests:
        raise ValueError("no visitor was counted on the canary yet")
    return Saw(limited == 0, "no 429 for visitors", f"{limited} answers of 429 in {requests}")


async def no_critical_logs(scene: Scene, nothing: Part) -> Saw:
    """See whether the guard still calls the canary's logs clean."""
    look = scene.book.last_look()
    verdict = (look.body.get("verdict") if look else None) or {}
    reason = str(verdict.get("reason", ""))
    bad = "critical log" in reason
    return Saw(not bad, "no critical entry that stable does not log", reason if bad else "none")


async def _answers(client: httpx.AsyncClient, verb: str, path: str, **sent: Any) -> AsyncIterator[httpx.Response]:
    """Give the answers of five tries; one that does not come is a try too, and raises only as the last."""
    for tried in range(1, TRIES + 1):
        try:
            yield await client.request(verb, path, **sent)
        except httpx.TransportError:
            if tried == TRIES:
                raise


def _client(scene: Scene) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=scene.canary, headers=OURS, timeout=3.0)


KNOWN = {
    "feature-flags": Known("Feature flags are as expected", feature_flags),
    "chat-answers": Known("The chat answers", chat_answers),
    "idempotency": Known("One idempotency key makes one order", idempotency),
    "webhook-signed": Known("Webhooks are taken signed and refused unsigned", webhook_signed),
    "rate-limited": Known("A burst is rate limited", rate_limited),
    "no-429": Known("No visitor was rate limited", no_limited_visitors),
    "no-critical-logs": Known("No critical log entry that stable does not log", no_critical_logs),
}
