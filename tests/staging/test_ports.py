"""Ports for programs that must be told theirs: different, free, and refused in words when there are too few."""

import socket

import pytest

from golive.core.errors import WorldFailed
from golive.staging import ports


def test_ports_are_different_and_can_be_had():
    found = ports.free(20)

    assert len(set(found)) == 20
    for port in found:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_port_that_is_taken_is_not_given_and_too_few_are_said(monkeypatch):
    first, second = ports.free(2)
    monkeypatch.setattr(ports, "OURS", (first, second))
    with socket.create_server(("127.0.0.1", first)):
        assert ports.free(1) == (second,)
        with pytest.raises(WorldFailed, match="only 1 are free, and 2 are needed\nNEXT"):
            ports.free(2)
