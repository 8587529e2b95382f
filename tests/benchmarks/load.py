"""Load: several processes with raw keep-alive sockets; every answer is read whole and its status is checked.

A client library would cost more than the pages measured here. This one sends more than ten thousand requests a
second (`python -m tests.benchmarks load` measures it), so that the server stays what is slow.
"""

import multiprocessing
import re
import select
import socket
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

HOST = "127.0.0.1"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TIMEOUT_SECONDS = 30

# A fork has the requests without copying them through a pipe; the benchmark itself has no threads.
_processes = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`requests` are sent in turn: each once, or for `seconds` over and over."""

    port: int
    requests: Sequence[bytes]
    seconds: float | None
    connections: int = 8
    processes: int = 2
    expected_status: bytes = b"200"


@dataclass(slots=True, kw_only=True)
class Result:
    """`latencies` in seconds, one for each answer of the expected status; everything else is `failed`."""

    started: float
    ended: float
    latencies: "array[float]"
    failed: int

    @property
    def per_second(self) -> float:
        return len(self.latencies) / max(self.ended - self.started, 1e-9)

    def percentile_ms(self, percent: float) -> float:
        """Nearest rank, in milliseconds."""
        ordered = sorted(self.latencies)
        if not ordered:
            return float("nan")
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


@dataclass(slots=True, kw_only=True)
class _Line:
    """One connection with one request under way."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    whole: int = 0  # bytes of the whole answer, known once its head is there

    def take(self, data: bytes) -> bool:
        """True when the answer is complete."""
        self.received += data
        if not self.whole:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            length = LENGTH.search(self.received, 0, end)
            if length is None:
                raise RuntimeError(f"an answer without Content-Length: {bytes(self.received[:end])!r}")
            self.whole = end + 4 + int(length[1])
        return len(self.received) >= self.whole


class _Driver:
    """One process's share of the load, in one loop over its connections."""

    def __init__(self, load: Load, requests: Sequence[bytes], connections: int) -> None:
        self.load = load
        self.requests = requests
        self.poll = select.epoll()
        self.lines: dict[int, _Line] = {}
        self.turn = 0
        self.until = float("inf")
        self.result = Result(started=0.0, ended=0.0, latencies=array("d"), failed=0)
        for _ in range(connections):
            self._connect()

    def _connect(self) -> _Line:
        connection = socket.create_connection((HOST, self.load.port), timeout=TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = self.lines[connection.fileno()] = _Line(socket=connection)
        self.poll.register(connection.fileno(), select.EPOLLIN)
        return line

    def _reconnect(self, line: _Line) -> _Line:
        fileno = line.socket.fileno()
        self.poll.unregister(fileno)
        line.socket.close()
        del self.lines[fileno]
        return self._connect()

    def _send_next(self, line: _Line) -> bool:
        if self.load.seconds is None and self.turn >= len(self.requests):
            return False
        now = time.perf_counter()
        if now >= self.until:
            return False
        line.received.clear()
        line.whole = 0
        line.sent_at = now
        line.socket.sendall(self.requests[self.turn % len(self.requests)])
        self.turn += 1
        return True

    def _settle(self, line: _Line, data: bytes) -> None:
        self.result.ended = time.perf_counter()
        if data and line.received[9:12] == self.load.expected_status:
            self.result.latencies.append(self.result.ended - line.sent_at)
        else:
            self.result.failed += 1

    def run(self) -> Result:
        self.result.started = time.perf_counter()
        self.until = self.result.started + (self.load.seconds or float("inf"))
        busy = sum([self._send_next(line) for line in self.lines.values()])
        while busy:
            ready = self.poll.poll(TIMEOUT_SECONDS)
            if not ready:
                self.result.failed += busy  # the server does not answer any more
                break
            for fileno, _event in ready:
                line = self.lines[fileno]
                data = line.socket.recv(1 << 18)
                if data and not line.take(data):
                    continue
                self._settle(line, data)
                if not data:  # the server hung up: the next request has a connection of its own
                    line = self._reconnect(line)
                busy -= not self._send_next(line)
        for line in self.lines.values():
            line.socket.close()
        return self.result


def _report(load: Load, requests: Sequence[bytes], connections: int, barrier: Barrier, pipe: Connection) -> None:
    driver = _Driver(load, requests, connections)
    barrier.wait()
    result = driver.run()
    pipe.send((result.started, result.ended, result.latencies.tobytes(), result.failed))


def run(load: Load) -> Result:
    """Start together, add up. perf_counter() is one clock for all processes of a machine."""
    barrier = _processes.Barrier(load.processes)
    share = load.connections // load.processes
    pipes, started = [], []
    for number in range(load.processes):
        here, there = _processes.Pipe(duplex=False)
        requests = load.requests if load.seconds else load.requests[number :: load.processes]
        process = _processes.Process(target=_report, args=(load, requests, share, barrier, there))
        process.start()
        there.close()
        pipes.append(here)
        started.append(process)
    total = Result(started=float("inf"), ended=0.0, latencies=array("d"), failed=0)
    for pipe, process in zip(pipes, started, strict=True):
        begun, ended, latencies, failed = pipe.recv()
        total.started, total.ended = min(total.started, begun), max(total.ended, ended)
        total.latencies.frombytes(latencies)
        total.failed += failed
        process.join()
    return total


def request(method: str, path: str, *, body: bytes = b"", **headers: str) -> bytes:
    """A request as bytes; `stripe_signature="…"` is the header Stripe-Signature."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/html"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
