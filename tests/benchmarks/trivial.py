"""How much the load itself can send: against a server that only answers."""

import multiprocessing
import select
import socket

import click

from tests.benchmarks.load import Load, request, run

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _answer_all(listening: socket.socket) -> None:
    """One loop, no parsing: a request of this load always arrives in one piece."""
    poll = select.epoll()
    poll.register(listening.fileno(), select.EPOLLIN)
    lines: dict[int, socket.socket] = {}
    while True:
        for fileno, _event in poll.poll():
            if fileno == listening.fileno():
                line, _address = listening.accept()
                lines[line.fileno()] = line
                poll.register(line.fileno(), select.EPOLLIN)
            elif lines[fileno].recv(1 << 16):
                lines[fileno].sendall(ANSWER)
            else:
                poll.unregister(fileno)
                lines.pop(fileno).close()


def measure_load(*, seconds: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = multiprocessing.get_context("fork").Process(target=_answer_all, args=(listening,), daemon=True)
        server.start()
        try:
            result = run(Load(port=listening.getsockname()[1], requests=[request("GET", "/")], seconds=seconds))
        finally:
            server.terminate()
            server.join()
    click.echo(
        f"The load alone, against a server that only answers: {result.per_second:.0f}/s, "
        f"p50 {result.percentile_ms(50):.2f} ms, p99 {result.percentile_ms(99):.2f} ms"
    )
