"""Faults of a rehearsal: which, in which phase, and set at the right moment."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence

from golive import wanted, wiring
from golive.background import Background
from golive.core.errors import GoLiveError
from golive.core.plan import Phase, PhaseKind, Plan
from golive.core.record import Kind
from golive.run import Run
from golive.sandbox.faults import Fault

POLL = 0.1


def parse_fault(text: str, plan: Plan) -> tuple[int, Fault]:
    """Give notebook number and fault of a text such as `errors@3`, as the plan's world can have it.

    Raises:
        GoLiveError: If it has another form.
        NameUnknown: If there is no such fault.
        WorldFailed: If there is, but not in this plan's world; names those that can be had.
    """
    name, at, number = text.partition("@")
    if not at or not number.isdigit():
        raise GoLiveError(f"--fault {text!r}: NAME@PHASE was expected, PHASE being a notebook's number: 'errors@3'")
    return int(number), wanted.fault_named(name, plan)


class FaultSetter:
    """Sets a phase's faults: those of the split before it moves, all others once it has moved."""

    def __init__(self, run: Run, faults: Sequence[tuple[int, Fault]]) -> None:
        self._run, self._faults = run, tuple(faults)

    @contextlib.contextmanager
    def during(self, phase: Phase) -> Iterator[None]:
        """Set this phase's faults while its page runs.

        Raises:
            GoLiveError: At the end, if a fault could not be set: this was no rehearsal of it.
        """
        mine = [fault for number, fault in self._faults if phase.notebook.startswith(f"{number:02}_")]
        with Background(lambda over: self._set_all(phase, mine, over)) as setting:
            yield
        if setting.failed:
            raise GoLiveError(f"{phase.title}: a fault could not be set: {setting.failed}") from setting.failed

    def _set_all(self, phase: Phase, faults: Sequence[Fault], over: threading.Event) -> None:
        for fault in faults:
            shifts = phase.kind in (PhaseKind.CANARY, PhaseKind.CUTOVER)
            while shifts and not fault.before_shift and not self._shifted(phase):
                if over.wait(POLL):
                    return
            self._run.append(Kind.FAULT, {"fault": fault.value}, phase.name)
            asyncio.run(wiring.world(self._run).fault(fault.value))

    def _shifted(self, phase: Phase) -> bool:
        shift = self._run.state().named(phase.name).shift
        return shift is not None and shift.done
