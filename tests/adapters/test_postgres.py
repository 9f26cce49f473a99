"""The record in a real PostgreSQL: whatever becomes of server and network, nobody hangs and nothing is lost."""

import re
from pathlib import Path

import psycopg
import pytest

from golive.adapters.clocks import FakeClock
from golive.adapters.stores.files import FileTable
from golive.adapters.stores.postgres import PostgresDatabase, PostgresStore
from golive.adapters.stores.postgres_book import PostgresBook
from golive.core.errors import GoLiveError, StoreUnavailable
from golive.core.record import verify
from golive.ports import Member
from tests.parts.postgres import PASSWORD, RealPostgres
from tests.parts.relay import Relay
from tests.parts.stores import VARIABLE, note

pytestmark = [pytest.mark.staging, pytest.mark.timeout(60)]


@pytest.fixture
def url(postgres):
    """Give the URL of an empty database."""
    return postgres.database()


@pytest.fixture
def relay(postgres):
    """Give a relay before the server."""
    one = Relay(postgres.port)
    yield one
    one.close()


@pytest.fixture
def open_by(monkeypatch):
    """Open the store of a URL."""

    def opened(url, run="run"):
        monkeypatch.setenv(VARIABLE, url)
        return PostgresStore(PostgresDatabase(VARIABLE), run=run, code="test", plan="plan")

    return opened


def through(relay, url, postgres):
    return url.replace(f":{postgres.port}/", f":{relay.port}/")


def test_runs_beside_one_another_have_each_its_own_chain(url, open_by):
    one, two = open_by(url, "one"), open_by(url, "two")
    one.append(note(id="same"))
    two.append(note(id="same"))
    one.append(note())

    assert [verify(store.read()).seq for store in (one, two)] == [2, 1]


@pytest.mark.parametrize("statement", ["UPDATE entries SET text='x'", "DELETE FROM entries", "TRUNCATE entries"])
def test_the_database_itself_refuses_changes(url, open_by, statement):
    open_by(url).append(note())

    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(f"SET search_path = golive_1; {statement}")


def test_entries_are_dated_by_the_server(url, open_by):
    entry = open_by(url).append(note())
    with psycopg.connect(url) as connection:
        (server,) = connection.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')").fetchone()

    assert entry.at[:13] in (server, f"{server[:11]}{int(server[11:]) - 1:02}")


def test_a_record_that_forgets_what_it_held_is_not_written_on(url, open_by):
    store = open_by(url)
    for _ in range(3):
        store.append(note())
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = golive_1; ALTER TABLE entries DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM entries WHERE seq = 3")

    for use in (lambda: store.append(note()), store.read):
        with pytest.raises(StoreUnavailable, match="no longer holds entry 3"):
            use()


def test_a_server_that_was_started_again_is_used_at_once(open_by):
    server = RealPostgres().start()
    try:
        store = open_by(server.database())
        store.append(note())
        server.stop()
        with pytest.raises(StoreUnavailable, match="refused"):
            store.append(note(id="meanwhile"))
        server.start()

        assert store.append(note(id="meanwhile")).seq == 2
        server.stop()
        server.start()
        assert [entry.seq for entry in store.read()] == [1, 2]
    finally:
        server.close()


def test_a_frozen_server_hangs_nobody(open_by):
    server = RealPostgres().start()
    try:
        store = open_by(server.database())
        store.append(note())
        with server.frozen():
            for _ in range(20):  # after the first, at once
                with pytest.raises(StoreUnavailable, match="no answer within"):
                    store.append(note())
    finally:
        server.close()


def test_a_cut_network_hangs_nobody(url, postgres, relay, open_by):
    store = open_by(through(relay, url, postgres))
    store.append(note())
    relay.silent.set()
    with pytest.raises(StoreUnavailable):
        store.read()
    relay.silent.clear()

    assert _in_the_end(store).seq == 2


def _in_the_end(store):
    while True:
        try:
            return store.append(note())
        except StoreUnavailable:
            continue


def test_a_commit_whose_answer_was_lost_is_not_repeated(url, postgres, relay, open_by):
    store = open_by(through(relay, url, postgres))
    store.append(note())
    lost = []

    def lose_the_first(piece):
        if b"COMMIT\0" in piece and not lost:
            lost.append(piece)
            return None
        return piece

    relay.answer = lose_the_first
    entry = store.append(note(id="once"))

    assert lost
    assert entry.seq == 2
    assert [e.id for e in open_by(url).read()].count("once") == 1


def test_a_role_with_the_rights_that_the_document_gives_guards_and_changes_no_entry(url, postgres, open_by):
    open_by(url).append(note())
    role, document = "guard_of_test", (Path(__file__).parents[2] / "docs" / "store.md").read_text()
    rights = re.findall(r"```sql\n(GRANT.*?)```", document, re.DOTALL)[0].replace(" golive;", f" {role};")
    with psycopg.connect(url) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        owner.execute(rights)
    theirs = postgres.url(url.rpartition("/")[2], role, "x")
    assert open_by(theirs).append(note()).seq == 2
    database = PostgresDatabase(VARIABLE)
    book = PostgresBook(database, "run", None, FakeClock(), "boot")

    assert book.take(Member("guard-1", "host", "boot", 1, 1.0), 0, 5.0) == 1
    FileTable(database, "run").keep({"plan.yaml": "one"})
    FileTable(database, "run").keep({"plan.yaml": "two"})
    assert FileTable(database, "run").read() == {"plan.yaml": "two"}
    with psycopg.connect(theirs) as role_itself, pytest.raises(psycopg.errors.InsufficientPrivilege):
        role_itself.execute("UPDATE golive_1.entries SET text = 'x'")
    with psycopg.connect(url) as owner:
        owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_database_that_can_not_hold_every_text_is_refused(postgres, open_by):
    url = postgres.database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")

    with pytest.raises(StoreUnavailable, match="holds LATIN1"):
        open_by(url).read()


def test_without_the_variable_nothing_begins_and_the_variable_is_named(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)

    with pytest.raises(GoLiveError, match=f"{VARIABLE}, which is not set\nNEXT"):
        PostgresDatabase(VARIABLE)


@pytest.mark.parametrize("value", ["mysql://ada:hunter2@db/x", "postgresql://ada:hunter2@[db/x", "hunter2"])
def test_what_is_no_url_of_a_database_is_refused_and_never_shown(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)

    with pytest.raises(GoLiveError, match=f"the value of {VARIABLE} is no URL") as error:
        PostgresDatabase(VARIABLE)
    assert "hunter2" not in str(error.value)


def test_no_trouble_ever_shows_the_password(postgres, open_by):
    urls = [postgres.url("nowhere"), postgres.url("postgres", password=f"{PASSWORD}-wrong")]
    urls.append(urls[0].replace(f":{postgres.port}/", ":1/"))
    for url in urls:
        with pytest.raises(StoreUnavailable) as error:
            open_by(url).read()
        assert PASSWORD not in str(error.value)
        assert error.value.__suppress_context__
