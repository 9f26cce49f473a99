"""The sandbox's surroundings, for each test its own."""

import pytest_asyncio

from tests.checks.around import Around


@pytest_asyncio.fixture
async def around(tmp_path):
    standing = Around(tmp_path)
    await standing.start()
    yield standing
    await standing.stop()
