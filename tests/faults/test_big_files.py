"""More than 4 GiB: a real curl is killed in the middle, goes on, and has every byte; the server's memory stays."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.delivery.downloads.models import Download
from tests.delivery.downloads.sent import change_file, get, make_sparse, short_address
from tests.races.served import served
from tests.support.goods import change_sold
from tests.support.rows import count_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

pytestmark = pytest.mark.slow
MIB = 1024 * 1024
SIZE = (4 * 1024 + 100) * MIB + 3
KILLED_AFTER = 700 * MIB + 1
DIGEST = "5" * 64  # computing the true one takes longer than sending the file
BOOK = ("the-patient-toolmaker", "E-book")


def find_curl() -> str:
    program = shutil.which("curl")
    if program is None:
        assert not os.environ.get("CI"), "curl is missing"
        pytest.skip("curl is not installed")
    return program


def mark(path: Path) -> None:
    """Zeros alone would look the same wherever they came from."""
    with path.open("r+b") as content:
        for place in range(0, SIZE, 61 * MIB):
            content.seek(place)
            content.write(f"at {place}".encode())


def memory_bytes(pid: int) -> int:
    """Resident, of a process and its children."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if pid in (int(lines["Pid"]), int(lines["PPid"])):
            total += int(lines.get("VmRSS", "0 kB").split()[0]) * 1024
    return total


def server_pid(port: int) -> int:
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"granian" in words and str(port).encode() in words:
            return int(command.parent.name)
    raise AssertionError("no server found")


def fetch(address: str, *, start: int) -> "subprocess.Popen[bytes]":
    """To a pipe, so that no disk is needed."""
    command = [find_curl(), "-sS", "--fail", "--noproxy", "*", "-C", str(start), address]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def pieces(curl: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    assert curl.stdout
    with curl.stdout:
        while piece := curl.stdout.read(MIB):
            yield piece


def test_goes_on_where_curl_was_killed_and_the_servers_memory_stays(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str]
) -> None:
    sale = sell(app, sandbox, BOOK)
    change_sold(app, BOOK[0], download_limit=1)
    path = make_sparse(app, SIZE)
    mark(path)
    change_file(app, path.name, sha256=DIGEST)
    read = 0
    samples: list[int] = []
    with served(environment, workers=1) as url, path.open("rb") as original:
        address = short_address(url, sale)
        pid = server_pid(int(url.rsplit(":", 1)[1]))
        before = memory_bytes(pid)
        curl = fetch(address, start=0)
        for piece in pieces(curl):
            assert piece == original.read(len(piece)), f"other bytes after {read}"
            read += len(piece)
            if read > KILLED_AFTER:
                curl.kill()  # what is in the pipe still comes
        assert curl.wait(20) != 0
        assert KILLED_AFTER < read < SIZE
        curl = fetch(address, start=read)
        for piece in pieces(curl):
            assert piece == original.read(len(piece)), f"other bytes after {read}"
            read += len(piece)
            if read // (64 * MIB) > len(samples):
                samples.append(memory_bytes(pid))
        assert curl.wait(20) == 0
        last = get(address, headers={"Range": f"bytes={SIZE - 10}-"})
    assert read == SIZE
    assert (last.status_code, last.headers["Content-Range"]) == (206, f"bytes {SIZE - 10}-{SIZE - 1}/{SIZE}")
    assert last.headers["ETag"] == f'"{DIGEST}"'
    assert count_rows(app, Download)["downloads"] == 1
    assert len(samples) > 50
    assert min(samples) > 10 * MIB, "that was not the server"
    assert max(samples) < before + 64 * MIB
