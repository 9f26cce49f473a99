"""A real PostgreSQL of a test's own, in a temporary folder: on loopback, and never the system's cluster."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.parts.ports import free_port

START = 20.0
PASSWORD = "pass-of-this-test"
SETTINGS = {"fsync": "off", "max_connections": "60", "shared_buffers": "16MB", "autovacuum": "off"}


def programs() -> Path:
    """Give the folder of PostgreSQL's programs; the test is left out, or fails with GOLIVE_ALL_GROUPS=1, without."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        why = "PostgreSQL is not installed here: apt-get install postgresql, or make system"
        if os.environ.get("GOLIVE_ALL_GROUPS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


class RealPostgres:
    """One server with its data; it refuses to be root, so that root starts it as the user `postgres`.

    Args:
        within: What its command line begins with, for example to put it into a network namespace.
        listen: The address that it listens on.
    """

    def __init__(self, within: Sequence[str] = (), listen: str = "127.0.0.1") -> None:
        self._bin, self._within, self.host = programs(), tuple(within), listen
        self.folder = Path(tempfile.mkdtemp(prefix="golive-postgres-"))
        self.port = free_port()
        self.owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(secret, "postgres", "postgres")
        made = self._run("initdb", "-D", self.folder / "data", "-U", "tester", "-A", "scram-sha-256", "--no-sync",
                         "--pwfile", secret, "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip
        assert made.returncode == 0, made.stdout
        with (self.folder / "data" / "pg_hba.conf").open("a") as rights:
            rights.write("host all all samenet scram-sha-256\n")

    def _as_owner(self) -> dict[str, object]:
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}

    def _run(self, name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(self._bin / name), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd="/", **self._as_owner())  # type: ignore[call-overload, no-any-return]

    def start(self) -> RealPostgres:
        """Start it and return once it answers."""
        sets = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        tied = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        inside = self._within and os.geteuid() == 0
        became = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if inside else []
        command = [*self._within, *became, *tied, str(self._bin / "postgres"), "-D", str(self.folder / "data")]
        command += ["-k", str(self.folder), "-p", str(self.port), "-c", f"listen_addresses={self.host}", *sets]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", **({} if self._within else self._as_owner())
            )  # type: ignore[call-overload]
        until = time.monotonic() + START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        try:
            self.admin().close()
        except psycopg.OperationalError:
            return False
        return True

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as its superuser, over its Unix socket."""
        where = {"host": str(self.folder), "port": self.port, "user": "tester", "password": PASSWORD}
        return psycopg.connect(dbname=database, autocommit=True, **where)

    def database(self, *options: str) -> str:
        """Make an empty database and give its URL."""
        name = f"golive_{uuid.uuid4().hex[:8]}"
        with self.admin() as admin:
            admin.execute(f"CREATE DATABASE {name} {' '.join(options)}".encode())
        return self.url(name)

    def url(self, name: str, user: str = "tester", password: str = PASSWORD) -> str:
        """Give the URL of a database."""
        return f"postgresql://{user}:{password}@{self.host}:{self.port}/{name}"

    def beside(self, url: str) -> str:
        """Give the URL of a database over the server's Unix socket, which needs no network."""
        return f"{url.replace(f'@{self.host}:{self.port}/', '@/')}?host={self.folder}&port={self.port}"

    def processes(self) -> list[psutil.Process]:
        """Give the server's processes, the first one first."""
        assert self._process is not None
        top = psutil.Process(self._process.pid)
        return [top, *top.children(recursive=True)]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes in their tracks, and let them go on at the end."""
        stopped = self.processes()
        for process in stopped:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(stopped):
                process.resume()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Return once it is gone, with every session ended."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            process.wait(START)

    def close(self) -> None:
        """Stop it and take its folder away."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
