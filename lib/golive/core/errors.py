"""Every error that golive raises on purpose.

* GoLiveError
  x PlanError            the plan is wrong; nothing was touched
  x NameUnknown          a plan, phase, run, fault, check or driver nobody knows
  x Stopped              a step may not happen; carries why and what to type next
  x LeaseLost            another guard acts, so this one does nothing more
  x StoreUnavailable     the record can't be read or written
  x RecordBroken         the chain of the record does not verify
  x WorldFailed          the world of a rehearsal did not start or has gone
  x ArchiveBroken        an archive does not match its manifest
  x NotifyFailed         people outside could not be told
  x SamplesWrong         recorded samples are not in a form that can be judged
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from golive.core.plain import plain, plain_line

LONGEST_LINE = 1500


class GoLiveError(Exception):
    """The root. Its text is one or two lines: what happened, and what to do next."""

    def _render_traceback_(self) -> list[str]:
        """Give IPython the message alone, instead of a stack trace."""
        return [plain_line(line, LONGEST_LINE) for line in str(self).splitlines()]


class Stopped(GoLiveError):
    """A step did not happen.

    Args:
        why: What stands in the way, as a sentence.
        next: The next thing to type or to do.
    """

    def __init__(self, why: str, next: str) -> None:
        self.why = plain(why, LONGEST_LINE)
        self.next = plain(next, LONGEST_LINE)
        super().__init__(f"STOPPED  {self.why}\nNEXT     {self.next}")


class PlanError(GoLiveError):
    """The plan is wrong: file, line, key, value and what was expected."""


class NameUnknown(GoLiveError):
    """A name nobody knows; the message gives the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name = kind, name
        self.known = tuple(known)
        super().__init__(f"unknown {kind} {name!r}{nearest(name, self.known)}")


class StoreUnavailable(GoLiveError):
    """The record can't be read or written just now."""


class LeaseLost(GoLiveError):
    """Another guard holds the lease, so this one does nothing more."""


class RecordBroken(GoLiveError):
    """The chain of the record does not verify; the message names the first wrong entry."""


class WorldFailed(GoLiveError):
    """The world of a rehearsal did not start, or has gone."""


class NotifyFailed(GoLiveError):
    """People outside could not be told; the message never holds an address."""


class SamplesWrong(GoLiveError):
    """Recorded samples have a wrong form: file, line, column, value, what was expected, and what to type next."""


class ArchiveBroken(GoLiveError):
    """An archive does not match its manifest; the message names the first wrong thing."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Give `": did you mean 'x'?"`, or the list of what is known when nothing is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f": did you mean {close[0]!r}? known: {', '.join(names)}"
    return f": known are {', '.join(names)}" if names else ": none is known here"
