"""A line to a server of this machine that can be cut, for a process that shall be as on another host."""

import socket
import threading
from contextlib import suppress
from typing import Self

CHUNK = 65_536


class Wire:
    """Listens on a port of its own and passes everything on. While it is cut nothing flows, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._upstream = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._whole, self._ends = threading.Event(), list[socket.socket]()
        self._whole.set()
        self.port: int = self._listening.getsockname()[1]
        self.was_cut_while_in_use = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self.mend()

    def cut(self) -> None:
        self._whole.clear()
        self.was_cut_while_in_use = sum(end.fileno() >= 0 for end in self._ends)

    def mend(self) -> None:
        """Let new connections through; what was open when the line was cut is reset, as by a router that forgot it."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()
        self._whole.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        self._whole.wait()
        with suppress(OSError), near, socket.create_connection(self._upstream) as far:
            self._ends += [near, far]
            back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
            back.start()
            self._pass_on(near, far)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._whole.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
