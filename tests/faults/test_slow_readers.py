"""Forty readers that take their time, and a file of 5 GiB: pages answer, and memory stays what it is."""

from pathlib import Path

import pytest
from flask import Flask

from tests.downloads.sent import SlowReader, get, make_sparse, short_address
from tests.messages.sold import sell
from tests.races.served import served
from tests.sandbox_client import SandboxClient
from tests.shop import wait_for

pytestmark = pytest.mark.slow
GIB = 1024**3


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


def test_forty_slow_readers_keep_nobody_waiting(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str]
) -> None:
    sale = sell(app, sandbox, ("the-patient-toolmaker", "E-book"))
    make_sparse(app, sale, 5 * GIB)
    with served(environment | {"DOWNLOAD_THREADS": "40"}, workers=1) as url:
        address = short_address(url, sale)
        readers = [SlowReader(address) for _ in range(40)]
        try:
            assert {reader.status for reader in readers} == {200}
            assert [get(f"{url}/").status_code for _ in range(10)] == [200] * 10
            assert get(f"{url}/products/twinspot").status_code == 200
            busy = get(address)
            assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
        finally:
            for reader in readers:
                reader.close()

        def has_a_slot_again() -> bool:
            with SlowReaderOnce(address) as reader:
                return reader.status == 200

        wait_for(has_a_slot_again, seconds=30)


class SlowReaderOnce(SlowReader):
    def __enter__(self) -> "SlowReaderOnce":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def test_a_file_of_5_gib_takes_no_memory(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str]
) -> None:
    sale = sell(app, sandbox, ("the-patient-toolmaker", "E-book"))
    make_sparse(app, sale, 5 * GIB)
    with served(environment, workers=1) as url:
        address = short_address(url, sale)
        last = get(address, headers={"Range": f"bytes={5 * GIB - 10}-"})
        assert (last.status_code, last.content) == (206, bytes(10))
        assert last.headers["Content-Range"] == f"bytes {5 * GIB - 10}-{5 * GIB - 1}/{5 * GIB}"
        pid = server_pid(int(url.rsplit(":", 1)[1]))
        before, most, read = memory_bytes(pid), 0, 0
        with get(address, stream=True) as answer:
            for chunk in answer.iter_content(1024 * 1024):
                read += len(chunk)
                if read % (64 * 1024 * 1024) < 1024 * 1024:
                    most = max(most, memory_bytes(pid))
                if read > GIB:
                    break
        assert most < before + 100 * 1024 * 1024


def server_pid(port: int) -> int:
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"granian" in words and str(port).encode() in words:
            return int(command.parent.name)
    raise AssertionError("no server found")
