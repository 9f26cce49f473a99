"""Run a phase's checks side by side, each under a time limit of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from golive.core.errors import PlanError
from golive.core.findings import code_of
from golive.core.plain import bounded_evidence, plain
from golive.core.plan import CheckUse, Plan
from golive.core.scalars import Part
from golive.core.state import Guard
from golive.drivers import fill, validated
from golive.ports import Book, Clock, Finding, Health, MetricSource, Result, Router

COMMIT = "{release.commit}"


@dataclass(frozen=True)
class Scene:
    """What a check may look at.

    Attributes:
        site: The visitors' URL; `stable` and `canary` the versions' own.
        guards: The acting guard and the standby, as the record names them.
        own_world: Whether the run has brought its own world, so that no visitor of a real site is on it.
        claim: What the run writes into a router that shows whose go-live it is.
        share: The visitors' share on the canary as the record has it, 0 to 1.
        commit: What goes live, as the plan says it; "" when it does not.
        world: What the run's own world says of itself.
        plan: The run's plan.
        base: The folder that relative paths of settings start from.
        runs: The folder of runs.
        earlier: Evidence of this run's newest finding of each line, by what the plan calls it.
        called: What the plan calls the line that looks.
        alone: Whether the page was opened by itself, and the phases before it were assumed.
    """

    site: str
    stable: str
    canary: str
    router: Router
    metrics: MetricSource
    health: Health
    book: Book
    clock: Clock
    folder: Path
    share: float
    guards: Sequence[Guard] = ()
    own_world: bool = True
    claim: str = ""
    commit: str = ""
    world: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    base: Path = Path(".")
    runs: Path = Path(".")
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    called: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Saw:
    """What a check saw beside what it expected.

    Attributes:
        evidence: What to keep of it: counts, hashes, names; never bodies, never personal data.
        then: The next thing to do when it is not good.
        by: Who says so, when the check only read a person's statement.
    """

    good: bool
    expected: str
    seen: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    then: str = ""
    by: str = ""


@dataclass(frozen=True)
class Unseen:
    """What a check could not see, and why: could not measure, and never a pass."""

    expected: str
    why: str
    then: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Waived:
    """What a check saw that is not as expected, and whom the plan names as the one who has waived that."""

    expected: str
    seen: str
    by: str


class NoSettings(Part):
    """The settings of a check that takes none."""


Look = Callable[[Scene, Any], Awaitable[Saw | Unseen | Waived]]


@dataclass(frozen=True)
class Known:
    """A check by name: the sentence that becomes its row, how it looks, and what a plan may set for it."""

    sentence: str
    look: Look
    settings: type[Part] = NoSettings

    def checked(self, use: CheckUse, world: Mapping[str, Any] | None = None, commit: str = "") -> Part:
        """Give the settings that a plan has for it, with what only the run's world knows and the commit put in.

        Raises:
            PlanError: Naming the check, the key, and the nearest key for one that it does not know.
        """
        what = f"check {use.called!r}"
        return validated(what, self.settings, fill(_with(use.settings, commit), world or {}, f"{what}: settings"))


async def run_checks(uses: Sequence[CheckUse], known: Mapping[str, Known], scene: Scene) -> list[Finding]:
    """Give one finding for each check, in the plan's order; whatever a check does, it is a finding."""
    return list(await asyncio.gather(*(_one(use, known[use.check], scene) for use in uses)))


async def _one(use: CheckUse, check: Known, scene: Scene) -> Finding:
    begun, limit = time.monotonic(), use.within.total_seconds()
    try:
        settings = check.checked(use, scene.world, scene.commit)
        saw: Saw | Unseen | Waived = await asyncio.wait_for(
            check.look(replace(scene, called=use.called), settings), limit
        )
    except TimeoutError:
        saw = Unseen(
            "an answer", f"no answer in {limit:g} s", f"see why it is slow, or give {use.called} more `within`"
        )
    except PlanError as error:
        saw = Unseen("settings that fit", str(error), "mend the plan, and start a new run")
    except Exception as error:  # a check of anybody's may raise anything: it could not measure, and says why
        saw = Unseen("an answer", f"{type(error).__name__}: {error}")
    return _finding(use, check, saw, (time.monotonic() - begun) * 1000)


def could_not(use: CheckUse, check: Known, why: str, then: str = "") -> Finding:
    """Give the finding of a line that could not be looked at."""
    return _finding(use, check, Unseen("an answer", why, then), 0.0)


def _finding(use: CheckUse, check: Known, saw: Saw | Unseen | Waived, took: float) -> Finding:
    evidence: Mapping[str, Any] = {}
    if isinstance(saw, Unseen):
        result, seen, then, evidence = Result.COULD_NOT_MEASURE, saw.why, saw.then, saw.evidence
    elif isinstance(saw, Waived):
        result, seen, then = Result.WAIVED, f"waived by {saw.by}: {saw.seen}", ""
    else:
        good = Result.ATTESTED if saw.by else Result.PASS
        result, then = (good, "") if saw.good else (Result.FAIL, saw.then)
        seen, evidence = f"{saw.seen}, says {saw.by}" if saw.by else saw.seen, saw.evidence
    expected, seen = plain(saw.expected), plain(seen)
    return Finding(
        use.check,
        check.sentence,
        result,
        expected,
        seen,
        round(took, 1),
        bounded_evidence(evidence),
        use.called,
        code_of(use.called, result, expected, seen),
        good_for=use.fresh_for.total_seconds(),
        then=plain(then),
    )


def _with(value: Any, commit: str) -> Any:
    """Give settings with the plan's commit where they ask for it."""
    if isinstance(value, str):
        return value.replace(COMMIT, commit)
    if isinstance(value, Mapping):
        return {key: _with(part, commit) for key, part in value.items()}
    return [_with(part, commit) for part in value] if isinstance(value, list | tuple) else value
