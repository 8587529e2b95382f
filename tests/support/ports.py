"""Ports for servers that must know theirs before they start."""

import secrets
import socket

# Below those that the system gives to whoever asks for any, a caller's end of a connection included: one of these
# stays free until it is used. Browsers refuse a few ports below 11,000.
RANGE = range(11_000, 32_000)
_given: set[int] = set()


def find_free_port() -> int:
    """Another one each time."""
    while True:
        # Not `random`, which tests with generated examples start anew, in each worker with the same number.
        port = secrets.choice(RANGE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
