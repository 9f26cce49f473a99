"""What an API answers is never a pass by accident: hostile servers, odd answers, missing keys, broken documents."""

import json

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from golive.adapters.checks.known import known
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.ports import Result
from tests.checks.hostile import PLACES, hostile

LINES = {
    "chat-answers": {"path": "/{place}"},
    "idempotency": {"path": "/{place}"},
    "webhook-signed": {"path": "/{place}"},
    "rate-limited": {"path": "/{place}"},
    "api-endpoints": {"paths": ["/{place}"]},
    "cdn-cache": {"paths": ["/{place}"]},
    "feature-flags": None,
}


@pytest_asyncio.fixture
async def nowhere_nice():
    server = hostile()
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("check", [name for name, settings in LINES.items() if settings])
async def test_a_hostile_site_passes_no_check(around, nowhere_nice, check, place, monkeypatch):
    monkeypatch.setattr("golive.adapters.checks.asking.Site.__init__.__defaults__", (0.15,))
    around.world["canary"] = nowhere_nice
    settings = json.loads(json.dumps(LINES[check]).replace("{place}", place))
    finding = await around.look(CheckUse(check=check, settings=settings))

    assert finding.result in (Result.FAIL, Result.COULD_NOT_MEASURE) and finding.then, finding
    assert "script" not in finding.seen and "Error:" not in finding.seen.replace("HTTPError:", "")


class Scripted:
    """Answers with what `says` gives for a request."""

    def __init__(self):
        self.says = lambda request: web.json_response({})

    async def answer(self, request):
        return self.says(request)


@pytest_asyncio.fixture
async def scripted(around):
    there, app = Scripted(), web.Application()
    app.router.add_route("*", "/{rest:.*}", there.answer)
    server = TestServer(app)
    await server.start_server()
    around.world["canary"] = str(server.make_url("")).rstrip("/")
    yield there
    await server.close()


async def look(around, check, **settings):
    return await around.look(CheckUse(check=check, settings=settings))


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'{"answer": "hello"}', Result.PASS),
        (b'{"answer": ""}', Result.FAIL),
        (b'{"answer": 7}', Result.FAIL),
        (b'["answer"]', Result.FAIL),
        (b"", Result.COULD_NOT_MEASURE),
        (b"hello", Result.COULD_NOT_MEASURE),
        (b'{"answer": "a", "answer": ""}', Result.COULD_NOT_MEASURE),
        (b"[" * 100_000, Result.COULD_NOT_MEASURE),
    ],
)
async def test_a_call_passes_when_its_answer_fits_the_schema(around, scripted, body, result):
    scripted.says = lambda request: web.Response(body=body, content_type="application/json")
    finding = await look(around, "chat-answers")

    assert finding.result is result, finding
    assert "hello" not in str(finding)


async def test_a_healthy_site_may_fail_once(around, scripted):
    statuses = iter([500, 200])
    scripted.says = lambda request: web.json_response({"answer": "hello"}, status=next(statuses))

    assert (await look(around, "chat-answers")).result is Result.PASS


async def test_a_schema_of_the_plan_is_held_and_a_broken_one_said(around, scripted, tmp_path):
    scripted.says = lambda request: web.json_response({"text": "hello"})
    (tmp_path / "schema.json").write_text('{"required": ["text"]}')
    (tmp_path / "broken.json").write_text('{"type": "nope"}')

    assert (await look(around, "chat-answers", schema_file="schema.json")).result is Result.PASS
    finding = await look(around, "chat-answers", schema_file="broken.json")
    assert finding.result is Result.COULD_NOT_MEASURE and "no JSON Schema" in finding.seen


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (["1", "1", "2"], Result.PASS),
        (["1", "2", "3"], Result.FAIL),
        (["1", "1", "1"], Result.FAIL),
    ],
)
async def test_one_key_makes_one_thing_and_another_key_another(around, scripted, made, result):
    numbers = iter(made)
    scripted.says = lambda request: web.json_response({"order": next(numbers)}, status=201)

    assert (await look(around, "idempotency")).result is result


async def test_an_answer_that_does_not_name_what_was_made_could_not_be_measured(around, scripted):
    assert (await look(around, "idempotency")).result is Result.COULD_NOT_MEASURE
    scripted.says = lambda request: web.Response(status=403)
    assert (await look(around, "idempotency")).result is Result.COULD_NOT_MEASURE


@pytest.mark.parametrize(
    ("statuses", "result"),
    [
        ((200, 401, 401), Result.PASS),
        ((204, 403, 400), Result.PASS),
        ((401, 401, 401), Result.FAIL),
        ((200, 200, 401), Result.FAIL),
        ((200, 401, 200), Result.FAIL),
        ((404, 404, 404), Result.FAIL),
        ((200, 302, 401), Result.FAIL),
    ],
)
async def test_a_webhook_is_taken_signed_and_refused_otherwise(around, scripted, statuses, result):
    answers = iter(statuses)
    scripted.says = lambda request: web.Response(status=next(answers))

    assert (await look(around, "webhook-signed")).result is result


async def test_a_webhook_without_its_key_in_the_environment_could_not_be_measured(around, scripted, monkeypatch):
    monkeypatch.delenv("GOLIVE_TEST_HOOK", raising=False)
    finding = await look(around, "webhook-signed", key_variable="GOLIVE_TEST_HOOK")
    assert finding.result is Result.COULD_NOT_MEASURE and "GOLIVE_TEST_HOOK is empty" in finding.seen

    monkeypatch.setenv("GOLIVE_TEST_HOOK", "a-secret-key")
    assert "a-secret-key" not in str(await look(around, "webhook-signed", key_variable="GOLIVE_TEST_HOOK"))


