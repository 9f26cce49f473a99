"""A signal is noted and acted upon; it never tears down what is going on."""

import os
import signal

import pytest

from golive.runner.exits import Exit
from golive.runner.signals import Signals


@pytest.mark.parametrize(
    ("number", "status", "why"),
    [
        (signal.SIGINT, Exit.INTERRUPTED, "ended by SIGINT"),
        (signal.SIGTERM, Exit.TERMINATED, "ended by SIGTERM"),
    ],
)
def test_a_signal_says_how_the_rehearsal_ends_and_raises_nothing(number, status, why):
    with Signals() as signals:
        os.kill(os.getpid(), number)

        assert signals.came == (status, why)


def test_the_first_signal_decides_and_each_ends_the_page_that_runs():
    ended = []
    with Signals() as signals:
        signals.then(lambda: ended.append(1))
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

        assert signals.came == (Exit.TERMINATED, "ended by SIGTERM")
    assert ended == [1, 1]


def test_a_signal_that_came_between_two_pages_ends_the_next_at_once():
    ended = []
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        signals.then(lambda: ended.append(1))

    assert ended == [1]


def test_a_page_that_is_over_is_not_ended_any_more():
    ended = []
    with Signals() as signals:
        signals.then(lambda: ended.append(1))
        signals.over()
        os.kill(os.getpid(), signal.SIGINT)

    assert ended == []


def test_afterwards_signals_do_what_they_did_before():
    before = signal.getsignal(signal.SIGINT)
    with Signals():
        pass

    assert signal.getsignal(signal.SIGINT) is before
