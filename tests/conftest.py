"""Settings for all tests, and what several groups of them start."""

import pytest
from hypothesis import settings

settings.register_profile("golive", deadline=None)  # how long an example takes says nothing about what it shows
settings.load_profile("golive")


@pytest.fixture(scope="session")
def postgres():
    """Give a running PostgreSQL of the tests' own; each test makes a database of its own in it."""
    from tests.parts.postgres import RealPostgres

    server = RealPostgres().start()
    yield server
    server.close()
