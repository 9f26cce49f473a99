"""The HAProxy router against real HAProxy processes: each trap that makes a go-live pass wrongly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from pydantic import ValidationError

from golive.adapters.haproxy_answers import stats_of
from golive.adapters.routers.haproxy import HaproxyRouter
from golive.core.proof import Proving, Standing
from golive.ports import Done, Refused, Split, Superseded, Unknown
from tests.parts.haproxy import TOKEN, bench, socat_in, visit
from tests.parts.ports import free_port

pytestmark = pytest.mark.staging


def router_of(*sockets: str, **other: object) -> HaproxyRouter:
    return HaproxyRouter(HaproxyRouter.Settings(sockets=sockets, **other))  # type: ignore[arg-type]


async def shifted(router: HaproxyRouter, *shares: float) -> None:
    for share in shares:
        answer = await router.set(share, None)
        assert isinstance(answer, Done) and answer.split.share == share, answer


async def share_of(router: HaproxyRouter) -> float:
    split = await router.read()
    assert isinstance(split, Split), split
    return split.share


# --- The split ------------------------------------------------------------------------------
async def test_a_split_is_set_read_back_and_counted_exactly_over_shuffled_requests(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        for share in (0.01, 0.05, 0.25, 0.5, 1.0, 0.0):
            await shifted(router, share)
            seen = await visit(made.haproxy.url, 400)
            assert sum(seen.values()) == 400 and abs(seen["canary"] - 400 * share) <= 2, (share, seen)


async def test_paths_sent_in_turn_meet_the_canary_on_one_path_alone_and_shuffled_ones_on_all(tmp_path: Path) -> None:
    paths = ("/a", "/b", "/c", "/d")
    async with bench(tmp_path) as made:
        await shifted(router_of(*made.sockets), 0.25)
        await visit(made.haproxy.url, 400, paths, seed=None, at_once=1)
        in_turn = dict(made.canary.seen)
        made.canary.seen.clear()
        await visit(made.haproxy.url, 400, paths, at_once=1)
        assert max(in_turn.values()) > 90 and len(made.canary.seen) == 4


@pytest.mark.parametrize("balance", ["leastconn", "random(1)"])
async def test_a_balance_that_does_not_keep_to_the_weights_is_found_by_the_proof(tmp_path: Path, balance: str) -> None:
    share, times = (0.01, 1000) if balance == "leastconn" else (0.25, 8000)
    async with bench(tmp_path, balance=balance) as made:
        router = router_of(*made.sockets)
        await shifted(router, share)
        assert await share_of(router) == share
        seen = await visit(made.haproxy.url, times, at_once=1 if balance == "leastconn" else 16)
        assert Proving(share).look(seen["canary"], times) is Standing.NOT_SO, seen


async def test_an_open_connection_follows_a_shift_and_a_rollback_at_its_next_request(tmp_path: Path) -> None:
    async with bench(tmp_path) as made, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        router = router_of(*made.sockets)

        async def ask() -> str:
            async with session.get(made.haproxy.url) as answer:
                return await answer.text()

        assert await ask() == "stable"
        await shifted(router, 1.0)
        assert {await ask() for _ in range(20)} == {"canary"}
        assert isinstance(await router.rollback("test"), Done)
        assert {await ask() for _ in range(20)} == {"stable"}


async def test_requests_of_ours_move_with_visitors_and_are_counted_in_a_backend_of_their_own(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        await shifted(router_of(*made.sockets), 0.5)
        assert abs((await visit(made.haproxy.url, 40, ours=True))["canary"] - 20) <= 1
        stats = stats_of(await made.haproxy.say("show stat"))
        assert isinstance(stats, dict)
        assert stats["site", "canary"]["stot"] == "0" != stats["ours", "canary"]["stot"]


async def test_the_canary_is_named_by_its_address_or_as_the_plan_says_and_the_token_is_read(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        assert await router_of(*made.sockets).read() == Split(0.0, made.canary.address, TOKEN)
        assert await router_of(*made.sockets, deployment="dpl_1").read() == Split(0.0, "dpl_1", TOKEN)
    async with bench(tmp_path, token="") as made:
        assert await router_of(*made.sockets).read() == Split(0.0, made.canary.address, "")


# --- Compare and set ------------------------------------------------------------------------
async def test_a_split_that_somebody_else_has_moved_is_not_moved_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        await made.haproxy.say("set server site/canary weight 50; set server ours/canary weight 50")
        answer = await router.set(0.05, expect=0.0)
        assert isinstance(answer, Superseded) and answer.split.share == pytest.approx(1 / 3)
        assert await share_of(router) == pytest.approx(1 / 3)


async def test_of_several_callers_who_expect_the_same_one_moves_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        answers = await asyncio.gather(*(router.set(share, expect=0.0) for share in (0.05, 0.25, 0.5)))
        assert sorted(type(answer).__name__ for answer in answers) == ["Done", "Superseded", "Superseded"]


async def test_when_several_drivers_move_it_at_once_no_mixture_of_their_shares_is_left(tmp_path: Path) -> None:
    wanted = (0.01, 0.05, 0.25, 0.5)
    async with bench(tmp_path, processes=2) as made:
        for _ in range(20):
            routers = [router_of(*made.sockets) for _ in wanted]
            answers = await asyncio.gather(*(one.set(share, 0.0) for one, share in zip(routers, wanted, strict=True)))
            assert not any(isinstance(answer, Refused) for answer in answers)
            assert await share_of(routers[0]) in (0.0, *wanted), answers
            assert isinstance(await routers[0].rollback("test"), Done)


async def test_a_share_that_weights_cannot_give_is_refused_naming_the_nearest_that_they_can(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        answer = await router.set(0.001, expect=0.0)
        assert isinstance(answer, Refused) and "0.3891% (stable 256, canary 1)" in answer.why
        assert isinstance(await router.set(float("nan"), None), Refused)
        assert await share_of(router) == 0.0


async def test_a_percentage_would_be_a_trap_haproxy_makes_nothing_of_half_of_one(tmp_path: Path) -> None:
    async with bench(tmp_path, canary_weight=1) as made:
        await made.haproxy.say("set server site/canary weight 50%")
        assert (await made.haproxy.say("get weight site/canary")).startswith("0 ")
        await shifted(router_of(*made.sockets), 0.5)
        assert (await made.haproxy.say("get weight site/canary")).startswith("50 ")


# --- Rollback -------------------------------------------------------------------------------
async def test_a_rollback_under_load_leaves_no_request_on_the_canary_and_is_idempotent(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.5)
        load = asyncio.create_task(visit(made.haproxy.url, 2000))
        await asyncio.sleep(0.2)
        assert isinstance(await router.rollback("test"), Done)
        await asyncio.sleep(0.05)
        before = sum(made.canary.seen.values())
        seen = await load
        assert before > 0 and sum(made.canary.seen.values()) == before
        assert set(seen) <= {"stable", "canary"}  # nobody met a failure
        again = await router.rollback("test")
        assert isinstance(again, Done) and again.split.share == 0.0


async def test_a_weight_of_0_and_drain_leave_holders_of_a_sticky_cookie_there_and_a_rollback_moves_them(
    tmp_path: Path,
) -> None:
    cookie = "golive-version=canary"
    async with bench(tmp_path, sticky=True) as made:
        router = router_of(*made.sockets, sticky="yes")
        assert router.can.sticky
        await shifted(router, 0.5)
        await made.haproxy.say("set server site/canary weight 0; set server ours/canary weight 0")
        assert await visit(made.haproxy.url, 10, cookie=cookie) == {"canary": 10}
        await made.haproxy.say("set server site/canary state drain")
        assert await visit(made.haproxy.url, 10, cookie=cookie) == {"canary": 10}
        assert isinstance(await router.rollback("test"), Done)
        assert await visit(made.haproxy.url, 10, cookie=cookie) == {"stable": 10}
        await shifted(router, 0.5)  # which undoes the maintenance
        assert await visit(made.haproxy.url, 10, cookie=cookie) == {"canary": 10}
        await shifted(router, 0.0)
        assert await visit(made.haproxy.url, 10, cookie=cookie) == {"stable": 10}


async def test_the_weight_still_shown_in_maintenance_and_in_drain_is_not_taken_for_a_share(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        for state in ("maint", "drain"):
            await shifted(router, 0.25)
            await made.haproxy.say(f"set server site/canary state {state}; set server ours/canary state {state}")
            assert await share_of(router) == 0.0


async def test_a_rollback_goes_ahead_where_no_shift_may_and_puts_stable_in_service(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        await shifted(router, 1.0)
        await made.haproxy.say("set server site/stable state maint; set server ours/stable state maint")
        refused = await router.set(0.5, 1.0)
        assert isinstance(refused, Refused) and "set server site/stable state ready" in refused.why
        assert isinstance(await router.rollback("test"), Done)
        assert await visit(made.haproxy.url, 10) == {"stable": 10}


async def test_a_rollback_that_comes_while_a_shift_is_on_its_way_stands(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router, other = router_of(*made.sockets), router_of(*made.sockets)
        await shifted(router, 0.05)
        move = router._move

        async def late(*of: object) -> object:
            assert isinstance(await other.rollback("test"), Done)
            return await move(*of)  # type: ignore[arg-type]

        router._move = late  # type: ignore[method-assign, assignment]
        answer = await router.set(0.25, expect=0.05)
        assert isinstance(answer, Superseded) and answer.split.share == 0.0
        assert await visit(made.haproxy.url, 20) == {"stable": 20}


async def test_the_lines_for_rolling_back_by_hand_work_in_a_shell_without_this_tool(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.5)
        text = router.by_hand()
        assert text.count("| socat ") == 8 and text.count("nc -U ") == 4
        environment = {**os.environ, "PATH": f"{socat_in(tmp_path)}:{os.environ['PATH']}"}
        done = await asyncio.to_thread(
            subprocess.run, ["sh", "-c", text], env=environment, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0 and "Permission" not in done.stdout and "No such" not in done.stdout
        assert await share_of(router) == 0.0
        assert "socat stdio TCP:10.0.0.7:9999" in router_of("10.0.0.7:9999").by_hand()


# --- Reload ---------------------------------------------------------------------------------
async def test_a_reload_that_resets_the_weights_is_seen_and_the_safe_file_keeps_the_canary_at_0(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.25)
        await made.haproxy.reload()
        assert await share_of(router) == 0.0
        answer = await router.set(0.5, expect=0.25)
        assert isinstance(answer, Superseded) and answer.split.share == 0.0


async def test_a_reload_with_a_weight_in_the_file_revives_a_canary_and_the_split_shows_it(tmp_path: Path) -> None:
    async with bench(tmp_path, canary_weight=1) as made:
        router = router_of(*made.sockets)
        assert isinstance(await router.rollback("test"), Done)
        await made.haproxy.reload()
        assert await share_of(router) == 0.01
        assert isinstance(await router.rollback("again"), Done)


async def test_a_reload_after_a_rollback_does_not_bring_sticky_visitors_back_to_the_canary(tmp_path: Path) -> None:
    async with bench(tmp_path, sticky=True) as made:
        router = router_of(*made.sockets, sticky="yes")
        await shifted(router, 0.5)
        assert isinstance(await router.rollback("test"), Done)
        await made.haproxy.reload()
        assert await visit(made.haproxy.url, 10, cookie="golive-version=canary") == {"stable": 10}


# --- Several processes ----------------------------------------------------------------------
async def test_several_processes_are_moved_together(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.25)
        for one in made.haproxies:
            assert abs((await visit(one.url, 100))["canary"] - 25) <= 1


async def test_when_one_process_is_gone_no_other_is_moved_forward(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.05)
        await made.haproxies[1].stop()
        answer = await router.set(0.25, expect=0.05)
        assert isinstance(answer, Unknown) and made.sockets[1] in answer.why
        assert await share_of(router_of(made.sockets[0])) == 0.05


async def test_when_one_process_refuses_in_the_middle_the_others_are_undone_and_it_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.05)
        broken = router._processes[1]
        change = broken.change

        async def refusing(commands: object) -> Refused:
            return Refused(f"{broken.name} said 'Permission denied'")

        broken.change = refusing  # type: ignore[method-assign, assignment]
        answer = await router.set(0.25, expect=0.05)
        assert isinstance(answer, Refused) and "Permission denied" in answer.why and "as before" in answer.why
        assert await share_of(router_of(made.sockets[0])) == 0.05
        lower = await router.set(0.01, expect=0.05)  # what was lowered stays so
        assert isinstance(lower, Unknown) and "site 1.00%" in lower.why and "site 5.00%" in lower.why
        assert await share_of(router_of(made.sockets[0])) == 0.01
        broken.change = change  # type: ignore[method-assign]
        assert isinstance(await router.rollback("test"), Done)


async def test_processes_that_differ_are_no_split_and_both_are_named(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.25)
        await made.haproxies[1].reload()
        split = await router.read()
        assert isinstance(split, Unknown)
        assert f"{made.sockets[0]} has the canary at site 25.00%" in split.why
        assert f"{made.sockets[1]} has the canary at site 0.00%" in split.why
        assert isinstance(await router.set(0.5, expect=0.25), Unknown)
        assert isinstance(await router.rollback("test"), Done)


async def test_backends_of_one_site_that_differ_are_no_split(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        await made.haproxy.say("set server ours/canary weight 25")
        split = await router_of(*made.sockets).read()
        assert isinstance(split, Unknown) and "site 0.00%, ours" in split.why


async def test_a_rollback_reaches_every_process_that_answers_and_says_which_did_not(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=3) as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.5)
        await made.haproxies[0].stop()
        await made.haproxies[2].freeze()
        answer = await router.rollback("test")
        assert isinstance(answer, Unknown)
        assert made.sockets[0] in answer.why and f"sent back at {made.sockets[1]}" in answer.why
        assert await share_of(router_of(made.sockets[1])) == 0.0
        await made.haproxies[2].freeze(False)
        again = await router.rollback("test")
        assert isinstance(again, Unknown) and f"sent back at {made.sockets[1]}, {made.sockets[2]}" in again.why
        assert await share_of(router_of(made.sockets[2])) == 0.0


async def test_only_when_every_process_carries_the_token_is_the_router_ours(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        await made.haproxies[1].say("experimental-mode on; set var proc.golive_token str(another)")
        split = await router_of(*made.sockets).read()
        assert isinstance(split, Split) and split.token == ""


# --- What HAProxy's own checks say ----------------------------------------------------------
async def _until(router: HaproxyRouter, words: str) -> None:
    async with asyncio.timeout(5):
        while not isinstance(seen := await router.read(), Unknown) or words not in seen.why:
            await asyncio.sleep(0.05)


async def test_a_stable_that_is_down_means_everybody_is_on_the_canary_whatever_the_weights_say(tmp_path: Path) -> None:
    async with bench(tmp_path, check_every="100ms") as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.05)
        await made.stable.stop()
        await _until(router, "every visitor goes to the canary")
        assert await visit(made.haproxy.url, 20) == {"canary": 20}
        assert isinstance(await router.rollback("test"), Done)
        refused = await router.set(0.05, 0.0)
        assert isinstance(refused, Refused) and "stable down" in refused.why


async def test_a_canary_that_is_down_keeps_its_share_and_gets_no_more(tmp_path: Path) -> None:
    async with bench(tmp_path, check_every="100ms") as made:
        router = router_of(*made.sockets)
        await shifted(router, 0.05)
        await made.canary.stop()
        async with asyncio.timeout(5):
            while ",DOWN," not in await made.haproxy.say("show stat site 4 -1"):
                await asyncio.sleep(0.05)
        assert await share_of(router) == 0.05  # it would have it again as soon as it is up
        refused = await router.set(0.25, 0.05)
        assert isinstance(refused, Refused) and "canary down" in refused.why
        assert isinstance(await router.set(0.01, 0.05), Done)


async def test_both_weights_at_0_by_another_hand_is_an_outage_and_said_to_be_one(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        await made.haproxy.say("set server site/stable weight 0")
        assert await visit(made.haproxy.url, 3) == {"failed 503": 3}
        split = await router.read()
        assert isinstance(split, Unknown) and "visitors get 503" in split.why
        assert isinstance(await router.rollback("test"), Done)
        assert await visit(made.haproxy.url, 3) == {"stable": 3}


# --- Bad input ------------------------------------------------------------------------------
async def refusals(router: HaproxyRouter) -> tuple[str, str]:
    read, answer = await router.read(), await router.set(0.05, 0.0)
    assert isinstance(read, Unknown) and isinstance(answer, Refused | Unknown)
    rolled = await router.rollback("test")
    assert isinstance(rolled, Refused | Unknown)
    return read.why, rolled.why


async def test_a_wrong_socket_path_names_the_nearest_socket_and_where_to_look(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        read, rolled = await refusals(router_of(made.sockets[0].replace("0.sock", "O.sock")))
        assert "does not exist" in read and made.sockets[0] in read and "`stats socket`" in read
        assert "does not exist" in rolled


async def test_an_unknown_backend_or_server_names_the_nearest_known_one(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        read, _ = await refusals(router_of(*made.sockets, backends=("sites",)))
        assert "no backend 'sites': did you mean 'site'?" in read
        read, _ = await refusals(router_of(*made.sockets, canary="canari"))
        assert "no server 'canari': did you mean 'canary'?" in read


async def test_a_third_server_that_takes_visitors_is_no_split_unless_the_plan_knows_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        await made.haproxy.say(
            f"add server site/third {made.stable.address}; set server site/third state ready",
        )
        split = await router_of(*made.sockets).read()
        assert isinstance(split, Unknown) and "third" in split.why and "besides" in split.why
        assert await share_of(router_of(*made.sockets, besides=("third",))) == 0.0


async def test_a_socket_without_admin_level_is_refused_saying_what_it_needs(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        made.haproxy._file.write_text(made.haproxy._file.read_text().replace("level admin", "level operator"))
        await made.haproxy.reload()
        router = router_of(*made.sockets)
        answer = await router.set(0.05, 0.0)
        assert isinstance(answer, Refused) and "level admin" in answer.why
        assert await share_of(router) == 0.0


@contextlib.contextmanager
def nobody_in_particular() -> Iterator[None]:
    """Be a user who may not open a socket of mode 600 of root's."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_socket_that_this_user_may_not_open_says_what_gives_that(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        with nobody_in_particular():
            read, rolled = await refusals(router_of(*made.sockets))
        assert "user/group/mode" in read and "user/group/mode" in rolled


