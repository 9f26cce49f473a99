"""What HAProxy's runtime socket answers, right, wrong and hostile."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.haproxy_answers import (
    STATE_COLUMNS,
    Server,
    Unreadable,
    numbers_of,
    servers_of,
    stats_of,
    variables_of,
    weight_of,
)
from golive.adapters.haproxy_socket import shown
from golive.adapters.routers.haproxy_commands import Pair, back, forward, undo
from golive.adapters.routers.haproxy_weights import HEAVIEST, Weights, nearest_to, weights_for

HEADER = (
    "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port"
)
ROW = "3 site 2 canary 127.0.0.1 2 0 5 1 1 8 2 0 6 0 0 0 - 18082 - 0 0 - - 0"
STATS = "# pxname,svname,qcur,econ,status,\nsite,canary,0,7,UP 1/3,\nsite,BACKEND,0,,UP,\n\n"
WEIGHTS = st.tuples(st.integers(0, HEAVIEST), st.integers(0, HEAVIEST)).filter(any)


def test_a_servers_state_gives_each_server_with_its_weight_and_states() -> None:
    found = servers_of(f"1\n{HEADER}\n{ROW}\n")
    assert found == {("site", "canary"): Server("site", "canary", "127.0.0.1:18082", 5, 0, 2)}


def test_a_column_added_by_a_later_haproxy_changes_nothing() -> None:
    assert servers_of(f"1\n{HEADER} srv_more\n{ROW} 1\n") == servers_of(f"1\n{HEADER}\n{ROW}\n")


def test_a_servers_state_of_another_version_is_not_guessed_at() -> None:
    found = servers_of(f"2\n{HEADER}\n{ROW}\n")
    assert isinstance(found, Unreadable) and "version 1" in found.why


def test_a_server_that_comes_twice_is_not_believed() -> None:
    assert isinstance(servers_of(f"1\n{HEADER}\n{ROW}\n{ROW}\n"), Unreadable)
    assert isinstance(stats_of(STATS + "site,canary,0,7,UP,\n"), Unreadable)


def test_a_line_that_is_cut_off_is_not_believed() -> None:
    assert isinstance(servers_of(f"1\n{HEADER}\n{ROW[:40]}\n"), Unreadable)


def test_maintenance_drain_and_down_are_told_apart() -> None:
    server = Server("site", "canary", "127.0.0.1:1", 5, 0, 2)
    held = [replace(server, admin=flag) for flag in (0x01, 0x02, 0x20, 0x08, 0x10)]
    assert [one.out for one in held] == ["maintenance"] * 3 + ["drain"] * 2
    assert [one.takes for one in held] == [0] * 5
    assert replace(server, operational=0).down and replace(server, operational=3).down
    assert replace(server, operational=0).takes == 5
    assert replace(server, admin=0x44).takes == 5  # "was so in the file" and "has a name from the socket" hold nobody


def test_statistics_give_texts_by_proxy_and_server_and_numbers_only_when_asked() -> None:
    found = stats_of(STATS)
    assert isinstance(found, dict)
    assert found["site", "canary"]["status"] == "UP 1/3"
    assert numbers_of(found["site", "canary"], ("econ",)) == {"econ": 7}
    assert isinstance(numbers_of(found["site", "BACKEND"], ("econ",)), Unreadable)


def test_a_weight_and_a_variable_are_read_and_nothing_else_is_taken_for_one() -> None:
    assert weight_of("5 (initial 1)\n\n") == (5, 1)
    assert isinstance(weight_of("No such server.\n\n"), Unreadable)
    two = "proc.golive_token: type=str value=<abc-1>\nproc.golive_claim: type=str value=<run@host>\n"
    assert variables_of(two) == {"golive_token": "abc-1", "golive_claim": "run@host"}
    assert variables_of("Variable not found.\n\nproc.b: type=str value=<c>\n") == {"b": "c"}
    assert variables_of("Permission denied\n\n") == {}


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda data: data.decode("utf-8", "replace")))
def test_whatever_comes_is_a_value_or_unreadable_and_never_an_exception(text: str) -> None:
    for answer in (text, f"1\n# {text}", f"1\n{HEADER}\n{text}", f"# pxname,svname,{text}"):
        for parse in (servers_of, stats_of, weight_of):
            found = parse(answer)
            assert not isinstance(found, Unreadable) or found.why.isprintable()
        variables_of(answer)
    assert len(shown(text)) <= 200 and shown(text).isprintable()


@given(st.dictionaries(st.sampled_from(STATE_COLUMNS), st.text(st.characters(codec="ascii"), max_size=8)))
def test_only_whole_numbers_become_a_server(cells: dict[str, str]) -> None:
    values = [cells.get(name, "1").replace("\n", "") or "1" for name in STATE_COLUMNS]
    found = servers_of(f"1\n# {' '.join(STATE_COLUMNS)}\n{' '.join(values)}\n")
    if isinstance(found, dict):
        assert all(server.weight >= 0 and server.admin >= 0 for server in found.values())


@given(WEIGHTS)
def test_every_share_that_weights_can_make_is_made_exactly(pair: tuple[int, int]) -> None:
    wanted = Weights(*pair)
    found = weights_for(wanted.share)
    assert found is not None and max(found.stable, found.canary) <= HEAVIEST
    assert Fraction(found.canary, found.stable + found.canary) == Fraction(pair[1], sum(pair))


@given(st.floats(1e-6, 1 - 1e-6))
def test_the_nearest_share_is_one_that_can_be_made_and_is_neither_nobody_nor_everybody(share: float) -> None:
    near = nearest_to(share)
    assert near.stable and near.canary and weights_for(near.share) is not None
    assert abs(near.share - share) <= 1 / HEAVIEST


def test_the_runbooks_shares_are_weights_of_a_hundred_that_a_person_can_read() -> None:
    shares = (0.0, 0.01, 0.05, 0.25, 0.5, 1.0)
    assert [weights_for(share) for share in shares] == [Weights(100 - n, n) for n in (0, 1, 5, 25, 50, 100)]
    assert weights_for(0.001) is None and weights_for(float("nan")) is None and weights_for(1.01) is None


def _played(pair: Pair, commands: list[str]) -> list[tuple[int, int]]:
    """Give the weights with which stable and canary take visitors after each command."""
    at = {"stable": [pair.stable.weight, bool(pair.stable.out)], "canary": [pair.canary.weight, bool(pair.canary.out)]}
    steps = []
    for command in commands:
        _, _, where, what, value = command.split()
        server = at[where.partition("/")[2]]
        if what == "weight":
            server[0] = int(value)
        else:
            server[1] = value != "ready"
        steps.append(tuple(0 if out else weight for weight, out in (at["stable"], at["canary"])))
    return steps  # type: ignore[return-value]


@given(WEIGHTS, WEIGHTS, st.sampled_from((0, 1, 8)), st.booleans())
def test_never_both_weights_are_zero_on_any_way_there_back_or_undone(
    before: tuple[int, int], after: tuple[int, int], admin: int, sticky: bool
) -> None:
    canary = Server("site", "canary", "127.0.0.1:2", before[1], admin, 2)
    pair = Pair(Server("site", "stable", "127.0.0.1:1", before[0], 0, 2), canary)
    to = Weights(*after)
    if pair.share is None:
        return
    there = _played(pair, forward(pair, to, sticky))
    assert all(map(any, there)) and there[-1] == after
    moved = Pair(replace(pair.stable, weight=to.stable), replace(canary, weight=to.canary, admin=0))
    undone = _played(moved, undo(pair, to))
    assert all(map(any, undone)) and undone[-1] == (pair.stable.takes, pair.canary.takes)
    assert all(map(any, _played(pair, back("site", "stable", "canary"))))


@given(WEIGHTS, WEIGHTS, st.booleans())
def test_no_percentage_is_ever_sent_as_a_weight(before: tuple[int, int], after: tuple[int, int], sticky: bool) -> None:
    servers = [Server("site", name, "127.0.0.1:1", weight, 0, 2) for name, weight in zip("ab", before, strict=True)]
    commands = forward(Pair(*servers), Weights(*after), sticky) + back("site", "a", "b")
    assert not any("%" in command for command in commands)


@given(WEIGHTS, WEIGHTS)
def test_a_shift_does_not_end_a_maintenance_that_it_did_not_read(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    servers = [Server("site", name, "127.0.0.1:1", weight, 0, 2) for name, weight in zip("ab", before, strict=True)]
    assert not any("ready" in command for command in forward(Pair(*servers), Weights(*after), False))
