"""The web server's command line."""

import sys


def server_command(target: str, *, host: str, port: int, workers: int, threads: int) -> list[str]:
    """The web server's command line; the benchmarks serve what they compare with the same one."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    # Errors only: at its start granian warns that 8 threads are many for few cores; most of ours wait for Stripe.
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
    return [*command, "--workers-kill-timeout", "10", "--backpressure", str(threads * 16), target]
