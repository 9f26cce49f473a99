"""A person's word covers one finding of one run, for a time, with a name, a reason and something to look at."""

import hashlib

import pytest

from golive.adapters.checks.run import Known, Saw, Unseen
from golive.core.errors import Stopped
from golive.core.phases import CheckUse
from golive.core.plan import Plan
from golive.core.record import Kind
from golive.notebook import checking
from golive.notebook.page import Page
from golive.notebook.verdicts import newest
from tests.notebooks.desk import make_run

LINK = "https://tickets.example/7"


class World:
    """What the one check of the plan sees."""

    def __init__(self):
        self.saw = Saw(False, "no error", "3 errors")

    async def look(self, scene, settings):
        return self.saw


@pytest.fixture
def world(monkeypatch):
    world = World()
    monkeypatch.setattr(checking.wiring, "known_checks", lambda: {"scan": Known("The scan is clean", world.look)})
    monkeypatch.setattr(checking.wiring, "scene", lambda run: checking_scene(run))
    return world


def checking_scene(run):
    from golive.adapters.checks.run import Scene

    return Scene("", "", "", None, None, None, run.book, run.clock, run.folder.root, 0.0)


@pytest.fixture
def page(tmp_path, world):
    run = make_run(tmp_path)
    data = run.plan.model_dump()
    for phase in data["phases"]:
        phase["start_checks"] = (CheckUse(check="scan"),)
        phase["special_checks"] = ()
    data["roles"]["cto"]["name"] = "Grace"
    object.__setattr__(run, "plan", Plan.model_validate(data))
    return Page(run, "canary-25")


async def stop_of_shift(page):
    with pytest.raises(Stopped) as stop:
        await page.shift()
    return stop.value.why


async def test_a_failure_keeps_the_shift_back_until_it_is_waived(page):
    await page.checks()
    assert "scan: fail" in await stop_of_shift(page)

    page.waive("scan", "it is a false alarm", until="2h", link=LINK, second="Grace")
    assert "no guard" in await stop_of_shift(page)


async def test_a_waiver_holds_for_what_was_found_and_not_for_something_else(page, world):
    await page.checks()
    page.waive("scan", "it is a false alarm", until="2h", link=LINK, second="Grace")

    assert "✔ PASS" in str(await page.checks())
    world.saw = Saw(False, "no error", "4 errors")
    assert "✖ FAIL" in str(await page.checks())


async def test_a_waiver_ends_when_it_said(page):
    await page.checks()
    page.waive("scan", "it is a false alarm", until="2h", link=LINK, second="Grace")
    page.run.clock.advance_minutes(121)

    assert "has ended" in await stop_of_shift(page)
    assert "✖ FAIL" in str(await page.checks())


async def test_what_only_a_person_knows_is_attested_by_name(page, world):
    world.saw = Unseen("a person's statement", "nobody has said so yet")
    await page.checks()
    page.attest("scan", "nobody has reported anything", until="1h", link=LINK)

    assert "attested" in str(await page.checks())
    (entry,) = [entry for entry in page.run.store.read() if entry.kind is Kind.ATTESTED]
    assert entry.who["name"] == "ada" and entry.body["link"] == LINK


async def test_what_was_measured_bad_can_not_be_attested_away(page):
    await page.checks()
    with pytest.raises(Stopped, match="only a waiver covers that"):
        page.attest("scan", "it is fine", until="1h", link=LINK)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ({"check": "scam"}, "nothing was found under 'scam'; there are scan"),
        ({"because": "…"}, "needs a reason in words"),
        ({"until": ""}, "'2h' or"),
        ({"until": "2h ago"}, "'2h' or"),
        ({"until": "2020-01-01"}, "over already"),
        ({"link": ""}, "needs a link or a file"),
        ({"link": "javascript:alert(1)"}, "an address that begins with https"),
        ({"link": LINK, "file": "x"}, "one of them"),
        ({"link": "", "file": "/nowhere"}, "can't be kept: No such file"),
        ({"link": "", "file": "/dev/zero"}, "can't be kept: no plain file"),
        ({"second": "ada"}, "second person of the plan's roles .Grace."),
    ],
)
async def test_a_word_that_can_not_count_writes_nothing(page, word, why):
    await page.checks()
    typed = {"check": "scan", "because": "a false alarm", "until": "2h", "link": LINK, "second": "Grace", **word}

    with pytest.raises(Stopped, match=why):
        page.waive(**typed)
    assert not [entry for entry in page.run.store.read() if entry.kind is Kind.WAIVED]


async def test_a_file_is_kept_by_its_hash(page, tmp_path):
    await page.checks()
    (tmp_path / "mail (1).txt").write_text("we agree")
    page.waive("scan", "agreed", until="2h", file=str(tmp_path / "mail (1).txt"), second="Grace")

    (entry,) = [entry for entry in page.run.store.read() if entry.kind is Kind.WAIVED]
    assert entry.body["sha256"] == hashlib.sha256(b"we agree").hexdigest()
    assert (page.run.folder.evidence / entry.body["file"]).read_text() == "we agree"


async def test_what_has_passed_needs_no_word(page, world):
    world.saw = Saw(True, "no error", "none")
    await page.checks()
    with pytest.raises(Stopped, match="has passed"):
        page.waive("scan", "to be sure", until="2h", link=LINK, second="Grace")


async def test_a_waived_special_line_no_longer_holds_the_verdict(page):
    await page._check("special", [CheckUse(check="scan")])
    assert "did not all pass" in newest(page.run, page.here).reason

    page.waive("scan", "it is a false alarm", until="2h", link=LINK, second="Grace")
    assert "did not all pass" not in newest(page.run, page.here).reason


async def test_what_stands_in_the_way_comes_first_with_what_to_do(page, world):
    world.saw = Saw(False, "no error", "3 errors", then="mend them")
    answer = await page.checks()

    assert "in the way: scan" in answer.headline
    assert ("scan", "mend them") in answer.facts
