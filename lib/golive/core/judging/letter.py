"""The runbook's letter: limits on a trailing window, looked at every so often, without evidence."""

from __future__ import annotations

from golive.core.judging.measures import SENTENCES
from golive.core.judging.window import KINDS, Window
from golive.core.plan import Plan
from golive.core.samples import Sample
from golive.core.verdict import Word


class Letter:
    """What the letter says of the canary; it changes only when it is polled."""

    def __init__(self, plan: Plan) -> None:
        self._criteria = plan.criteria
        self._window = Window(plan.judging.as_written_window.total_seconds())
        self._poll = plan.judging.as_written_poll.total_seconds()
        self._polled: float | None = None
        self.word, self.why = Word.HOLD, "no canary request in the window"

    def begin(self) -> None:
        """Begin a phase: its window holds nothing of the phase before."""
        self._window.clear()
        self._polled, self.word, self.why = None, Word.HOLD, "no canary request in the window"

    def add(self, canary: Sample) -> None:
        """Take in the canary's next sample, and poll when it is time."""
        self._window.add(canary)
        if self._polled is None or canary.at - self._polled >= self._poll - 0.5:
            self._polled = canary.at
            self.word, self.why = self._read()

    def _read(self) -> tuple[Word, str]:
        if not self._window.requests:
            return Word.HOLD, "no canary request in the window"
        for kind in KINDS:
            share, limit = self._window.share(kind), getattr(self._criteria, kind)
            if limit.rollback_above is not None and share > limit.rollback_above:
                return Word.ROLLBACK, f"{share:.2%} {SENTENCES[kind]}, above {limit.rollback_above:.2%}"
        for kind in KINDS:
            share, limit = self._window.share(kind), getattr(self._criteria, kind)
            if share >= limit.proceed_below:
                return Word.HOLD, f"{share:.2%} {SENTENCES[kind]}, not below {limit.proceed_below:.2%}"
        seconds = self._window.seconds
        return Word.PROCEED, f"{self._window.requests} requests in the last {seconds:.0f} s inside every limit"
