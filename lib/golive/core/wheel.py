"""The wheel changes hands by two acts with two names; who has it goes forward, and anybody goes back."""

from __future__ import annotations

from golive.core.answers import Already, May, Stop, Yes
from golive.core.state import State


def at_the_wheel(state: State, who: str) -> May:
    """Say whether that person may go forward."""
    wheel = state.wheel
    if wheel.has(who):
        return Yes()
    offered = ", and handed it to you" if wheel.offered_to == who else ""
    return Stop(
        f"{wheel.name} has the wheel since {wheel.since}{offered}; you are {who}",
        'go.take_wheel(because="why you take it"); or, if that is you, operator = "'
        f'{wheel.name}" in the cell with the parameters',
    )


def hand_over_may(state: State, who: str, to: str, because: str) -> May:
    """Say whether `who` may hand the wheel to `to`."""
    if state.closed:
        return _over(state)
    if not any(letter.isalnum() for letter in to) or not any(letter.isalnum() for letter in because):
        return Stop("a hand-over needs a name and a reason", 'go.hand_over(to="NAME", because="why")')
    if to == who or state.wheel.offered_to == to:
        return Already(f"{state.wheel.name} has the wheel, handed to {state.wheel.offered_to or 'nobody'}")
    return at_the_wheel(state, who)


def take_wheel_may(state: State, who: str, because: str) -> May:
    """Say whether `who` may take the wheel: handed to them, or with a reason."""
    wheel = state.wheel
    if state.closed:
        return _over(state)
    if wheel.has(who):
        return Already(f"{who} has the wheel since {wheel.since}")
    if wheel.offered_to == who or any(letter.isalnum() for letter in because):
        return Yes()
    return Stop(
        f"{wheel.name} has the wheel and has not handed it to {who}", 'go.take_wheel(because="why you take it")'
    )


def _over(state: State) -> Stop:
    return Stop(f"run {state.run} was closed as {state.closed} at {state.closed_at}", f"golive verify {state.run}")
