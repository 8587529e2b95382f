"""granian or gunicorn for `storefront serve`: speed, memory, stopping, a body over the limit, a slow client."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

import click

from tests.benchmarks.load import HOST, Load, request
from tests.benchmarks.rounds import Contender, measure
from tests.benchmarks.servers import Server, free_port, granian, gunicorn, stop
from tests.benchmarks.world import THREADS, World

KINDS = {"granian": granian, "gunicorn": gunicorn}
CHUNKED_BYTES = 300 * 1024
SLOW_CLIENTS = THREADS + 4
STOPS = 3


def compare_servers(world: World, *, rounds: int, seconds: float) -> None:
    """Each with 1 and 2 processes of 8 threads, all running at once and loaded in turn."""
    event = world.handled_event()
    page = [request("GET", "/")]

    def deliveries() -> list[bytes]:
        return [world.signed("/webhook", event)]

    with ExitStack() as stack:
        servers = []
        for workers in (1, 2):
            for name, kind in KINDS.items():
                port = free_port()
                command = kind("wsgi:app", port=port, workers=workers, threads=THREADS)
                servers.append(stack.enter_context(world.serving(f"{name} {workers}x{THREADS}", command, port)))
        _print_speed("Catalog page", servers, lambda: page, rounds, seconds)
        _print_speed("Duplicate webhook", servers, deliveries, rounds, seconds)
        for server in servers:
            click.echo(f"  {server.name:24} {server.memory_mb():.0f} MB after the load")
    for name, kind in KINDS.items():
        _print_manners(world, name, kind)


def _print_speed(
    title: str, servers: list[Server], requests: Callable[[], list[bytes]], rounds: int, seconds: float
) -> None:
    def contender(server: Server) -> Contender:
        return Contender(server=server, load=lambda: Load(port=server.port, requests=requests(), seconds=seconds))

    click.echo(f"\n{title}")
    for figures in measure([contender(server) for server in servers], rounds=rounds):
        click.echo(figures.line())


def _print_manners(world: World, name: str, kind: Callable[..., list[str]]) -> None:
    port = free_port()
    command = kind("wsgi:app", port=port, workers=1, threads=THREADS)
    with world.serving(f"{name} manners", command, port) as server:
        click.echo(f"\n{name}")
        click.echo(f"  {CHUNKED_BYTES // 1024} KB chunked to /webhook: {_send_chunked(port)}")
        click.echo(f"  one page while {SLOW_CLIENTS} clients send a body slowly: {_ask_beside_slow_clients(port)}")
        click.echo(f"  RSS {server.memory_mb():.0f} MB")
    idle, busy = [], []
    for _ in range(STOPS):
        with world.serving(f"{name} manners", command, port) as server:
            idle.append(stop(server.process))
        with world.serving(f"{name} manners", command, port) as server:
            busy.append(_stop_with_request(world, server))
    seconds = median(took for took, _answer in busy)
    answers = ", ".join(answer for _took, answer in busy)
    click.echo(f"  stop: {median(idle):.2f} s idle; {seconds:.2f} s with a request under way, answered {answers}")


def _send_chunked(port: int) -> str:
    """What the client sees of a body that is over the limit and does not say how long it is."""
    with socket.create_connection((HOST, port), timeout=10) as client:
        client.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
        with contextlib.suppress(OSError):  # hanging up in the middle is an answer, too
            for _ in range(CHUNKED_BYTES // 0x2000 + 1):
                client.sendall(chunk)
            client.sendall(b"0\r\n\r\n")
        try:
            first = client.recv(65536).partition(b"\r\n")[0].decode() or "hung up"
        except OSError as error:
            first = type(error).__name__
    return f"{first}; then a page: {_ask(port)}"


def _ask(port: int) -> str:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/")
        status = str(connection.getresponse().status)
    except OSError as error:
        status = type(error).__name__
    finally:
        connection.close()
    return f"{status} in {(time.perf_counter() - begun) * 1000:.0f} ms"


def _ask_beside_slow_clients(port: int) -> str:
    """More of them than there are threads, each with a body that does not come."""
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            client = stack.enter_context(socket.create_connection((HOST, port), timeout=10))
            client.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
        time.sleep(0.5)
        return _ask(port)


def _stop_with_request(world: World, server: Server) -> tuple[float, str]:
    """SIGTERM while the page after paying waits for Stripe; the seconds until the end, and the page's status."""
    session_id = world.pay_sessions(1)[0]
    world.sandbox.control("faults", method="GET", path="/v1/checkout/sessions", delay_seconds=1.0)
    answers: list[str] = []

    def land() -> None:
        connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
        try:
            connection.request("GET", f"/checkout/return?session_id={session_id}")
            answers.append(str(connection.getresponse().status))
        except OSError as error:
            answers.append(type(error).__name__)

    buyer = threading.Thread(target=land)
    buyer.start()
    time.sleep(0.3)
    took = stop(server.process)
    buyer.join()
    return took, answers[0]
