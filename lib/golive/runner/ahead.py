"""What is made ready while something else goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from golive.background import Background, repeatedly
from golive.core.errors import GoLiveError

POLL = 0.25


@contextlib.contextmanager
def ahead(ready: Callable[[], bool], act: Callable[[], object]) -> Iterator[None]:
    """Do `act` once, in a thread, as soon as `ready` says so, while the body goes on.

    It saves time and decides nothing: who needs what it makes makes it again when it is missing, and
    raises then. So trouble with processes, files or the record is left to that moment.
    """

    def look() -> bool:
        with contextlib.suppress(OSError, GoLiveError):
            if ready():
                act()
                return True
        return False

    with Background(lambda over: repeatedly(POLL, look, over)):
        yield
