"""Checks of what the API does, asked of the canary directly and marked as ours: a healthy site may fail once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from golive.adapters.checks.asking import TRIES, Site, at, json_in, measuring, shown
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.reading import Report, ReportTrouble, json_of, report_at
from golive.adapters.schemas import SchemaWrong, first_flaw
from golive.core.plain import plain
from golive.core.scalars import Count, Part, Texts, as_tuple
from golive.sandbox.version import WEBHOOK_KEY

JSON_BODY = {"Content-Type": "application/json"}
ANSWER = {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string", "minLength": 1}}}
SAFE = "get"
MOST_ENDPOINTS = 200
AT_ONCE = 8
SHOWN = 3
MOST_BURST = 200
HIT_HEADERS = ("x-vercel-cache", "cf-cache-status", "x-cache", "cdn-cache", "age")
CACHE_HEADERS = ("cache-control", "cdn-cache-control", "vary", *HIT_HEADERS)
HITS = ("hit", "stale", "prerender", "revalidated")


def _json_text(text: str) -> str:
    json.loads(text)
    return text


def _one_or_more(value: Any) -> Any:
    return ((value,) if value else ()) if isinstance(value, str) else as_tuple(value)


def _burst(count: int) -> int:
    if not 1 < count <= MOST_BURST:
        raise ValueError(f"from 2 to {MOST_BURST} requests were expected")
    return count


JsonText = Annotated[str, AfterValidator(_json_text)]


class CallSettings(Part):
    """The path, the body as JSON, and a file with the JSON Schema that the answer has to fit."""

    path: str = "/api/ai-chat"
    body: JsonText = '{"message": "go-live check", "model": "model_fast"}'
    schema_file: str = ""


class IdempotencySettings(Part):
    """The path, the header of the key, the body as JSON, and where the answer names what was made (a JSON pointer)."""

    path: str = "/api/orders"
    header: str = "Idempotency-Key"
    body: JsonText = "{}"
    made: str = "/order"


class WebhookSettings(Part):
    """The path, the header of the signature (HMAC-SHA256, hex), what stands before it, the variable with the key."""

    path: str = "/api/webhook"
    header: str = "X-Signature"
    prefix: str = ""
    key_variable: str = ""
    body: JsonText = '{"event": "go-live"}'


class LimitSettings(Part):
    """The path, how many requests are sent at once, and the header by which the limit knows its client, if any."""

    path: str = "/api/limited"
    burst: Annotated[Count, AfterValidator(_burst)] = 12
    client_header: str = "X-Client"


class EndpointSettings(Part):
    """Paths that have to answer, and OpenAPI documents in JSON, of which each GET without parameters is asked.

    `sites` are asked instead of the canary's own address: other regions, other services. `statuses` says which others
    than 2xx are right: 401 for what needs a login.
    """

    paths: Texts = ()
    openapi: Annotated[Texts, BeforeValidator(_one_or_more)] = ()
    sites: Texts = ()
    statuses: dict[str, Count] = Field(default_factory=dict)


class CacheSettings(Part):
    """Paths that the CDN has to answer from its cache the second time, at the visitors' address."""

    paths: Texts


@measuring("200 with an answer that fits")
async def answers(scene: Scene, wanted: CallSettings) -> Saw:
    """See whether a call is answered as its schema says."""
    schema = ANSWER
    if wanted.schema_file:
        schema = json_of(await report_at(wanted.schema_file, scene.base))
    answer = await Site(scene.canary).ask(
        wanted.path, "POST", headers=JSON_BODY, content=wanted.body.encode(), tries=TRIES
    )
    seen = str(answer.status_code)
    if answer.status_code != 200:
        return Saw(False, "200 with an answer that fits", seen, then="see what it says when you call it by hand")
    try:
        flaw = first_flaw(schema, json_in(answer))
    except SchemaWrong as error:
        raise ReportTrouble(f"{wanted.schema_file} is no JSON Schema: {error}", "mend the schema") from error
    digest = {"status": 200, "bytes": len(answer.content), "sha256": hashlib.sha256(answer.content).hexdigest()}
    seen += f", {flaw}" if flaw else ""
    return Saw(not flaw, "200 with an answer that fits", seen, digest, "mend the answer, or its schema")


