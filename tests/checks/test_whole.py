"""The criteria over the whole run are what visitors met in a world that was well, or sick; nothing is no pass."""

import asyncio
import dataclasses
import random
import time

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.sandbox import SandboxMetrics
from golive.adapters.stores.book import SqliteBook
from golive.core.difference import difference
from golive.core.samples import CouldNotMeasure, Gauges, Version
from golive.folders import RunFolder
from golive.ports import LookNote, Member, Result
from golive.sandbox import version
from golive.sandbox.faults import Fault
from golive.sandbox.router import TIMEOUT, Routing, applications
from golive.sandbox.site import Site
from tests.builders import sample
from tests.parts.memory_book import MemoryBook

PATHS = ("/", "/products", "/search", "/checkout")
AT_ONCE = 20


class World:
    """Stable, canary and router of the sandbox in this process, and the book of a guard that has watched them."""

    def __init__(self, folder):
        self.clock, self.log = SystemClock(), (folder / "site.jsonl").open("a")
        self.sites = {name: Site(name, self.log, calm=True) for name in ("stable", "canary")}
        for site in self.sites.values():
            site.random = random.Random(7)
        self.book = SqliteBook(RunFolder.make(folder / "runs", "a-run", ""), self.clock, "boot-1")
        self.fence = self.book.take(Member("guard-1", "host", "boot-1", 1, 0.0), 0, 5.0)
        self.servers = []

    async def serve(self, application):
        server = TestServer(application)
        await server.start_server()
        self.servers.append(server)
        return str(server.make_url("")).rstrip("/")

    async def start(self):
        at = {name: await self.serve(version.application(site)) for name, site in self.sites.items()}
        self.routing = Routing(0.5, "token", at, sticky=False)
        self.routing.session = aiohttp.ClientSession(timeout=TIMEOUT, auto_decompress=False)
        visitors, controls = applications(self.routing)
        self.router = await self.serve(visitors)
        named = {Version(name): url for name, url in at.items()}
        self.metrics = SandboxMetrics(await self.serve(controls), named, self.clock, {"checkout": "/checkout"})

    async def stop(self):
        await self.metrics.aclose()
        await self.routing.session.close()
        for server in self.servers:
            await server.close()
        self.log.close()

    async def visit(self, times):
        """Let visitors come, and the guard write down what they met."""
        before = await self.metrics.read()
        async with aiohttp.ClientSession() as session:
            turn = asyncio.Semaphore(AT_ONCE)

            async def one(number):
                async with turn, session.get(self.router + PATHS[number % len(PATHS)]) as answer:
                    await answer.read()

            await asyncio.gather(*map(one, range(times)))
        after = await self.metrics.read()
        assert not isinstance(before, CouldNotMeasure) and not isinstance(after, CouldNotMeasure)
        calm = Gauges(0.1, 0.2)  # what the versions would measure here is the tests' own process
        made = [dataclasses.replace(s, share=0.5, gauges=calm) for s in difference(before, after, second=time.time())]
        note = LookNote(self.clock.monotonic(), "2026-01-01T00:00:00.000Z", {})
        assert self.book.add(made, note, self.fence)


@pytest_asyncio.fixture
async def world(tmp_path):
    made = World(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def test_a_run_in_a_world_that_was_well_passes_with_each_criterion_beside_its_limit(around, world):
    await world.visit(300)
    late = around.plan.criteria.over_500ms.model_copy(update={"proceed_below": 0.5})  # a busy machine may be late
    criteria = around.plan.criteria.model_copy(update={"over_500ms": late, "over_1000ms": late})
    around.plan = around.plan.model_copy(update={"criteria": criteria})
    finding = await around.look("whole-run", book=world.book)

    assert finding.result is Result.PASS and "failed 0.00%" in finding.seen, finding
    failed = finding.evidence["failed"]
    assert failed["value"] == 0 and failed["proceed_below"] == 0.01 and failed["of"] > 100
    assert failed["worst_minute"].endswith("Z") and {"cpu", "memory", "checkout: failed"} <= set(finding.evidence)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault.ERRORS, "requests that failed: "),
        (Fault.NOT_FOUND, "4xx answers: "),
        (Fault.ONE_PATH, "failed on checkout: "),
    ],
)
async def test_its_failing_twin_in_a_world_that_fell_sick_names_the_criterion_and_the_worst_minute(
    around, world, fault, named
):
    await world.visit(100)
    world.sites["canary"].faults[fault] = time.monotonic()
    await world.visit(200)
    finding = await around.look("whole-run", book=world.book)

    assert finding.result is Result.FAIL and named in finding.seen and "not below" in finding.seen, finding
    assert "at worst" in finding.seen and "decide hold" in finding.then


async def test_a_world_that_is_slow_fails_by_its_latency(around, world):
    world.sites["canary"].faults[Fault.LATENCY] = time.monotonic()
    await world.visit(60)
    finding = await around.look("whole-run", book=world.book)

    assert finding.result is Result.FAIL and "requests over 1000 ms" in finding.seen


async def test_a_run_in_which_nobody_came_to_the_canary_could_not_be_measured(around, world):
    finding = await around.look("whole-run", book=world.book)
    assert finding.result is Result.COULD_NOT_MEASURE and "no visitor was ever counted" in finding.seen
    assert 'go.attest("whole-run"' in finding.then


def book_of(samples):
    book = MemoryBook(SystemClock())
    book.kept += samples
    return book


async def test_what_was_never_measured_is_named_and_is_no_pass(around):
    blind = [dataclasses.replace(sample(at, Version.CANARY, 100), gauges=Gauges(None, 0.2)) for at in range(60)]
    finding = await around.look("whole-run", book=book_of(blind))

    assert finding.result is Result.COULD_NOT_MEASURE and finding.seen == "never measured: CPU of the canary"


async def test_a_guard_that_was_blind_for_long_has_not_measured_the_whole_run(around):
    samples = [sample(at, Version.CANARY, 100) for at in (*range(60), *range(300, 360))]
    finding = await around.look("whole-run", book=book_of(samples))

    assert finding.result is Result.COULD_NOT_MEASURE and "33%" in finding.seen


async def test_a_book_that_does_not_answer_could_not_be_measured(around):
    book = book_of([])
    book.silent = True
    finding = await around.look("whole-run", book=book)

    assert finding.result is Result.COULD_NOT_MEASURE and finding.then


async def test_a_page_that_was_opened_by_itself_has_no_whole_run_and_says_so(around, world):
    mine = await around.look("whole-run", book=world.book, alone=True)
    theirs = await around.look("whole-run", book=world.book, alone=True, own_world=False)

    assert mine.result is Result.WAIVED and "this page was opened by itself" in mine.seen
    assert theirs.result is Result.COULD_NOT_MEASURE
