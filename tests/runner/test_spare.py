"""The next page's kernel waits warm, is used once, and leaves nothing behind."""

import os
import signal
import threading
import time

import psutil
import pytest

from golive.core.errors import GoLiveError
from golive.runner.ahead import ahead
from golive.runner.spare import Spare


@pytest.fixture
def spare(tmp_path):
    spare = Spare(tmp_path / "kernels.log")
    yield spare
    spare.close()


def kernels():
    return {p.pid for p in psutil.Process().children() if "ipykernel_launcher" in " ".join(p.cmdline())}


def test_the_kernel_that_waits_is_the_one_that_is_taken_and_no_page_gets_it_again(spare):
    with ahead(lambda: True, spare.make):
        time.sleep(0.1)
    waiting = kernels()
    first, second = spare.take(), spare.take()
    pids = {first.pid, second.pid}
    first.shut()
    second.shut()

    assert waiting == {first.pid} or waiting < pids
    assert len(waiting) == 1
    assert len(pids) == 2
    assert kernels() == set()


def test_a_spare_that_died_before_it_was_used_is_replaced(spare):
    spare.make()
    (dead,) = kernels()
    os.kill(dead, signal.SIGKILL)
    while psutil.Process(dead).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
    kernel = spare.take()
    try:
        assert kernel.lives
        assert kernel.pid != dead
        assert not psutil.pid_exists(dead)
    finally:
        kernel.shut()


def test_closing_ends_the_kernel_that_waits(spare):
    spare.make()
    spare.close()
    spare.close()

    assert kernels() == set()


def test_what_is_made_ahead_is_made_once_and_not_before_it_is_time():
    made, time_has_come = [], threading.Event()
    with ahead(time_has_come.is_set, lambda: made.append(1)):
        before = list(made)
        time_has_come.set()
        time.sleep(1)

    assert before == []
    assert made == [1]


def test_nothing_is_made_when_its_time_never_came():
    made = []
    with ahead(lambda: False, lambda: made.append(1)):
        pass

    assert made == []


def test_trouble_ahead_of_time_does_not_disturb_the_page_that_runs():
    tried = []

    def record_is_locked():
        tried.append(1)
        raise GoLiveError("the record can't be read")

    with ahead(record_is_locked, lambda: None):
        time.sleep(0.6)

    assert len(tried) > 1
