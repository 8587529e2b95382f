"""A wire between two programs that a test can stall and cut; with several ends it is a balancer."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

CHUNK = 65_536


class TcpProxy:
    """Passes bytes on to the first of its ends, in turn, that takes a connection."""

    def __init__(self, ends: Sequence[int]) -> None:
        self.ends = list(ends)
        self._turn = 0
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._take, daemon=True).start()

    def stall(self) -> None:
        """Keep connections open, and let nothing through."""
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()
        self.flow()
        self.cut()

    def _take(self) -> None:
        while True:
            try:
                caller, _address = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        self._flows.wait()
        server = self._find_end()
        if server is None:
            caller.close()
            return
        self._open |= {caller, server}
        back = threading.Thread(target=self._pass_on, args=(server, caller), daemon=True)
        back.start()
        self._pass_on(caller, server)
        back.join()
        self._open -= {caller, server}
        caller.close()
        server.close()

    def _find_end(self) -> socket.socket | None:
        self._turn += 1
        for step in range(len(self.ends)):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", self.ends[(self._turn + step) % len(self.ends)]), 5)
        return None

    def _pass_on(self, giver: socket.socket, taker: socket.socket) -> None:
        giver.settimeout(None)
        with suppress(OSError):
            while piece := giver.recv(CHUNK):
                self._flows.wait()
                taker.sendall(piece)
        for end in (giver, taker):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
