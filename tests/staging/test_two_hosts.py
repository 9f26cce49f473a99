"""Guards on two hosts with one store: whatever becomes of a host or of its network, one guards."""

import os
import sys
import time
from contextlib import ExitStack

import pytest

from golive.adapters.clocks import SystemClock
from golive.adapters.stores.postgres import PostgresDatabase, PostgresStore
from golive.adapters.stores.postgres_book import PostgresBook
from golive.core.pair import acting_beat
from golive.core.record import Kind, verify
from tests.parts.hosts import ADDRESS, Hosts
from tests.parts.postgres import RealPostgres
from tests.parts.sites import SHARED, write_site
from tests.parts.standing import StandingSite
from tests.parts.stores import VARIABLE

pytestmark = [pytest.mark.staging, pytest.mark.timeout(150)]
BEGIN = """
from golive import wiring
from golive.start import Start
run = wiring.make_run("shop", "ada")
start = Start(run)
start.begin()
start.await_world()
start.await_guard()
print(run.folder.name)
"""


class TwoHosts:
    """A site, a store, and two hosts that guard one run."""

    def __init__(self, folder):
        self.folder, self._begun = folder, ExitStack()
        with ExitStack() as begun:  # what fails in between leaves nothing behind
            self._begin(begun)
            self._begun = begun.pop_all()

    def _begin(self, begun):
        folder = self.folder
        self.network = Hosts(folder)
        begun.callback(self.network.close)
        self.a, self.b = self.network.hosts["a"], self.network.hosts["b"]
        self.postgres = RealPostgres(self.network.middle, ADDRESS)
        begun.callback(self.postgres.close)
        self.postgres.start()
        self.url = self.postgres.database()
        os.environ[VARIABLE] = self.postgres.beside(self.url)
        self._database = PostgresDatabase(VARIABLE)
        self.site = StandingSite(folder / "site", self.network.middle, ADDRESS)
        begun.callback(self.site.close)
        for host in (self.a, self.b):
            home = folder / host.name
            home.mkdir()
            write_site(home, "shop", SHARED, self.site.names)
        self.run = self.on(self.a, "-c", BEGIN)

    def on(self, host, *words):
        """Run Python on a host, in its own project, and give what it says."""
        done = host.run(sys.executable, *words, cwd=self.folder / host.name, env=self.environment(host), timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def environment(self, host):
        home = self.folder / host.name
        return {**os.environ, VARIABLE: self.url, "GOLIVE_HOME": str(home), "XDG_STATE_HOME": str(home / "state")}

    def guard(self, host):
        """Let a host guard, too."""
        words = ["-m", "golive.cli", "guard", self.run, "--store-variable", VARIABLE]
        log = (self.folder / host.name / "log").open("w")
        return host.start(
            sys.executable, *words, cwd=self.folder / host.name, env=self.environment(host), stdout=log, stderr=log
        )

    @property
    def store(self):
        return PostgresStore(self._database, run=self.run, code="test", plan="plan")

    @property
    def book(self):
        return PostgresBook(self._database, self.run, None, SystemClock(), "boot")

    def until(self, what):
        """Return once something is so; the test's own time-out ends it when it never is."""
        while not what():
            time.sleep(0.1)

    def acting(self):
        """Give the name of the host whose guard acts, "" when none has beaten for a while."""
        beat = acting_beat(self.book.beats())
        return beat.member.host if beat is not None and beat.age < 5.0 else ""

    def close(self):
        self._begun.close()


@pytest.fixture
def hosts(tmp_path):
    """Give two hosts of which `a` has begun a run and guards it, and `b` has joined in."""
    both = TwoHosts(tmp_path)
    yield both
    both.close()


def test_when_a_host_dies_the_other_hosts_guard_acts(hosts):
    hosts.guard(hosts.b)
    hosts.until(lambda: "b" in {beat.member.host for beat in hosts.book.beats()})
    before = hosts.book.lease()
    hosts.a.die()
    hosts.until(lambda: hosts.acting() == "b")

    assert (before.holder.host, hosts.book.lease().holder.host) == ("a", "b")
    assert hosts.book.lease().fence > before.fence
    entries = hosts.store.read()
    verify(entries)
    assert {entry.who["host"] for entry in entries if entry.kind is Kind.GUARD_STARTED} == {"a", "b"}


def test_a_host_whose_network_was_cut_finds_another_guard_acting_and_leaves_it_the_run(hosts):
    hosts.guard(hosts.b)
    hosts.until(lambda: "b" in {beat.member.host for beat in hosts.book.beats()})
    hosts.a.cut()
    hosts.until(lambda: hosts.acting() == "b")
    fence = hosts.book.lease().fence
    hosts.a.mend()
    hosts.until(lambda: "a" in {beat.member.host for beat in hosts.book.beats() if beat.age < 2.0})

    assert hosts.acting() == "b"
    assert hosts.book.lease().fence == fence
    verify(hosts.store.read())
