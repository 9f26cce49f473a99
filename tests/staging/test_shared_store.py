"""A whole rehearsal whose record is in PostgreSQL."""

import psycopg
import pytest

from golive.archive.verify import Standing, read_record, verify
from golive.core.folding import fold
from golive.folders import RunFolder
from golive.plans import find
from tests.parts.postgres import PASSWORD
from tests.parts.rehearsals import Rehearsal, ours
from tests.parts.sites import SHARED
from tests.parts.stores import VARIABLE

pytestmark = [pytest.mark.staging, pytest.mark.timeout(400)]


@pytest.fixture
def rehearse(tmp_path, monkeypatch):
    """Rehearse the sandbox's plan with its record in a database; what a failed test leaves running is ended."""
    begun = []
    (tmp_path / "params").mkdir()
    (tmp_path / "golive.toml").touch()
    text = find("sandbox", None)[0].replace("name: sandbox\n", "name: shared\n", 1)
    (tmp_path / "params" / "shared.yaml").write_text(text.replace("store: run-folder", f"store: {SHARED}"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))

    def begin(url, *arguments):
        monkeypatch.setenv(VARIABLE, url)
        (tmp_path / "runs").mkdir()
        begun.append(Rehearsal(tmp_path / "runs", "shared", *arguments))
        return begun[-1]

    yield begin
    for rehearsal in begun:
        rehearsal.process.terminate()
        rehearsal.end()


def test_a_rehearsal_whose_record_is_in_a_database_completes_and_its_archive_verifies(rehearse, postgres):
    url = postgres.database()
    rehearsal = rehearse(url)

    assert rehearsal.end() == 0, rehearsal.log.read_text()
    assert ours(rehearsal.root) == []
    assert verify(rehearsal.root).standing is Standing.CONSISTENT
    entries = read_record(rehearsal.root / "record.jsonl")
    assert fold(entries).closed == "completed"
    assert not RunFolder(rehearsal.root).record.exists()
    with psycopg.connect(url) as connection:
        kept = connection.execute("SELECT text FROM golive_1.entries ORDER BY seq").fetchall()
    assert [text for (text,) in kept] == [entry.line().decode() for entry in entries]
    written = [path for path in rehearsal.root.rglob("*") if path.is_file()]
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]
