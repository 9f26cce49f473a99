"""One file for each driver's bench; each file is found by itself."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.bench import Bench


def benches(kind: type[Bench]) -> list[Any]:
    """Give every bench of a kind as a parameter of tests, with its marks."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        classes = [one for one in vars(loaded).values() if isinstance(one, type) and issubclass(one, kind)]
        found += [one for one in classes if one.__module__ == loaded.__name__]
    return [pytest.param(one, id=one.name, marks=[getattr(pytest.mark, mark) for mark in one.marks]) for one in found]


def needed(bench: type[Bench]) -> None:
    """Leave the test out, or fail with GOLIVE_ALL_GROUPS=1, when a program that the bench needs is missing."""
    for why in _missing(bench):
        if os.environ.get("GOLIVE_ALL_GROUPS") == "1":
            pytest.fail(why)
        pytest.skip(why)


def _missing(bench: type[Bench]) -> Iterator[str]:
    for program in bench.programs:
        if shutil.which(program) is None and shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin") is None:
            yield f"{program} is not installed here: make system"
