"""Acts that must be awaited, and that say so when they are not."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Concatenate, ParamSpec, TypeVar

from golive.pages.answer import Answer

P = ParamSpec("P")
S = TypeVar("S")


class Awaited:
    """An act that has not begun: awaiting it begins it; shown instead, it says what to type."""

    def __init__(self, begin: Callable[[], Awaitable[Answer]], call: str) -> None:
        self._begin, self._call = begin, call

    def __await__(self) -> Generator[Any, None, Answer]:
        return self._begin().__await__()

    def _answer(self) -> Answer:
        return Answer("STOPPED", "nothing was done: this has to be awaited", next=f"await {self._call}")

    def __repr__(self) -> str:
        return str(self._answer())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._answer()._repr_mimebundle_()


def awaited(
    method: Callable[Concatenate[S, P], Awaitable[Answer]],
) -> Callable[Concatenate[S, P], Awaited]:
    """Turn a coroutine method into one that gives an `Awaited`."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> Awaited:
        given = [json.dumps(arg, ensure_ascii=False, default=repr) for arg in args]
        given += [f"{name}={json.dumps(arg, ensure_ascii=False, default=repr)}" for name, arg in kwargs.items()]
        return Awaited(lambda: method(self, *args, **kwargs), f"go.{method.__name__}({', '.join(given)})")

    return call
