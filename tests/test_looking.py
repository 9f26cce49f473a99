"""The process that looks at watched lines answers each question, even when the run's world is gone."""

import io
import json

from golive import looking, wiring
from golive.core.errors import WorldFailed
from golive.looking import Looking
from golive.ports import Result
from tests.notebooks.desk import make_run


async def answered(run, request):
    answers = io.BytesIO()
    asked = Looking(run, answers)
    asked.take(request)
    (look,) = asked._looks
    await look
    return json.loads(answers.getvalue())


async def test_a_world_that_is_gone_could_not_be_measured_and_the_question_is_answered(tmp_path, monkeypatch):
    def gone(run, reads=None):
        raise WorldFailed("the world of golive-1 is gone\nNEXT     golive rehearse")

    run = make_run(tmp_path, alone=False)
    monkeypatch.setattr(wiring, "sources", lambda run: None)
    monkeypatch.setattr(looking.wiring, "scene", gone)
    told = await answered(run, {"number": 7, "phase": "canary-25", "line": "database-pool"})

    assert told["number"] == 7 and told["finding"]["called"] == "database-pool"
    assert told["finding"]["result"] == Result.COULD_NOT_MEASURE and "is gone" in told["finding"]["seen"]
    assert told["finding"]["then"].startswith("golive status")