async def test_a_limit_that_does_not_say_when_fails(around, scripted):
    scripted.says = lambda request: web.Response(status=429)
    finding = await look(around, "rate-limited")

    assert finding.result is Result.FAIL and "0 say when" in finding.seen


@pytest.mark.parametrize(
    ("document", "result"),
    [
        ({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}}, Result.PASS),
        ({"openapi": "3.1.0", "paths": {"/gone": {"get": {}}}}, Result.FAIL),
        ({"openapi": "3.1.0", "paths": {}}, Result.COULD_NOT_MEASURE),
        (
            {"openapi": "3.1.0", "paths": {"/a/{id}": {"get": {}}, "/b": {"post": {}}, "/c": 7}},
            Result.COULD_NOT_MEASURE,
        ),
        ({"openapi": "3.1.0", "paths": {f"/{n}": {"get": {}} for n in range(300)}}, Result.COULD_NOT_MEASURE),
        ({"paths": {"/a": {"get": {}}}}, Result.COULD_NOT_MEASURE),
        ({"openapi": "3.1.0", "paths": []}, Result.COULD_NOT_MEASURE),
        ([], Result.COULD_NOT_MEASURE),
    ],
)
async def test_the_endpoints_of_a_document_are_asked(around, scripted, tmp_path, document, result):
    scripted.says = lambda request: web.Response(status=404 if request.path == "/gone" else 200)
    (tmp_path / "openapi.json").write_text(json.dumps(document))

    assert (await look(around, "api-endpoints", openapi="openapi.json")).result is result


async def test_only_get_without_required_parameters_is_asked(around, scripted, tmp_path):
    asked = []

    def says(request):
        asked.append((request.method, request.path))
        return web.Response(status=200)

    scripted.says = says
    required = {"parameters": [{"name": "q", "in": "query", "required": True}]}
    paths = {"/a": {"get": {}, "delete": {}}, "/b": {"get": required}, "/c": {"get": {}, **required}}
    (tmp_path / "openapi.json").write_text(json.dumps({"openapi": "3.0.3", "paths": paths}))
    await look(around, "api-endpoints", openapi="openapi.json")

    assert asked == [("GET", "/a")]


async def test_several_documents_are_asked_at_every_site_and_what_is_wrong_names_its_site(around, scripted, tmp_path):
    asked = []

    def says(request):
        asked.append(request.path)
        return web.Response(status=404 if request.path == "/west/b" else 200)

    scripted.says = says
    for name, path in (("one.json", "/a"), ("two.json", "/b")):
        (tmp_path / name).write_text(json.dumps({"openapi": "3.1.0", "paths": {path: {"get": {}}}}))
    sites = [f"{around.world['canary']}/{region}" for region in ("east", "west")]
    finding = await look(around, "api-endpoints", openapi=["one.json", "two.json"], sites=sites)

    assert sorted(asked) == ["/east/a", "/east/b", "/west/a", "/west/b"]
    assert finding.result is Result.FAIL and finding.seen == f"{sites[1]}/b answered 404"
    assert finding.expected == "all 2 answer at 2 sites"


async def test_one_document_of_several_that_is_none_is_named_and_nothing_passes(around, scripted, tmp_path):
    scripted.says = lambda request: web.Response()
    (tmp_path / "one.json").write_text(json.dumps({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}}))
    (tmp_path / "two.json").write_text('{"swagger": "2.0"}')
    finding = await look(around, "api-endpoints", openapi=["one.json", "two.json"])

    assert finding.result is Result.COULD_NOT_MEASURE and "two.json is no OpenAPI document" in finding.seen


async def test_many_sites_make_too_many_requests(around, scripted):
    scripted.says = lambda request: web.Response()
    finding = await look(around, "api-endpoints", paths=[f"/{n}" for n in range(21)], sites=["http://x"] * 10)

    assert finding.result is Result.COULD_NOT_MEASURE and "more than 200" in finding.seen


async def test_an_endpoint_behind_a_login_is_right_to_say_so(around, scripted):
    scripted.says = lambda request: web.Response(status=401)

    assert (await look(around, "api-endpoints", paths=["/me"])).result is Result.FAIL
    assert (await look(around, "api-endpoints", statuses={"/me": "401"})).result is Result.PASS


@pytest.mark.parametrize(
    ("headers", "result"),
    [
        ({"Cache-Control": "public, max-age=60", "X-Vercel-Cache": "HIT"}, Result.PASS),
        ({"Cache-Control": "public, max-age=60", "Age": "12"}, Result.PASS),
        ({"Cache-Control": "public, max-age=60", "CF-Cache-Status": "MISS", "Age": "0"}, Result.FAIL),
        ({"Cache-Control": "public, max-age=60"}, Result.FAIL),
        ({"Cache-Control": "private", "X-Cache": "HIT"}, Result.FAIL),
        ({"X-Cache": "HIT"}, Result.FAIL),
        ({"Cache-Control": "no-store"}, Result.FAIL),
    ],
)
async def test_what_may_be_cached_has_to_be_a_hit_the_second_time(around, scripted, headers, result):
    scripted.says = lambda request: web.Response(headers=headers)

    assert (await look(around, "cdn-cache", paths=["/"])).result is result


@pytest.mark.parametrize(
    ("check", "settings", "why"),
    [
        ("rate-limited", {"burst": "1"}, "from 2 to 200"),
        ("rate-limited", {"burst": "100000"}, "from 2 to 200"),
        ("chat-answers", {"body": "{message"}, "settings.body"),
        ("api-endpoints", {"statuses": {"/x": "teapot"}}, "whole number"),
        ("idempotency", {"heeder": "x"}, "did you mean 'header'"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_plan(check, settings, why):
    with pytest.raises(PlanError, match=why):
        known()[check].checked(CheckUse(check=check, settings=settings))
