"""What only a person can know is attested by a statement of theirs, and is asked for where none counts."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from golive.adapters.checks.known import known
from golive.adapters.checks.run import Scene
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.core.plan import Plan
from golive.notebook.page import Page
from golive.ports import Result
from golive.sandbox.surroundings.pipeline import COMMIT, OTHER_COMMIT
from tests.checks.hostile import PLACES, hostile
from tests.notebooks.desk import make_run

ASKED = 'go.attest("reviewed", says="what you know", until="24h", link="https://…")'


def ago(**span):
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def statement(**changed):
    said = {"who": "Ada", "answer": "yes", "says": "read it with the team", "at": ago(hours=2), "commit": COMMIT}
    return {**said, "link": "https://tickets.example/7", **changed}


async def look(around, document, **more):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    (around.folder / "said.json").write_bytes(content)
    line = {"asks": "The plan is reviewed", "statement": "said.json", **more}
    return await around.look(CheckUse(check="statement", name="reviewed", settings=line))


async def test_a_statement_that_counts_attests_the_line_under_the_name_of_who_made_it(around):
    finding = await look(around, statement())

    assert finding.result is Result.ATTESTED and finding.seen == "read it with the team, says Ada" and not finding.then
    assert finding.evidence["link"] == "https://tickets.example/7" and len(finding.evidence["statement_sha256"]) == 64


async def test_a_line_that_names_no_statement_says_what_to_type(around):
    line = CheckUse(check="statement", name="reviewed", settings={"asks": "The plan is reviewed"})
    finding = await around.look(line)

    assert finding.result is Result.COULD_NOT_MEASURE and finding.then == ASKED
    assert finding.seen == "nobody has stated it" and finding.expected.startswith("The plan is reviewed")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (statement(commit=OTHER_COMMIT), "of commit 9b1d0f77aa4e"),
        (statement(commit=COMMIT[:7]), "does not say of which commit"),
        (statement(commit=""), "does not say of which commit"),
        (statement(at=ago(hours=-2)), "from the future"),
        (statement(at=ago(days=8)), "older than 7d"),
        (statement(at=""), "does not say when"),
        (statement(at="last week"), "its time 'last week' is none"),
        (statement(at="2026-01-01T12:00:00"), "names no zone"),
        (statement(who=""), "no name under it"),
        (statement(who=" TBD "), "no name under it"),
        (statement(says=" … "), "says nothing"),
        (statement(link="", sha256=""), "neither a link nor a file's sha256"),
        (statement(link="javascript:alert(1)"), "neither a link nor a file's sha256"),
        (statement(answer="perhaps"), "answer"),
        ({"who": "Ada"}, "answer"),
        ([], "no statement"),
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (json.dumps(statement()).encode()[:60], "cut off before its end"),
        (b"reviewed, Ada", "no JSON"),
        (b'{"who": "Ada", "who": "Eve"}', "stands twice"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"[" * 50_000, "nests too deeply"),
        (b'{"says": "' + b"x" * 200_000 + b'"}', "bytes: at most 100000 are read"),
    ],
)
async def test_what_counts_for_nothing_could_not_be_measured_says_why_and_asks(around, document, said):
    finding = await look(around, document)

    assert finding.result is Result.COULD_NOT_MEASURE and said in finding.seen and finding.then == ASKED, finding


async def test_each_reason_is_a_finding_of_its_own_that_an_attestation_for_another_does_not_cover(around):
    odd = [statement(commit=OTHER_COMMIT), statement(at=ago(days=8)), statement(who=""), b"", b"{", b"no"]
    codes = [(await look(around, document)).code for document in odd]
    again = [(await look(around, document)).code for document in odd]

    assert len(set(codes)) == len(odd) and codes == again


async def test_a_persons_no_fails_and_names_them(around):
    finding = await look(around, statement(answer="no", says="step 4 is missing"))

    assert finding.result is Result.FAIL and finding.seen == "Ada says no: step 4 is missing" and "Ada" in finding.then


async def test_a_statement_about_a_file_has_to_name_the_hash_of_that_file(around):
    (around.folder / "bill.json").write_text("{}")
    right = hashlib.sha256(b"{}").hexdigest()

    good = await look(around, statement(sha256=right.upper(), link=""), of_file="bill.json")
    assert good.result is Result.ATTESTED, good
    (around.folder / "bill.json").write_text('{"more": 1}')
    other = await look(around, statement(sha256=right), of_file="bill.json")
    assert other.result is Result.COULD_NOT_MEASURE and "of another file than bill.json" in other.seen
    gone = await look(around, statement(sha256=right), of_file="gone.json")
    assert gone.result is Result.COULD_NOT_MEASURE and "gone.json" in gone.seen


async def test_what_it_says_to_type_answers_the_line_when_it_is_typed(tmp_path, monkeypatch):
    run = make_run(tmp_path)
    data = run.plan.model_dump()
    use = CheckUse(check="statement", name="reviewed", settings={"asks": "The plan is reviewed"})
    for phase in data["phases"]:
        phase["start_checks"], phase["special_checks"] = (use,), ()
    object.__setattr__(run, "plan", Plan.model_validate(data))
    scene = Scene("", "", "", None, None, None, run.book, run.clock, run.folder.root, 0.0, commit=COMMIT)
    monkeypatch.setattr("golive.wiring.scene", lambda run: scene)
    go = Page(run, "canary-25")

    shown = str(await go.checks())
    assert ASKED in shown and "could not measure" in shown
    eval(ASKED.replace("…", "tickets.example/7"), {"go": go})
    assert "attested" in str(await go.checks())


async def test_an_approval_ends_with_the_bill_of_materials_that_it_was_given_for(around):
    assert (await around.look("sbom-approved")).result is Result.ATTESTED
    await around.fault("sbom-other-build")
    finding = await around.look("sbom-approved")

    assert finding.result is Result.COULD_NOT_MEASURE and "of another file" in finding.seen
    assert finding.then == ASKED.replace("reviewed", "sbom-approved")


@pytest_asyncio.fixture
async def nowhere_nice():
    server = hostile()
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_address_could_not_be_measured_and_asks(around, nowhere_nice, place, monkeypatch):
    monkeypatch.setattr("golive.adapters.reports.reading.report_at.__defaults__", (0.4,))
    line = {"asks": "The plan is reviewed", "statement": f"{nowhere_nice}/{place}"}
    finding = await around.look(CheckUse(check="statement", name="reviewed", settings=line))

    assert finding.result is Result.COULD_NOT_MEASURE and finding.then == ASKED and "script" not in finding.seen


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.text(max_size=20),
        lambda of: st.dictionaries(
            st.sampled_from(["who", "answer", "says", "at", "commit", "link", "sha256"]), of, max_size=7
        ),
        max_leaves=12,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_document_that_nobody_meant_as_a_statement_attests_anything(around, document):
    assert (await look(around, document)).result is Result.COULD_NOT_MEASURE


@pytest.mark.parametrize("asks", ["", " ", "…"])
def test_a_line_that_asks_nothing_is_refused_with_the_plan(asks):
    with pytest.raises(PlanError, match="a person can answer"):
        known()["statement"].checked(CheckUse(check="statement", settings={"asks": asks}))
