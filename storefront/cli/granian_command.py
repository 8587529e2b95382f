"""The web server's command line, and what it starts with."""

import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

# glibc gives threads heaps of their own, eight for each processor, and what one of them freed no other uses again.
# Threads of Python take turns anyway, so a common heap costs them nothing, and a busy process has 32 MB less.
MEMORY: Mapping[str, str] = {"MALLOC_ARENA_MAX": "1"}


def spare_memory(environ: MutableMapping[str, str]) -> None:
    """Add what a server starts with, for whoever starts one; a value of the owner's stays."""
    for name, value in MEMORY.items():
        environ.setdefault(name, value)


def server_log_path(*, as_json: bool) -> Path:
    """Return where it says how the server writes its own lines: as the shop does, with a date."""
    return Path(__file__).with_name("server_log_json.json" if as_json else "server_log_text.json")


def server_command(
    target: str, *, host: str, port: int, workers: int, threads: int, as_json: bool = False
) -> list[str]:
    """Return the web server's command line; the benchmarks serve what they compare with the same one."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    # Errors only: at its start granian warns that 8 threads are many for few cores; most of ours wait for Stripe.
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
    command += ["--log-config", str(server_log_path(as_json=as_json))]
    # Without it one process that the kernel ends for its memory takes all others along. A process that ends again
    # within seconds ends the server, so that a shop that cannot start says so once and not for ever.
    command += ["--respawn-failed-workers"]
    # Addresses hold tokens and keys: no log of them, not even where GRANIAN_LOG_ACCESS_ENABLED asks for one.
    command += ["--no-access-log"]
    # Headers within 10 seconds; HTTP/2 would let one connection begin hundreds of slow requests.
    command += ["--http", "1", "--http1-header-read-timeout", "10000"]
    return [*command, "--workers-kill-timeout", "10", "--backpressure", str(threads * 16), target]
