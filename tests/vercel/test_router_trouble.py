"""A token that is none, and others who release or click in the middle: nothing advances, and the page says why."""

from __future__ import annotations

import asyncio

import pytest

from golive.ports import Done, Refused, Superseded, Unknown
from tests.vercel.conftest import FIRST, ROLLING, SECOND, VARIABLE
from tests.vercel.double.app import TOKEN
from tests.vercel.double.demand import refused
from tests.vercel.double.state import CANARY, OTHER, STABLE
from tests.vercel.guarded import Guarded


async def test_without_a_token_nothing_is_asked_and_the_page_names_the_variable(turned, guarded, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    said = await guarded.shift()

    assert "STOPPED  shift: GET" not in said or VARIABLE in said
    assert f"the environment variable {VARIABLE} is empty: export it" in said
    assert turned.double.calls == []
    assert turned.stage == 0


@pytest.mark.parametrize("held", ["tok en\n", "tökên"])
async def test_what_is_no_token_is_never_sent(turned, monkeypatch, held):
    monkeypatch.setenv(VARIABLE, held)
    read = await turned.router().read()

    assert isinstance(read, Unknown) and "is no token" in read.why and held not in read.why
    assert turned.double.calls == []


async def test_a_token_of_another_team_is_refused_and_the_page_says_whose_it_may_be(turned, monkeypatch):
    guarded = Guarded(turned, monkeypatch, team="team_other")
    said = await guarded.shift()

    assert "the token may not do this (403): forbidden Not authorized" in said
    assert "look at the team in the plan" in said
    assert turned.stage == 0


async def test_a_token_that_expires_midway_advances_nothing_and_a_rollback_says_that_it_was_not_done(turned, guarded):
    turned.double.expires_after = 0
    said = await guarded.shift()
    answer = await turned.router().rollback("a test")

    assert "Vercel does not take the token (401)" in said and "make a token for this team" in said
    assert isinstance(answer, Refused) and "401" in answer.why
    assert turned.stage == 0


async def test_a_token_that_vercel_repeats_is_told_to_nobody(turned):
    turned.double.demands.append(refused(ROLLING, 403, "forbidden", f"the token {TOKEN} may not"))
    read = await turned.router().read()

    assert isinstance(read, Unknown) and TOKEN not in read.why and "[the token]" in read.why


async def test_a_push_in_the_middle_waits_in_the_queue_and_keeps_the_release_where_it_is(turned, guarded):
    turned.releases.push()
    said = await guarded.shift()
    read = await turned.router().read()

    assert f"another deployment waits in Vercel's queue: {OTHER}" in said and "dashboard" in said
    assert turned.stage == 0 and turned.sent("approve-stage") == 0
    assert read.share == FIRST and OTHER in read.note


async def test_another_release_in_the_place_of_ours_is_named_and_neither_approved_nor_rolled_back(turned, guarded):
    turned.releases.abort()
    turned.releases.start(OTHER)
    said = await guarded.shift()
    answer = await turned.router().rollback("a test")
    page = await guarded.roll_back()

    assert "LEFT ALONE" in page and f"another release is active: {OTHER}" in page
    assert f"another release is active: {OTHER} at 1%; it is not ours, and is left alone" in said
    assert isinstance(answer, Superseded) and answer.split.share == 0.0
    assert turned.releases.active and turned.releases.rollout["canary"] == OTHER
    assert turned.sent("approve-stage") == turned.sent(f"rollback/{STABLE}") == 0


async def test_a_release_that_somebody_promoted_beside_ours_is_named(turned, guarded):
    turned.releases.abort()
    turned.releases.promote(OTHER)
    said = await guarded.shift()

    assert f"production is served by {OTHER}, which is neither the canary {CANARY} nor the base {STABLE}" in said
    assert turned.sent("start") == 0


@pytest.mark.parametrize(
    ("click", "back"),
    [
        (lambda releases: releases.approve(1, CANARY), 0.05),
        (lambda releases: releases.approve(1, CANARY) or releases.approve(2, CANARY), 0.25),
        (lambda releases: releases.complete(CANARY), 1.0),
        (lambda releases: releases.abort(), 0.0),
    ],
    ids=["approve", "approve twice", "complete", "abort"],
)
async def test_a_click_in_the_dashboard_is_seen_and_not_built_upon(turned, guarded, click, back):
    click(turned.releases)
    before = turned.double.calls.copy()
    said = await guarded.shift()
    read = await turned.router().read()

    assert f"the split was {back:.2%}, not the expected 1.00%: somebody else has moved it" in said
    assert "NEXT" in said
    assert read.share == back
    assert all(call.startswith("GET") for call in turned.double.calls[len(before) :])


@pytest.mark.parametrize(
    ("click", "ends"),
    [
        (lambda releases: releases.approve(1, CANARY), "ABORTED"),
        (lambda releases: releases.complete(CANARY), "COMPLETE"),
    ],
    ids=["approve", "complete"],
)
async def test_a_click_forward_makes_the_guard_roll_back_since_vercel_can_not_go_down(turned, guarded, click, ends):
    click(turned.releases)
    for _ in range(3):
        turned.clock.advance(20)
        inbox = guarded.guard.sight.inbox
        inbox.split, inbox.split_at = await guarded.router.read(), turned.clock.monotonic()
        inbox.measured_at = turned.clock.monotonic()
        guarded.guard.look()
        await asyncio.sleep(0.05)
    await asyncio.wait_for(guarded.guard._rolling, 20)

    assert "can't lower it" in guarded.story.entries[-1].body["because"]
    assert turned.releases.rollout["state"] == ends and turned.releases.production == STABLE


async def test_vercels_own_gate_is_a_second_opinion_that_is_told_and_stops_a_shift(turned, guarded):
    turned.releases.pause()
    inbox = guarded.guard.sight.inbox
    inbox.split = await guarded.router.read()
    guarded.guard.look()
    said = await guarded.shift()

    assert "Vercel's own gate has paused this release" in said
    assert turned.stage == 0
    assert any("THE ROUTER SAYS: Vercel's own gate has paused" in one for one in await guarded.told())


async def test_a_stage_that_two_approve_at_once_is_approved_once(turned):
    answers = await asyncio.gather(*(turned.router().set(SECOND, expect=FIRST) for _ in range(4)))

    assert turned.stage == 1
    assert any(isinstance(answer, Done) for answer in answers)
    assert all(isinstance(answer, Done | Superseded) for answer in answers), answers
    late = [answer for answer in answers if isinstance(answer, Superseded)]
    assert all("somebody else" in answer.why for answer in late)
