"""Data, people and the way back: what nobody has counted, answered or rehearsed is never a pass."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from golive import wiring
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.core.record import Kind
from golive.ports import Alive, Result, Sick, Split, Unknown
from golive.rehearsed import KNOWN as REHEARSED
from golive.sealing import seal_run


async def serving(document):
    async def answer(request):
        return web.Response(body=document if isinstance(document, bytes) else json.dumps(document).encode())

    app = web.Application()
    app.router.add_get("/x", answer)
    server = TestServer(app)
    await server.start_server()
    return str(server.make_url("/x"))


def ago(**span):
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


async def team(around, document, **settings):
    line = {"endpoint": await serving(document), "roles": ["sre_lead", "cto"], **settings}
    return await around.look(CheckUse(check="team-on-standby", settings=line))


@pytest.mark.parametrize(
    ("answered", "result"),
    [
        ({"sre_lead": 1, "cto": 29}, Result.PASS),
        ({"sre_lead": 1, "cto": 31}, Result.FAIL),
        ({"sre_lead": 1, "cto": -31}, Result.FAIL),
        ({"sre_lead": 1}, Result.FAIL),
        ({"sre_lead": 1, "cto": "soon"}, Result.COULD_NOT_MEASURE),
        (["sre_lead", "cto"], Result.COULD_NOT_MEASURE),
        (None, Result.COULD_NOT_MEASURE),
    ],
)
async def test_each_role_has_to_have_answered_lately(around, answered, result):
    if isinstance(answered, dict):
        answered = {role: ago(minutes=said) if isinstance(said, int) else said for role, said in answered.items()}
    finding = await team(around, {"answered": answered})

    assert finding.result is result, finding
    assert result is Result.PASS or finding.then


async def test_a_team_that_nobody_has_asked_is_no_pass_and_the_next_thing_is_an_attestation(around):
    finding = await around.look(CheckUse(check="team-on-standby"))

    assert finding.result is Result.COULD_NOT_MEASURE and "go.attest" in finding.then


async def test_a_role_that_the_plan_does_not_have_is_said(around):
    finding = await team(around, {"answered": {}}, roles=["sre_leed"])

    assert finding.result is Result.COULD_NOT_MEASURE and "sre_leed" in finding.seen


async def kept(around, before, after, **settings):
    line = {"counts": ["/orders", "/users"], "broken": "/orphans", **settings}
    first = CheckUse(check="counts", name="b", settings={**line, "endpoint": await serving(before)})
    await around.look(first)
    then = {**line, "endpoint": await serving(after), "before": "b"}
    return await around.look(CheckUse(check="counts-as-before", settings=then))


@pytest.mark.parametrize(
    ("after", "result", "said"),
    [
        ({"orders": 10, "users": [1, 2], "orphans": []}, Result.PASS, "/orders 10"),
        ({"orders": 11, "users": [1, 2, 3], "orphans": 0}, Result.PASS, "/orders 11"),
        ({"orders": 9, "users": [1, 2], "orphans": []}, Result.FAIL, "/orders 9, before 10"),
        ({"orders": 10, "users": [1, 2], "orphans": [5, 6]}, Result.FAIL, "2 broken"),
        ({"orders": "10", "users": [], "orphans": []}, Result.COULD_NOT_MEASURE, "no count"),
        ({"orders": -1, "users": [], "orphans": []}, Result.COULD_NOT_MEASURE, "no count"),
        ({"users": [], "orphans": []}, Result.COULD_NOT_MEASURE, "/orders"),
        (b"<html>", Result.COULD_NOT_MEASURE, ""),
        (b"", Result.COULD_NOT_MEASURE, "answered nothing"),
    ],
)
async def test_fewer_of_anything_or_anything_broken_fails(around, after, result, said):
    finding = await kept(around, {"orders": 10, "users": [1, 2], "orphans": []}, after)

    assert finding.result is result and said in finding.seen, finding


async def test_counts_without_a_before_could_not_be_compared(around):
    line = {"endpoint": await serving({"a": 1}), "counts": ["/a"], "before": "nothing"}
    finding = await around.look(CheckUse(check="counts-as-before", settings=line))

    assert finding.result is Result.COULD_NOT_MEASURE and "nothing" in finding.seen
    snapshot = {**line, "before_endpoint": await serving({"a": 2})}
    finding = await around.look(CheckUse(check="counts-as-before", settings=snapshot))
    assert finding.result is Result.FAIL and "/a 1, before 2" in finding.seen


class Way:
    """A router and a stable as a test wants them."""

    def __init__(self, split, stable):
        self.split, self.stable = split, stable

    async def read(self):
        return self.split

    async def probe(self, version):
        return self.stable


GOOD = (Split(0.25, "canary", claim="run@host"), Alive("1.4", "stable-1"))


async def dry_run(around, split=GOOD[0], stable=GOOD[1], by_hand="curl"):
    folder = around.folder
    (folder / "work").mkdir(exist_ok=True)
    (folder / "work" / "ROLLBACK.txt").write_text(by_hand)
    way = Way(split, stable)
    return await around.look(CheckUse(check="rollback-dry-run"), router=way, health=way, claim="run@host")


async def test_a_dry_run_says_how_many_would_move_and_moves_nobody(around):
    finding = await dry_run(around)

    assert finding.result is Result.PASS and "25.00%" in finding.seen and "stable-1" in finding.seen


@pytest.mark.parametrize(
    ("changed", "result", "said"),
    [
        ({"split": Unknown("no answer")}, Result.COULD_NOT_MEASURE, "no answer"),
        ({"split": dataclasses.replace(GOOD[0], claim="other@host")}, Result.FAIL, "claimed by other@host"),
        ({"stable": Sick("503")}, Result.FAIL, "stable: 503"),
        ({"by_hand": " \n"}, Result.FAIL, "ROLLBACK.txt is missing"),
    ],
)
async def test_a_part_that_is_missing_from_the_way_back_is_said(around, changed, result, said):
    finding = await dry_run(around, **changed)

    assert finding.result is result and said in finding.seen and finding.then


ROLLED_BACK = {"act": "rollback", "request": "", "because": "5xx", "by": "guard"}


@pytest.fixture
def rehearsed(tmp_path, monkeypatch):
    """Make the sealed archive of a rehearsal that was rolled back, or of one that was not."""
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path / "runs"))

    def make(back=True):
        run = wiring.make_run("sandbox", "ada")
        if back:
            intent = run.append(Kind.INTENT, ROLLED_BACK)
            verified = {"read_back": 0.0, "seconds_to_safe": 0.4}
            outcome = {**ROLLED_BACK, "intent": intent.id, "result": "done", "share": 0.0, "seen": "0 %"}
            run.append(Kind.OUTCOME, {**outcome, "verified": verified})
        run.append(Kind.RUN_CLOSED, {"result": "rolled-back" if back else "completed", "why": "over"})
        seal_run(run)
        return run.folder.root

    return make


async def look_for(around, root, plans=("sandbox",), **settings):
    use = CheckUse(check="rollback-rehearsed", settings={"plans": list(plans), **settings})
    return await around.look(use, runs=root.parent)


async def test_a_rehearsed_rollback_in_an_archive_that_verifies_passes(around, rehearsed):
    root = rehearsed()
    finding = await look_for(around, root)

    assert finding.result is Result.PASS and root.name in finding.seen and "0.4 s" in finding.seen
    assert (await look_for(around, root, not_older_than="1ms")).result is Result.FAIL
    assert (await look_for(around, root, plans=["staging"])).result is Result.FAIL


async def test_a_rehearsal_that_went_well_is_no_rehearsed_rollback(around, rehearsed):
    finding = await look_for(around, rehearsed(back=False))

    assert finding.result is Result.FAIL and finding.then == "golive rehearse sandbox --fault errors@3"


async def test_an_archive_that_was_changed_counts_for_nothing_and_is_named(around, rehearsed):
    root = rehearsed()
    (root / "record.jsonl").write_text((root / "record.jsonl").read_text().replace("5xx", "4xx"))
    finding = await look_for(around, root)

    assert finding.result is Result.FAIL and "record.jsonl was changed" in finding.seen


async def test_no_folder_of_archives_and_garbage_in_it_are_no_pass(around, tmp_path):
    assert (await look_for(around, tmp_path / "nowhere" / "run")).result is Result.FAIL
    odd = tmp_path / "odd" / "20260101T000000Z-sandbox"
    odd.mkdir(parents=True)
    (odd / "SEAL").write_bytes(b"\xff\x00")
    (odd / "record.jsonl").write_bytes(b"\xff" * 1000)
    assert (await look_for(around, odd)).result is Result.FAIL


def test_a_line_that_names_no_plan_is_refused():
    with pytest.raises(PlanError, match="plans"):
        REHEARSED["rollback-rehearsed"].checked(CheckUse(check="rollback-rehearsed", settings={"plans": []}))
