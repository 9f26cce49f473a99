"""How a rehearsal gets its run: a new one, or one whose runner has died."""

from __future__ import annotations

import os
from pathlib import Path

from golive import wiring
from golive.core.errors import NameUnknown, PlanError, Stopped
from golive.faults import FaultSetter, parse_fault
from golive.folders import RUNS_VARIABLE, project, runs_root
from golive.notebook.wheel import take_wheel
from golive.overview import overview
from golive.pages.overview import whole
from golive.plans import load
from golive.run import Run
from golive.runner.asked import Asked
from golive.runner.progress import say


def opened(asked: Asked) -> tuple[Run, FaultSetter]:
    """Make the run that was asked for, and give it with what sets its faults.

    Raises:
        GoLiveError: For bad input; nothing was made then.
    """
    os.environ[RUNS_VARIABLE] = str((asked.runs or runs_root()).resolve())  # kernels find the run by its name
    plan, _ = load(asked.plan, project())
    wiring.check_drivers(plan)
    if not plan.own_world:
        raise PlanError(f"plan {asked.plan} brings no world of its own, so it can't be rehearsed unattended")
    faults = [parse_fault(text, plan) for text in asked.faults]
    for number, fault in faults:
        if not any(phase.notebook.startswith(f"{number:02}_") for phase in plan.phases):
            raise NameUnknown("phase", f"{fault}@{number}", [p.notebook[:2] for p in plan.phases])
    run = wiring.make_run(asked.plan, asked.operator, unattended=True, true_limits=asked.true_limits, runs=asked.runs)
    return run, FaultSetter(run, faults)


def reopened(name: str, runs: Path | None) -> tuple[Run, FaultSetter]:
    """Give the run of that name, or at that path, and no more faults for it.

    Raises:
        NameUnknown: If there is none.
        Stopped: If persons go through it.
    """
    run = wiring.open_run(name, "resume", runs)
    if run.state().attended and not run.state().closed:
        raise Stopped(f"persons go through {run.folder.name}, and no runner does it for them", f"golive open {name}")
    say(whole(overview(run.folder.root)))
    if not run.state().closed:
        take_wheel(run, "its runner has died and it is resumed")
    os.environ[RUNS_VARIABLE] = str(run.folder.root.parent)
    return run, FaultSetter(run, ())
