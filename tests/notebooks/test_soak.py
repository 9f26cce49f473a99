"""What a soak leaves in the notebook's file, and what it shows while it lasts."""

import asyncio
import base64
import json
import random

import pytest

from golive.core.errors import Stopped
from golive.core.record import Kind
from golive.core.samples import Sample, Tally, Version
from golive.core.verdict import Word
from golive.notebook import soak as module
from golive.notebook.desk import Desk
from golive.notebook.soak import Soak
from golive.ports import LookNote
from tests.notebooks.desk import beat, look, make_run, shifted_and_proven, verdict

PHASE = "canary-25"
TWENTY_MINUTES = 1200


@pytest.fixture
def run(tmp_path):
    made = make_run(tmp_path)
    made.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, PHASE)
    shifted_and_proven(made)
    look(made, verdict(Word.HOLD, "21 s of soak are left", left=21.0))
    return made


def soaked(run, seconds):
    chance = random.Random(7)
    samples = [
        Sample(
            1.7e9 + n, float(n), 1.0, version, Tally(80, chance.randrange(3), over={500: chance.randrange(9)}), phase=PHASE
        )
        for n in range(seconds)
        for version in Version
    ]
    beat(run)
    body = dict(run.book.last_look().body)
    run.book.add(samples, LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), 1)


def in_a_file(answer):
    return len(json.dumps(answer._repr_mimebundle_()))


async def test_the_file_holds_the_last_chart_and_stays_small_after_twenty_minutes(run):
    soaked(run, TWENTY_MINUTES)
    run.append(Kind.SOAKED, {"word": "PROCEED", "reason": "fine", "seconds": 1200.0, "at": "2026-01-01T00:20:00Z"}, PHASE)
    answer = await Soak(Desk(run), PHASE).watch(lambda: None)

    assert answer.word == "DONE" and base64.b64encode(answer.picture).decode() in answer.html()
    assert in_a_file(answer) < 250_000


def test_while_it_soaks_a_person_sees_time_left_requests_and_the_verdict_so_far(run, monkeypatch):
    monkeypatch.setattr(module, "attended", lambda: True)
    soaked(run, TWENTY_MINUTES)
    answer = Soak(Desk(run), PHASE)._progress()

    assert (answer.word, answer.headline) == ("HOLD", "21 s of soak are left")
    assert dict(answer.facts)["time left"] == "21 s of 8 s" and dict(answer.facts)["canary requests"] == "10"
    assert answer.picture.startswith(b"\x89PNG") and in_a_file(answer) < 150_000


async def test_the_stop_square_ends_the_watching_as_hold(run):
    task = asyncio.ensure_future(Soak(Desk(run), PHASE).watch(lambda: beat(run)))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(Stopped, match="HOLD, watching was interrupted; the guard goes on"):
        await task

    assert not run.state().rolled_back


def test_who_comes_back_to_a_long_soak_sees_all_of_it_at_the_first_look_and_no_request_twice(run, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 10)
    soaked(run, 3 * TWENTY_MINUTES + 120)
    view = Soak(Desk(run), PHASE)

    for _ in range(3):
        view._read_on()
    assert view._curve.seconds >= 3 * TWENTY_MINUTES
    requests = sum(tally.requests for mine in view._curve._buckets.values() for tally in mine.values())
    assert requests == 2 * 80 * (3 * TWENTY_MINUTES + 120)
