"""A relay before a server, at which a test cuts the wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class Relay:
    """Passes bytes on between clients and a server on loopback, until it is told otherwise.

    Attributes:
        silent: While true nothing is passed on and nothing is closed, as when a network is cut.
        answer: Sees each piece of the server's; gives what is passed on, None to cut the connection before it.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.silent = threading.Event()
        self.answer: Callable[[bytes], bytes | None] = lambda piece: piece
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        for one in [self._listener, *self._open]:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._open += [client, server]
            for source, target, back in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass, args=(source, target, back), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        try:
            while piece := source.recv(65536):
                while self.silent.is_set():
                    threading.Event().wait(0.02)
                passed = self.answer(piece) if back else piece
                if passed is None:
                    break
                target.sendall(passed)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
