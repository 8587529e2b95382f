"""Servers under load: started on a free port, watched through /proc, ended by their own process id."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from storefront.cli.granian_command import server_command, spare_memory
from storefront.core.config.settings import ROOT
from tests.support.shop import wait_for

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def cpu_seconds(self) -> float:
        """Of the process and its children so far. Steadier than requests per second on a busy machine."""
        ticks = 0
        for pid in _family(self.process.pid):
            after_name = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            ticks += int(after_name[11]) + int(after_name[12]) if after_name else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident memory, a page shared by several processes counted once."""
        kilobytes = 0
        for pid in _family(self.process.pid):
            for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
        return kilobytes / 1024


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""  # ended between two looks


def _family(pid: int) -> list[int]:
    pids = [pid]
    for child in _read(f"/proc/{pid}/task/{pid}/children").split():
        pids += _family(int(child))
    return pids


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def running(
    name: str, command: list[str], *, port: int, environment: Mapping[str, str], ready: str, log: Path
) -> Iterator[Server]:
    """`ready` is the path that answers 200 once it serves; the output goes to a file, as a service's does."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("STRIPE_", "MAIL_"))}
    quiet = {"STOREFRONT_ENV_FILE": "", "NO_PROXY": f"{HOST},localhost", "no_proxy": f"{HOST},localhost"}
    with log.open("ab") as output:
        whole = clean | quiet | dict(environment)
        spare_memory(whole)
        process = subprocess.Popen(command, cwd=ROOT, env=whole, stdout=output, stderr=output)
    server = Server(name=name, port=port, process=process)
    try:
        wait_for(lambda: process.poll() is not None or answers(server.url + ready), seconds=START_SECONDS)
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended at its start:\n{log.read_text(encoding='utf-8')[-2000:]}")
        yield server
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> float:
    """SIGTERM; the seconds until it has ended."""
    begun = time.perf_counter()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return time.perf_counter() - begun


def granian(target: str, *, port: int, workers: int, threads: int) -> list[str]:
    """What `storefront serve` starts."""
    return server_command(target, host=HOST, port=port, workers=workers, threads=threads)


def gunicorn(target: str, *, port: int, workers: int, threads: int) -> list[str]:
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "--workers", str(workers)]
    command += ["-k", "gthread", "--threads", str(threads), "--graceful-timeout", "10", "--log-level", "warning"]
    return [*command, target]
