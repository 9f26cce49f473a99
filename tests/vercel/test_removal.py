"""Stable's deployment is removed after the end, by a person, by its name; both sides of it are chained to the seal."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from click.testing import CliRunner

from golive import wiring
from golive.archive.verify import Standing, verify
from golive.cli import main
from golive.core.record import Kind
from golive.sealing import seal_run
from tests.vercel.double.state import CANARY, STABLE
from tests.vercel.test_named_acts import shifted
from tests.vercel.test_plan import filled_text


@pytest.fixture
def site(turned, tmp_path, monkeypatch):
    """A go-live of the site that is over, its archive sealed; `safe` says for how long a way back was safe."""
    (tmp_path / "params").mkdir()
    (tmp_path / "golive.toml").write_text("")
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path / "runs"))
    turned.releases.complete(CANARY)

    def make(safe="1ms", result="completed", sealed=True):
        text = filled_text(canary=CANARY, base=STABLE, stable=STABLE)
        text = re.sub(r"( +)token_variable: VERCEL_TOKEN\n", rf"\g<0>\1api: {turned.url}\n", text)
        text = text.replace("rollback_safe_until: 24h", f"rollback_safe_until: {safe}")
        kept = "store: {driver: run-folder, settings: {single_host_accepted_by: Grace}}"
        text = re.sub(r"^store: .*", kept, text, flags=re.MULTILINE)
        (tmp_path / "params" / "site.yaml").write_text(text.replace("name: production\ntitle", "name: site\ntitle"))
        run = wiring.make_run("site", "ada")
        kind, body, phase = shifted(1.0, "cutover")
        run.append(kind, body, phase)
        run.append(Kind.RUN_CLOSED, {"result": result, "why": "all phases are closed"})
        if sealed:
            seal_run(run)
        return run

    return make


async def typed(*words):
    """Type a command in another thread, while the double answers in this one."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(main, ["deployment", *words], standalone_mode=False))


def at_the_keyboard(monkeypatch):
    monkeypatch.setattr("golive.cli.deployments.person_there", lambda: True)


async def test_the_base_is_removed_by_name_and_both_sides_of_it_are_chained_to_the_seal(turned, site, monkeypatch):
    at_the_keyboard(monkeypatch)
    run = site()
    await asyncio.sleep(0.01)
    said = await typed("remove", run.folder.name, STABLE, "--because", "seven days are over", "--who", "Grace")

    assert said.exit_code == 0 and f"{STABLE} is gone" in said.output, said.output
    assert STABLE not in turned.releases.deployments
    found = verify(run.folder.root)
    assert found.standing is Standing.CONSISTENT and "2 addenda" in found.why
    intent, outcome = (json.loads(p.read_text()) for p in sorted((run.folder.root / "addenda").glob("*remove*")))
    assert outcome["result"] == "done" and outcome["intent"].endswith("remove-intent.json")
    assert intent["name"] == STABLE and intent["who"]["name"] == "Grace" and "result" not in intent


@pytest.mark.parametrize(
    ("made", "name", "why"),
    [
        ({}, CANARY, f"'{CANARY}' is not {STABLE}: name it once more"),
        ({"safe": "24h"}, STABLE, "stable is kept until"),
        ({"result": "held"}, STABLE, "closed as held"),
        ({"sealed": False}, STABLE, "is not sealed"),
    ],
)
async def test_a_removal_that_may_not_be_removes_nothing_and_says_what_to_do(
    turned, site, monkeypatch, made, name, why
):
    at_the_keyboard(monkeypatch)
    run = site(**made)
    await asyncio.sleep(0.01)
    said = await typed("remove", run.folder.name, name, "--because", "a test", "--who", "Grace")

    assert said.exit_code == 1 and why in said.output and "NEXT" in said.output, said.output
    assert STABLE in turned.releases.deployments and not any("DELETE" in call for call in turned.double.calls)


async def test_a_script_removes_nothing(turned, site):
    run = site()
    await asyncio.sleep(0.01)
    said = await typed("remove", run.folder.name, STABLE, "--because", "a test", "--who", "cron")

    assert said.exit_code == 1 and "nobody is at the keyboard" in said.output
    assert STABLE in turned.releases.deployments


async def test_a_removal_that_broke_off_is_looked_up_when_it_is_typed_again(turned, site, monkeypatch):
    at_the_keyboard(monkeypatch)
    run = site()
    turned.releases.remove(STABLE)
    said = await typed("remove", run.folder.name, STABLE, "--because", "again", "--who", "Grace")

    assert said.exit_code == 0 and "is gone already" in said.output
    assert not any("DELETE" in call for call in turned.double.calls)


async def test_in_a_run_that_is_over_the_guards_acts_are_refused(turned, site):
    run = site()
    said = await typed("promote", run.folder.name, CANARY, "--because", "a test", "--who", "Grace")

    assert said.exit_code == 1 and "was closed as completed" in said.output


@pytest.mark.parametrize("given", [("--who", "Grace", "--because", " "), ("--who", "", "--because", "why")])
async def test_without_a_name_or_a_reason_nothing_is_done(turned, site, given):
    run = site()
    said = await typed("remove", run.folder.name, STABLE, *given)

    assert said.exit_code == 2 and turned.double.calls == []
