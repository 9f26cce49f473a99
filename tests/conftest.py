"""Settings for all tests, and what several groups of them start."""

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("golive", deadline=None)  # how long an example takes says nothing about what it shows
settings.load_profile("golive")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background of a shell: what tests start heeds it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory):
    """Keep claims and runs out of the user's own state folder, and out of that of tests beside these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def environment(state):
    """Leave to the next test the environment variables that this one has found."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def postgres():
    """Give a running PostgreSQL of the tests' own; each test makes a database of its own in it."""
    from tests.parts.postgres import RealPostgres

    server = RealPostgres().start()
    yield server
    server.close()