async def test_a_haproxy_that_hangs_is_unknown_within_the_deadline(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        router = router_of(*made.sockets)
        await made.haproxy.freeze()
        async with asyncio.timeout(5):
            read, rolled = await refusals(router)
        assert "did not answer in 1 s" in read and "did not answer in 1 s" in rolled


async def test_runtime_api_over_tcp_does_the_same(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        port = free_port()
        text = made.haproxy._file.read_text()
        made.haproxy._file.write_text(
            text.replace("  nbthread", f"  stats socket 127.0.0.1:{port} level admin\n  nbthread")
        )
        await made.haproxy.reload()
        await shifted(router_of(f"127.0.0.1:{port}"), 0.25)
        assert await share_of(router_of(*made.sockets)) == 0.25


def test_settings_that_are_no_haproxy_are_wrong_before_anything_is_touched() -> None:
    for wrong in (
        {"sockets": ()},
        {"sockets": ("run/haproxy.sock",)},
        {"sockets": ("host:99999",)},
        {"sockets": ("/a", "/a")},
        {"sockets": ("/a",), "canary": "canary weight 5; shutdown"},
        {"sockets": ("/a",), "backends": ("site\nquit",)},
        {"sockets": ("/a",), "stabel": "web"},
    ):
        with pytest.raises(ValidationError):
            HaproxyRouter.Settings(**wrong)
    assert HaproxyRouter.Settings(sockets=("{world.haproxy}",)).sockets == ("{world.haproxy}",)
