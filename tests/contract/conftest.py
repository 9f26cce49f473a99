"""Benches as fixtures, and drivers that are closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.contract.bench import Bench, RouterBench, SourceBench
from tests.contract.benches import benches, needed


async def _started(kind: type[Bench], folder) -> AsyncIterator[Bench]:
    needed(kind)
    bench = kind(folder)
    try:
        await bench.start()
        yield bench
    finally:
        await bench.stop()


@pytest_asyncio.fixture(params=benches(RouterBench))
async def bench(request, tmp_path):
    async for one in _started(request.param, tmp_path):
        yield one


@pytest_asyncio.fixture(params=benches(SourceBench))
async def source_bench(request, tmp_path):
    async for one in _started(request.param, tmp_path):
        yield one
