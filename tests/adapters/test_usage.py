"""CPU and memory that versions tell of themselves; whatever is no number is not measured."""

import pytest
from aiohttp import web

from golive.adapters.metrics.usage import Usage, UsageReader
from golive.core.samples import Gauges, Version

GOOD = "process_cpu_share 0.25\nprocess_memory_share 0.5\n"


@pytest.fixture
async def told():
    """Give a function that lets both versions tell a text, and gives what is read."""
    runners = []

    async def read(text, status=200):
        async def answer(request):
            return web.Response(body=text, status=status)

        app = web.Application()
        app.router.add_get("/metrics", answer)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
        reader = UsageReader(Usage(stable=url, canary="http://127.0.0.1:9/metrics"))
        found = await reader.read()
        await reader.aclose()
        return found

    yield read
    for runner in runners:
        await runner.cleanup()


async def test_each_version_is_read_by_itself(told):
    assert await told(GOOD) == {Version.STABLE: Gauges(0.25, 0.5), Version.CANARY: Gauges()}


@pytest.mark.parametrize("text", ["", "<html>", "process_cpu_share NaN\n", b"\xff\x00" * 9, "x" * 2_000_000])
async def test_what_is_no_number_is_not_measured(told, text):
    assert (await told(text))[Version.STABLE] == Gauges()


async def test_an_error_page_is_not_measured_even_when_it_has_numbers(told):
    assert (await told(GOOD, status=503))[Version.STABLE] == Gauges()
