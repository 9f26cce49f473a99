"""A connection to PostgreSQL on which nothing waits for ever."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from golive.core.errors import GoLiveError

SCHEMA = "golive_1"
LOCK_WITHIN = 2.5  # seconds at most; longer than a holder may idle, so that most waits end well
PATIENCE = 4.0  # seconds for any one answer, longer than the server takes to refuse
SESSION = {
    "search_path": SCHEMA,
    "statement_timeout": "3000",
    "idle_in_transaction_session_timeout": "1500",  # a frozen holder loses its lock after this
    "tcp_user_timeout": "3000",  # the server lets go of a client whose network was cut
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
    "synchronous_commit": "on",
}
CLIENT = {
    "application_name": "golive",
    "connect_timeout": "2",
    "client_encoding": "utf8",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "2",
    "tcp_user_timeout": "3000",
    "target_session_attrs": "read-write",
}


class Punctual(psycopg.Connection[Any]):
    """A connection that is closed, with an OperationalError, when an answer takes longer than `PATIENCE`.

    The server's own time-outs don't help against a server that is frozen: its machine goes on answering TCP.
    """

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer."""
        return super().wait(self._bounded(gen), *args, **kwargs)

    def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        until = time.monotonic() + PATIENCE
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {PATIENCE:.0f} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


def conninfo(url: str, variable: str, patience: float = LOCK_WITHIN) -> tuple[str, str]:
    """Give how libpq connects by a URL, with every wait bounded, and the password in it.

    Args:
        patience: Seconds to wait for who holds a lock, `LOCK_WITHIN` at most.

    Raises:
        GoLiveError: If it is no URL of a PostgreSQL database; names the variable, never the URL.
    """
    try:
        if not url.startswith(("postgresql://", "postgres://")):
            raise psycopg.ProgrammingError
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise GoLiveError(
            f"the value of {variable} is no URL of a PostgreSQL database\n"
            f"NEXT     export {variable}=postgresql://USER@HOST/DATABASE, with the password in ~/.pgpass or in the URL"
        ) from None
    session = {**SESSION, "lock_timeout": str(round(min(patience, LOCK_WITHIN) * 1000))}
    ours = " ".join(f"-c {name}={value}" for name, value in session.items())
    options = f"{given.pop('options', None) or ''} {ours}".strip()
    known = {key: str(value) for key, value in given.items() if value is not None}
    return make_conninfo(**{**CLIENT, **known, "options": options}), known.get("password", "")