@measuring("the same thing twice for one key")
async def idempotency(scene: Scene, wanted: IdempotencySettings) -> Saw:
    """See whether one key makes one thing, and another key another one."""
    site, keys = Site(scene.canary), [uuid.uuid4().hex] * 2 + [uuid.uuid4().hex]
    made = []
    for key in keys:
        sent = {**JSON_BODY, wanted.header: key}
        answer = await site.ask(wanted.path, "POST", headers=sent, content=wanted.body.encode(), tries=TRIES)
        if not 200 <= answer.status_code < 300:
            raise ReportTrouble(f"{wanted.path} answered {answer.status_code}", "see what it says by hand")
        made.append(shown(at(json_of(Report(wanted.path, answer.content)), wanted.made)))
    expected = "one thing for one key, another for another key"
    then = "see why a key that came again acted again" if made[0] != made[1] else "see why two keys act as one"
    return Saw(made[0] == made[1] != made[2], expected, ", ".join(made), {"made": made}, then)


@measuring("taken signed, refused unsigned")
async def webhook(scene: Scene, wanted: WebhookSettings) -> Saw:
    """See whether a webhook is taken with the right signature, and refused with a wrong one and with none."""
    key, body = _key(scene, wanted), wanted.body.encode()
    right = wanted.prefix + hmac.new(key, body, hashlib.sha256).hexdigest()
    wrong = wanted.prefix + hmac.new(key + b"x", body, hashlib.sha256).hexdigest()
    statuses = {}
    for name, header in (("signed", right), ("wrongly signed", wrong), ("unsigned", None)):
        headers = {**JSON_BODY, **({wanted.header: header} if header else {})}
        answer = await Site(scene.canary).ask(wanted.path, "POST", headers=headers, content=body, tries=TRIES)
        statuses[name] = answer.status_code
    good = 200 <= statuses["signed"] < 300 and all(
        statuses[n] in (400, 401, 403) for n in ("wrongly signed", "unsigned")
    )
    seen = ", ".join(f"{status} {name}" for name, status in statuses.items())
    open_door = any(statuses[name] < 400 for name in ("wrongly signed", "unsigned"))
    then = "stop: anybody can send this webhook" if open_door else "see which key the site has"
    return Saw(good, "2xx signed, 401 or so otherwise", seen, statuses, then)


def _key(scene: Scene, wanted: WebhookSettings) -> bytes:
    """Give the key: of the variable that the plan names, or that of a rehearsal's own site."""
    if not wanted.key_variable and scene.plan is not None and scene.plan.own_world:
        return WEBHOOK_KEY
    key = os.environ.get(wanted.key_variable, "") if wanted.key_variable else ""
    if not key:
        name = wanted.key_variable or "key_variable"
        raise ReportTrouble(f"{name} is empty here", "put the webhook's key into that variable of this process")
    return key.encode()


@measuring("429 with Retry-After within a burst")
async def limited(scene: Scene, wanted: LimitSettings) -> Saw:
    """See whether a bounded burst is answered 429 with Retry-After."""
    client = {wanted.client_header: uuid.uuid4().hex} if wanted.client_header else {}
    site = Site(scene.canary)
    asked = (site.ask(wanted.path, headers=client) for _ in range(wanted.burst))
    came = [one for one in await asyncio.gather(*asked, return_exceptions=True) if not isinstance(one, BaseException)]
    if not came:
        raise ReportTrouble(f"{wanted.path} answered none of {wanted.burst}", "see whether the canary answers")
    refused = [answer for answer in came if answer.status_code == 429]
    told = sum(answer.headers.get("retry-after", "") != "" for answer in refused)
    seen = f"{len(refused)} of {wanted.burst} limited, {told} say when"
    then = "let the limit say Retry-After" if refused else "switch the limit on, or send a larger burst"
    good = bool(refused) and told == len(refused)
    return Saw(good, "429 with Retry-After within a burst", seen, {"limited": len(refused), "told": told}, then)


