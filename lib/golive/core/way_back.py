"""What a plan says of the way back to stable: its last resorts, what else is to be undone, and how long it is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from golive.core.driver import Driver
from golive.core.phases import CheckUse
from golive.core.scalars import Number, Part, PositiveDuration, as_tuple


class LastResort(Driver):
    """What is done besides when a rollback has lasted `after` and the router still does not take it."""

    after: PositiveDuration = timedelta(seconds=20)


def _check(value: Any) -> Any:
    return {"check": value} if isinstance(value, str) else value


class AlsoUndo(Part):
    """What moving visitors back does not undo: a sentence that says what to do, and perhaps a check that sees it."""

    name: str
    sentence: str
    check: Annotated[CheckUse | None, BeforeValidator(_check)] = None


class AfterCutover(Part):
    """How the way back stands once stable has no visitors.

    Attributes:
        rollback: What a bad verdict does then.
        rollback_safe_until: After so long even a person is asked once more.
        stable_carries: Visitors' requests a second that stable is said to carry; without it, what it carried in
            the baseline counts.
    """

    rollback: Literal["hold", "roll back"]
    rollback_safe_until: PositiveDuration
    stable_carries: Number | None = None


LastResorts = Annotated[tuple[LastResort, ...], BeforeValidator(as_tuple)]
AlsoUndos = Annotated[tuple[AlsoUndo, ...], BeforeValidator(as_tuple)]
