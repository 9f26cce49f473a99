"""HAProxy scraped directly: what visitors met, from real processes with all that hides it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from golive.adapters.clocks import SystemClock
from golive.adapters.haproxy_answers import stats_of
from golive.adapters.metrics.haproxy import HaproxyMetrics
from golive.adapters.routers.haproxy import HaproxyRouter
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Tally, Unmeasured, Version
from golive.ports import Done
from tests.parts.haproxy import Bench, bench, visit

pytestmark = pytest.mark.staging


def source_of(made: Bench, **other: object) -> HaproxyMetrics:
    settings = {
        "sockets": made.sockets,
        "stable_metrics": made.stable.metrics,
        "canary_metrics": made.canary.metrics,
        "visitors": "who=visitors",
        **other,
    }
    return HaproxyMetrics(HaproxyMetrics.Settings(**settings), SystemClock())


async def shifted(made: Bench, share: float) -> None:
    answer = await HaproxyRouter(HaproxyRouter.Settings(sockets=made.sockets)).set(share, None)
    assert isinstance(answer, Done)


async def counters(source: HaproxyMetrics) -> Counters:
    read = await source.read()
    assert isinstance(read, Counters), read
    return read


class Watched:
    """A source that has been read once, and what visitors met since."""

    def __init__(self, made: Bench, source: HaproxyMetrics) -> None:
        self.made, self.source = made, source

    async def after(self, times: int, *paths: str, number: int = 0, ours: bool = False) -> dict[Version, Tally]:
        await visit(self.made.haproxies[number].url, times, paths or ("/",), ours=ours)
        return dict((await counters(self.source)).tallies)


async def watching(made: Bench, share: float, **other: object) -> AsyncIterator[Watched]:
    await shifted(made, share)
    source = source_of(made, **other)
    try:
        await counters(source)
        yield Watched(made, source)
    finally:
        await source.aclose()


async def test_visitors_are_counted_by_version_with_failures_times_and_limits_and_ours_left_out(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 1.0):
            await visit(made.haproxy.url, 20, ours=True)
            paths = ("/", "/status/500", "/status/404", "/status/429", "/slow/600")
            tallies = await seen.after(50, *paths)
            tally = tallies[Version.CANARY]
            assert tally == Tally(50, 10, 10, 10, {100: 10, 500: 10, 1000: 0})
            assert tallies[Version.STABLE].requests == 0
            read = await counters(seen.source)
            assert read.gauges[Version.CANARY] == Gauges(0.25, 0.5)
            assert seen.source.can.tells_ours_apart


async def test_a_dead_canary_shows_no_5xx_and_is_counted_as_failed_all_the_same(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 0.5):
            await made.canary.stop()
            tally = (await seen.after(40))[Version.CANARY]
            assert tally.requests == tally.failed == tally.over[500] == tally.over[1000]
            assert abs(tally.requests - 20) <= 1
            row = stats_of(await made.haproxy.say("show stat"))
            assert isinstance(row, dict) and row["site", "canary"]["hrsp_5xx"] == "0"


async def test_a_canary_that_breaks_off_is_counted_as_failed(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 1.0):
            tally = (await seen.after(10, "/cut"))[Version.CANARY]
            assert tally.failed == tally.requests >= 10  # a client may ask again by itself


async def test_a_connection_dropped_where_haproxy_counts_no_failure_at_all_is_counted_as_failed(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 1.0):
            reader, writer = await asyncio.open_connection("127.0.0.1", made.haproxy.site.visitors)
            for path, answer in (("/", b"HTTP/1.1 200 OK"), ("/cut", b"")):
                writer.write(f"GET {path} HTTP/1.1\r\nHost: site\r\n\r\n".encode())
                assert (await reader.read(4096))[:15] == answer
            writer.close()
            tally = (await counters(seen.source)).tallies[Version.CANARY]
            assert (tally.requests, tally.failed) == (2, 1)
            row = stats_of(await made.haproxy.say("show stat"))
            assert isinstance(row, dict)
            columns = ("hrsp_5xx", "econ", "eresp", "srv_abrt", "cli_abrt", "wretr", "wredis")
            assert {row["site", "canary"][column] for column in columns} == {"0"}


async def test_a_canary_that_hangs_is_failed_when_haproxy_gives_up(tmp_path: Path) -> None:
    async with bench(tmp_path, server_timeout="200ms", check_every="5s") as made:
        async for seen in watching(made, 1.0):
            made.canary.hangs = True
            tally = (await seen.after(10))[Version.CANARY]
            assert tally == Tally(10, 10, over={100: 10, 500: 10, 1000: 10})


async def test_a_dead_canary_that_redispatch_hides_from_visitors_is_noticed(tmp_path: Path) -> None:
    async with bench(tmp_path, retries=1, redispatch=True) as made:
        async for seen in watching(made, 0.5):
            await made.canary.stop()
            answers = await visit(made.haproxy.url, 40)
            assert answers == {"stable": 40}  # visitors see nothing
            tally = (await counters(seen.source)).tallies[Version.CANARY]
            assert tally.failed == tally.requests >= 15


async def test_a_mute_canary_that_answers_visitors_is_not_measured_and_a_heard_one_is_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 1.0):
            made.canary.unmeasured = True
            await visit(made.haproxy.url, 5)
            read = await seen.source.read()
            assert isinstance(read, CouldNotMeasure) and "answered 503" in read.detail
            made.canary.unmeasured = False
            await seen.source.read()
            assert (await seen.after(5))[Version.CANARY].requests == 5


async def test_a_canary_that_reports_fewer_requests_than_it_was_sent_is_not_measured_until_they_agree(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 1.0):
            made.canary.forgetful = True
            await visit(made.haproxy.url, 250)
            read = await seen.source.read()
            assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.DISAGREES
            made.canary.forgetful = False
            assert (await seen.after(250))[Version.CANARY].requests == 500


async def test_two_processes_are_summed_and_one_that_counts_anew_is_named(tmp_path: Path) -> None:
    async with bench(tmp_path, processes=2) as made:
        async for seen in watching(made, 1.0):
            await seen.after(10, number=0)
            assert (await seen.after(10, number=1))[Version.CANARY].requests == 20
            await visit(made.haproxies[0].url, 50)  # hides it in the sum
            await made.haproxies[1].reload()
            read = await seen.source.read()
            assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.RESET
            assert made.sockets[1] in read.detail
            assert (await seen.after(10, number=0))[Version.CANARY].requests == 30


async def test_a_version_that_was_restarted_is_named(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        async for seen in watching(made, 1.0):
            await seen.after(10)
            made.canary.forget()
            read = await seen.source.read()
            assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.RESET and "canary" in read.detail


async def test_what_cannot_be_read_says_why_and_where(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        wrong = {
            Unmeasured.REFUSED: source_of(made, sockets=(str(tmp_path / "none.sock"),)),
            Unmeasured.EMPTY: source_of(made, canary="canari"),
        }
        for why, source in wrong.items():
            read = await source.read()
            assert isinstance(read, CouldNotMeasure) and read.why is why
        assert "did you mean 'site/canary'" in str(read)
        await made.haproxy.freeze()
        read = await source_of(made).read()
        assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.SLOW


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", Unmeasured.GARBAGE),
        (b"HTTP/1.1 400 Bad request\r\n\r\n<html>", Unmeasured.GARBAGE),
        (bytes(range(256)) * 8, Unmeasured.GARBAGE),
        (b"# pxname,svname,stot,\nsite,stable,NaN,\nsite,canary,1,\n\n", Unmeasured.NOT_A_NUMBER),
        (b"x" * 3_000_000, Unmeasured.GARBAGE),
    ],
)
async def test_garbage_from_the_socket_is_not_measured(tmp_path: Path, answer: bytes, why: Unmeasured) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    path = str(tmp_path / "odd.sock")
    server = await asyncio.start_unix_server(serve, path)
    try:
        settings = HaproxyMetrics.Settings(sockets=(path,))
        read = await HaproxyMetrics(settings, SystemClock()).read()
        assert isinstance(read, CouldNotMeasure) and read.why is why
        router = HaproxyRouter(HaproxyRouter.Settings(sockets=(path,)))
        assert not isinstance(await router.read(), Counters)
        assert not isinstance(await router.rollback("test"), Done)
    finally:
        server.close()
