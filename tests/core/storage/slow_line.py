"""A line to a server that carries so many bytes a second, all connections together."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from urllib.parse import urlsplit

BLOCK = 16 * 1024


class _Pace:
    def __init__(self, bytes_per_second: float) -> None:
        self._rate = bytes_per_second
        self._next = 0.0
        self._lock = Lock()

    def wait(self, count: int) -> None:
        with self._lock:
            self._next = max(self._next, time.monotonic()) + count / self._rate
            seconds_left = self._next - time.monotonic()
        time.sleep(max(0.0, seconds_left))


def _pump(source: socket.socket, target: socket.socket, pace: _Pace | None) -> None:
    with suppress(OSError):
        while data := source.recv(BLOCK):
            if pace:
                pace.wait(len(data))
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def slow_line(url: str, *, bytes_per_second: float) -> Iterator[str]:
    """Yield the address of its near end; only what goes up is slow."""
    parts = urlsplit(url)
    pace = _Pace(bytes_per_second)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)  # or the kernel would be the slow line
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _address = listener.accept()
                far = socket.create_connection((parts.hostname, parts.port))
                Thread(target=_pump, args=(near, far, pace), daemon=True).start()
                Thread(target=_pump, args=(far, near, None), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
