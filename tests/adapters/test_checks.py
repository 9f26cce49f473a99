"""Checks run side by side; whatever one does, it is one finding, bounded and plain, and never a pass by accident."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.checks import known
from golive.adapters.checks.run import Known, Saw, Scene, Unseen, run_checks
from golive.adapters.clocks import FakeClock
from golive.core.canonical import canonical
from golive.core.errors import PlanError
from golive.core.plain import LARGEST_EVIDENCE, bounded_evidence, plain
from golive.core.plan import CheckUse
from golive.core.scalars import Part, Texts
from golive.ports import Result


def scene(**more):
    return Scene("", "", "", None, None, None, None, FakeClock(), Path("."), 0.0, **more)


class Named(Part):
    names: Texts = ()


async def look(scene, settings):
    return Saw(True, "good", "good")


def looking(result, settings=Named):
    async def looked(scene, settings):
        if isinstance(result, BaseException):
            raise result
        return result(settings) if callable(result) else result

    return Known("A line", looked, settings)


async def found(check, **use):
    (finding,) = await run_checks([CheckUse(check="line", **use)], {"line": check}, scene())
    return finding


@pytest.mark.parametrize(
    ("saw", "result"),
    [
        (Saw(True, "a", "b"), Result.PASS),
        (Saw(False, "a", "b"), Result.FAIL),
        (Saw(True, "a", "b", by="Ada"), Result.ATTESTED),
        (Saw(False, "a", "b", by="Ada"), Result.FAIL),
        (Unseen("a", "b"), Result.COULD_NOT_MEASURE),
    ],
)
async def test_what_a_check_saw_is_its_result(saw, result):
    assert (await found(looking(saw))).result is result


@pytest.mark.parametrize("error", [ValueError("no"), RuntimeError("no"), RecursionError(), AssertionError("no")])
async def test_a_check_that_raises_anything_could_not_measure(error):
    finding = await found(looking(error))

    assert finding.result is Result.COULD_NOT_MEASURE and type(error).__name__ in finding.seen


async def test_a_check_that_hangs_ends_at_the_limit_that_the_plan_gives_it():
    async def hang(scene, settings):
        await asyncio.sleep(3600)

    finding = await found(Known("A line", hang, Named), within=timedelta(milliseconds=20))

    assert finding.result is Result.COULD_NOT_MEASURE and finding.seen == "no answer in 0.02 s" and finding.then


async def test_checks_run_side_by_side():
    together = asyncio.Barrier(5)

    async def meet(scene, settings):
        await together.wait()
        return Saw(True, "all five at once", "all five")

    uses = [CheckUse(check="line", name=f"line-{n}", within=timedelta(seconds=5)) for n in range(5)]
    findings = await run_checks(uses, {"line": Known("A line", meet)}, scene())

    assert [(f.called, f.result) for f in findings] == [(f"line-{n}", Result.PASS) for n in range(5)]


async def test_each_finding_is_fresh_for_as_long_as_the_plan_says_of_its_line():
    uses = [CheckUse(check="line", name=f"{m}", fresh_for=timedelta(minutes=m)) for m in (1, 60)]
    findings = await run_checks(uses, {"line": Known("A line", look)}, scene())

    assert [finding.good_for for finding in findings] == [60.0, 3600.0]


async def test_settings_may_name_the_commit_and_what_the_world_knows():
    check = looking(lambda settings: Saw(True, "", " ".join(settings.names)))
    use = CheckUse(check="line", settings={"names": ["x/{release.commit}", "{world.reports}"]})

    (finding,) = await run_checks([use], {"line": check}, scene(commit="c0ffee", world={"reports": "/r"}))
    assert finding.seen == "x/c0ffee /r"


async def test_a_setting_that_the_world_does_not_know_is_no_pass():
    finding = await found(looking(Saw(True, "a", "b")), settings={"names": ["{world.reports}"]})

    assert finding.result is Result.COULD_NOT_MEASURE and "knows no 'reports'" in finding.seen


@given(st.text(max_size=2000))
def test_whatever_was_seen_is_one_bounded_line_that_hides_nothing(text):
    said = plain(text)

    assert len(said) <= 300 and said.isprintable()
    assert "\n" not in said and "\x1b" not in said and "\u202e" not in said


def test_evidence_is_bounded_and_plain():
    assert bounded_evidence({"a": "x\x1b[2J", "b": [1, 2]}) == {"a": "x\\x1b[2J", "b": [1, 2]}
    many = bounded_evidence({"a": ["x" * 300] * 1000})
    assert "bytes" in many["left out"] and len(canonical(many)) < LARGEST_EVIDENCE


class Point:
    name = "ours"

    def __init__(self, value, family):
        self.value, self._family = value, family

    def load(self):
        if isinstance(self._family, Exception):
            raise self._family
        return self._family


@pytest.mark.parametrize(
    ("families", "why"),
    [
        ([{"x": Known("A", look)}, {"x": Known("B", look)}], "'x' is claimed twice: 0 and 1"),
        ([ImportError("no module")], "can't be loaded: ImportError: no module"),
        ([{"x": look}], "a mapping of names to Known was expected"),
    ],
)
def test_a_family_of_somebody_elses_that_is_none_is_said_before_anything_starts(monkeypatch, families, why):
    points = [Point(str(n), family) for n, family in enumerate(families)]
    monkeypatch.setattr(known, "entry_points", lambda group: points)

    with pytest.raises(PlanError, match=why):
        known.known()


def test_every_family_of_checks_is_installed():
    assert {"guard-watching", "feature-flags", "vercel-account"} <= set(known.known())
