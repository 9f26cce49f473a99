"""What a plan says of its guards: their own times, and what notices from outside that they are gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from golive.core.scalars import DurationOrNever, Part, PositiveDuration


class DeadManRule(Part):
    """A URL outside that the acting guard calls; who is called no more alarms. Its variable is named, it never is."""

    url_variable: str
    every: PositiveDuration = timedelta(minutes=1)


def _or_none(value: Any) -> Any:
    return None if value == "none" else value


class Guarding(Part):
    """The guard's own times, and what notices from outside that it is gone.

    A long watch is summed up every `summary_every`.
    """

    look_every: PositiveDuration
    guard_silent: PositiveDuration
    blind_after: PositiveDuration
    abandon_after: DurationOrNever
    summary_every: PositiveDuration = timedelta(hours=1)
    dead_man: Annotated[DeadManRule | None, BeforeValidator(_or_none)] = None
