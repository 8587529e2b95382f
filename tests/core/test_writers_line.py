"""Writers of SQLite wait in line across processes: in order, for a limited time, and through whatever dies."""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from storefront.core.config.settings import ROOT
from storefront.core.db import WRITERS, transaction
from storefront.core.private_files import ONLY_OURS
from storefront.core.writers_line import WritersLine, find_file
from tests.support.shop import wait_for

HOLDER = """
import sys, time
from pathlib import Path
from storefront.core.private_files import ONLY_OURS
from storefront.core.writers_line import WritersLine
with WritersLine(Path(sys.argv[1])).turn(seconds=5) as has_turn:
    print(has_turn, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    path.touch(0o644)
    return path


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextmanager
def held_elsewhere(database: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "True\n"
            yield holder
        finally:
            holder.kill()


def test_lets_nobody_overtake_a_process_that_waits(database: Path) -> None:
    """Two lines on one file are two processes to the kernel. The busy one comes again and again."""
    busy, other = WritersLine(database), WritersLine(database)
    order: list[str] = []

    def write(line: WritersLine, name: str) -> None:
        with line.turn(seconds=60) as has_turn:
            assert has_turn
            order.append(name)

    for _ in range(10):
        order.clear()
        with busy.turn(seconds=60):
            waits = threading.Thread(target=write, args=(other, "other"))
            waits.start()
            wait_for(lambda: is_locked(busy.path("next")), seconds=60)
            again = [threading.Thread(target=write, args=(busy, "busy again")) for _ in range(3)]
            for thread in again:
                thread.start()
        for thread in (waits, *again):
            thread.join(60)
        assert order == ["other", *["busy again"] * 3]


def test_gives_one_turn_at_a_time_to_many_threads_of_many_processes(database: Path) -> None:
    lines = [WritersLine(database) for _ in range(4)]
    inside: list[int] = []
    seen: list[int] = []

    def write(line: WritersLine) -> None:
        for number in range(10):
            with line.turn(seconds=60) as has_turn:
                assert has_turn
                inside.append(number)
                time.sleep(0)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=write, args=(line,)) for line in lines * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [1] * 80


def test_takes_over_at_once_from_a_process_that_is_killed(database: Path) -> None:
    line = WritersLine(database)
    with held_elsewhere(database) as holder:
        threading.Timer(0.2, holder.send_signal, [signal.SIGKILL]).start()
        with line.turn(seconds=60) as has_turn:
            assert has_turn


def test_goes_on_without_a_turn_after_its_time(database: Path) -> None:
    """SQLite's own lock is what guards the data: a stopped process must not hold up all others for ever."""
    first, second = WritersLine(database), WritersLine(database)
    with first.turn(seconds=5), second.turn(seconds=0.05) as has_turn:
        assert not has_turn
    with first.turn(seconds=5), first.turn(seconds=0.05) as has_turn:
        assert not has_turn
    with second.turn(seconds=5) as has_turn:
        assert has_turn


def test_holds_no_turn_in_a_fork(database: Path) -> None:
    """Kill who took it, and let its child live on with copies of all that was open."""
    program = HOLDER.replace("time.sleep(600)", "import os; os.fork() or time.sleep(600); time.sleep(600)")
    program = program.replace("print(has_turn, flush=True)", "import os")
    program = program.replace("import os; os.fork() or", "child = os.fork(); child and print(child, flush=True);")
    command = [sys.executable, "-c", program, str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        child = int(holder.stdout.readline())
        holder.kill()
        holder.wait(60)
        try:
            with WritersLine(database).turn(seconds=60) as has_turn:
                assert has_turn
                os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)


def test_keeps_its_files_beside_the_database_for_who_may_write_it(database: Path) -> None:
    with WritersLine(database).turn(seconds=5) as has_turn:
        assert has_turn
    files = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    assert files == {"shop.db": 0o644, "shop.db-next": 0o600, "shop.db-turn": 0o600}


def test_lets_a_group_in_that_may_write_the_database(database: Path) -> None:
    database.chmod(0o660)
    before = os.umask(ONLY_OURS)  # every process of the shop has it
    try:
        with WritersLine(database).turn(seconds=5):
            pass
    finally:
        os.umask(before)
    assert Path(f"{database}-turn").stat().st_mode & 0o777 == 0o660


def test_says_once_that_processes_do_not_wait_in_line_and_goes_on(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = WritersLine(database)
    line.path("next").mkdir()
    for _ in range(3):
        with line.turn(seconds=5) as has_turn:
            assert not has_turn
    said = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in said] == ["processes do not wait in line"]
    assert said[0].__dict__["path"] == str(line.path("next"))


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////srv/shop/shop.db", "/srv/shop/shop.db"),
        ("sqlite:////srv/shop/shop.db?timeout=5", "/srv/shop/shop.db"),
        ("sqlite:////srv/shop/../shop.db", "/srv/shop.db"),
        ("sqlite:///file:/srv/shop/my%2520shop.db?mode=rwc&uri=true", "/srv/shop/my shop.db"),
        ("sqlite:///file:///srv/shop/shop.db?uri=true", "/srv/shop/shop.db"),
        ("sqlite:///file:shop?mode=memory&uri=true", None),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
    ],
)
def test_finds_the_file_of_a_database_however_it_is_named(url: str, file: str | None) -> None:
    assert find_file(make_url(url)) == (Path(file) if file else None)


def test_names_a_relative_database_by_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_file(make_url("sqlite:///shop.db")) == tmp_path.resolve() / "shop.db"


def test_waits_for_the_turn_of_another_process_before_it_writes(app: Flask) -> None:
    """Make a transaction on the shop's own database stand in the same line."""
    line = WRITERS.get(app)
    assert line is not None
    assert line.database
    wrote = threading.Event()

    def write() -> None:
        with app.app_context(), transaction():
            wrote.set()

    with WritersLine(line.database).turn(seconds=60):
        thread = threading.Thread(target=write)
        thread.start()
        wait_for(lambda: is_locked(line.path("next")), seconds=60)
        assert not wrote.is_set()
    thread.join(60)
    assert wrote.is_set()