@measuring("endpoints that can be asked")
async def endpoints(scene: Scene, wanted: EndpointSettings) -> Saw:
    """See whether each endpoint answers on the canary."""
    documents = await asyncio.gather(*(report_at(address, scene.base) for address in wanted.openapi))
    found = [path for document in documents for path in _paths(document)]
    paths = sorted({*wanted.paths, *found, *wanted.statuses})
    sites = wanted.sites or (scene.canary,)
    many = len(paths) * len(sites)
    if not 0 < many <= MOST_ENDPOINTS:
        said = f"more than {MOST_ENDPOINTS} endpoints" if many else "no endpoint to ask"
        raise ReportTrouble(said, "name those that matter under `paths` of this line")
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(site: str, path: str) -> str:
        where = plain(f"{site.rstrip('/') if wanted.sites else ''}{path}", 100)
        async with turn:
            try:
                status = (await Site(site).ask(path, tries=TRIES)).status_code
            except ReportTrouble as trouble:
                return trouble.why
        right = status == wanted.statuses[path] if path in wanted.statuses else 200 <= status < 300
        return "" if right else f"{where} answered {status}"

    asked = [(site, path) for site in sites for path in paths]
    wrong = [said for said in await asyncio.gather(*(one(*each) for each in asked)) if said]
    seen = "; ".join(wrong[:SHOWN]) + (f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else "")
    evidence = {"asked": many, "sites": len(sites), "wrong": wrong[:20]}
    expected = f"all {len(paths)} answer" + (f" at {len(sites)} sites" if wanted.sites else "")
    return Saw(not wrong, expected, seen or "all do", evidence, "see why they do not answer")


def _paths(report: Report) -> list[str]:
    """Give the paths of an OpenAPI document that can be asked without knowing anything: GET, nothing required."""
    document = json_of(report)
    paths = document.get("paths") if isinstance(document, dict) and "openapi" in document else None
    if not isinstance(paths, dict):
        raise ReportTrouble(f"{report.address} is no OpenAPI document in JSON", "give the site's openapi.json")
    found = []
    for path, item in paths.items():
        operation = item.get(SAFE) if isinstance(item, dict) else None
        if not isinstance(operation, dict) or "{" in path or not path.startswith("/"):
            continue
        parameters = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
        if not any(isinstance(one, Mapping) and (one.get("required") or "$ref" in one) for one in parameters):
            found.append(path)
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@measuring("answers of the CDN")
async def cached(scene: Scene, wanted: CacheSettings) -> Saw:
    """See whether what may be cached says so, and comes from the cache the second time."""
    site, turn = Site(scene.site), asyncio.Semaphore(AT_ONCE)

    async def one(path: str) -> tuple[str, Mapping[str, str]]:
        async with turn:
            await site.ask(path, kept=CACHE_HEADERS, tries=TRIES)
            answer = await site.ask(path, kept=CACHE_HEADERS, tries=TRIES)
        headers = {name: plain(answer.headers[name], 80) for name in CACHE_HEADERS if name in answer.headers}
        why = _not_cached(answer.status_code, headers)
        return f"{plain(path, 60)}: {why}" if why else "", headers

    told = dict(zip(wanted.paths, await asyncio.gather(*map(one, wanted.paths)), strict=True))
    wrong = [why for why, _ in told.values() if why]
    seen = "; ".join(wrong[:SHOWN]) or "all do"
    evidence = {path: headers for path, (_, headers) in told.items()}
    return Saw(not wrong, "may be cached, and a hit the second time", seen, evidence, "mend the CDN's rule for it")


def _not_cached(status: int, headers: Mapping[str, str]) -> str:
    control = headers.get("cdn-cache-control") or headers.get("cache-control", "")
    if status != 200:
        return f"answered {status}"
    if not control or any(word in control.lower() for word in ("no-store", "private")):
        return f"cache-control is {control or 'not said'}"
    said = [headers[name].lower() for name in HIT_HEADERS if name in headers and name != "age"]
    if any(hit in one for one in said for hit in HITS) or (
        not said and headers.get("age", "0").strip() not in ("0", "")
    ):
        return ""
    return f"no hit: {said[0] if said else 'no header of a cache'}"


KNOWN = {
    "chat-answers": Known("The chat answers", answers, CallSettings),
    "idempotency": Known("One idempotency key acts once", idempotency, IdempotencySettings),
    "webhook-signed": Known("Webhooks are taken signed and refused unsigned", webhook, WebhookSettings),
    "rate-limited": Known("A burst is rate limited", limited, LimitSettings),
    "api-endpoints": Known("All API endpoints answer", endpoints, EndpointSettings),
    "cdn-cache": Known("The CDN answers from its cache", cached, CacheSettings),
}
