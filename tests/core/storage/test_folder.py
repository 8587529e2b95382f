"""Files in a folder: uploads at once do not disturb each other, and leave nothing behind."""

import errno
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from werkzeug.http import parse_options_header

from storefront.core import clock
from storefront.core.disposition import disposition
from storefront.core.errors import StorefrontError
from storefront.core.storage import Folder, OtherContent, StorageClosed, StorageFull, StorageUnavailable
from tests.support.nobody import as_nobody


def put(folder: Folder, name: str, content: bytes = b"x") -> bool:
    return folder.put(io.BytesIO(content), folder="tool/1.0", filename=name, content_type="x/y").is_new


def test_keeps_the_temporary_files_of_uploads_at_once_apart(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")

    def upload(worker: int) -> int:
        return sum(put(folder, f"{worker}-{number}.bin") for number in range(150))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(upload, range(6))) == [150] * 6
    assert list((tmp_path / "files").rglob(".incoming*")) == []


def test_removes_what_a_killed_upload_left_after_a_day(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    put(folder, "a.bin")
    for hours, name in ((23, ".incoming-young"), (25, ".incoming-old")):
        leftover = tmp_path / "files" / "tool" / "1.0" / name
        leftover.touch()
        at = (clock.now() - timedelta(hours=hours)).timestamp()
        os.utime(leftover, (at, at))
    put(folder, "b.bin")
    assert [path.name for path in (tmp_path / "files").rglob(".incoming*")] == [".incoming-young"]


def test_takes_a_file_beside_parts_that_it_may_not_delete(tmp_path: Path) -> None:
    """Another user's, in a sticky folder. Tests may run as root: a folder, which nobody unlinks, stands for it."""
    folder = Folder(tmp_path / "files")
    put(folder, "a.bin")
    stuck = tmp_path / "files" / "tool" / "1.0" / ".incoming-stuck"
    stuck.mkdir()
    at = (clock.now() - timedelta(hours=25)).timestamp()
    os.utime(stuck, (at, at))
    for name in ("b.bin", "c.bin"):
        assert put(folder, name)
    assert stuck.is_dir()


def test_says_whether_a_file_is_new(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    assert [put(folder, "a.bin"), put(folder, "a.bin")] == [True, False]
    with pytest.raises(OtherContent):
        put(folder, "a.bin", b"y")
    folder.delete("tool/1.0/a.bin")
    folder.delete("tool/1.0/a.bin")
    assert put(folder, "a.bin", b"y")


@pytest.mark.parametrize(
    "name",
    [
        "plain.zip",
        "a, b; c='d'.zip",
        'the "best".zip',
        "back\\slash.zip",
        "100%25 off%2f.zip",
        "who?.zip",
        "Größe ☕.zip",
        "دليل.zip",
        "two\r\nSet-Cookie: lines.zip",
        "nul\x00.zip",
    ],
)
def test_sends_a_files_name_as_one_value_of_its_header(name: str) -> None:
    """RFC 6266: by `filename*` whole, and by `filename` alone nothing that anybody reads otherwise."""
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    kind, options = parse_options_header(header)
    assert (kind, options) == ("attachment", {"filename": name})
    plain = header.partition("; filename*=")[0]
    assert not set('%"\\') & set(plain.removeprefix('attachment; filename="').removesuffix('"'))


@pytest.mark.parametrize(
    ("call", "number", "refusal"),
    [
        ("os.fsync", errno.ENOSPC, StorageFull),
        ("os.fsync", errno.EDQUOT, StorageFull),
        ("os.link", errno.EROFS, StorageClosed),
        ("tempfile.mkstemp", errno.EACCES, StorageClosed),
    ],
)
def test_says_why_it_takes_nothing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, refusal: type[StorefrontError]
) -> None:
    def fail(*_arguments: object, **_named: object) -> int:
        raise OSError(number, os.strerror(number))

    folder = Folder(tmp_path / "files")
    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        with pytest.raises(refusal, match="nothing was saved"):
            put(folder, "a.bin")
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    assert put(folder, "a.bin")


def test_names_the_folder_that_takes_nothing_and_why(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file")
    with pytest.raises(StorageClosed) as refused:
        put(Folder(tmp_path / "files"), "a.bin")
    assert f"{tmp_path / 'files'} (Not a directory)" in str(refused.value)


def test_counts_a_file_that_it_may_not_read_as_none() -> None:
    """As after a restore by root: the size is known to everybody who may look into the folder."""
    with TemporaryDirectory() as name:  # those of pytest are closed to others
        Path(name).chmod(0o755)
        folder = Folder(Path(name))
        for path in ("open", "closed"):
            put(folder, f"{path}.zip")
        closed = Path(name) / "tool/1.0/closed.zip"
        for seen in (closed.parent, closed.parent.parent):
            seen.chmod(0o755)
        closed.chmod(0)
        with as_nobody():
            sizes = [folder.find_size(f"tool/1.0/{path}.zip") for path in ("open", "closed", "none")]
            assert sizes == [1, None, None]
        closed.parent.chmod(0)
        with as_nobody():
            assert folder.find_size("tool/1.0/open.zip") is None
            assert folder.find_local_path("tool/1.0/open.zip") is None
        closed.parent.chmod(0o755)


def test_knows_the_size_of_a_closed_file_that_nginx_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    put(folder, "a.bin")
    monkeypatch.setattr(Path, "open", refusing(errno.EACCES))
    sizes = [folder.find_size("tool/1.0/a.bin", is_sent_by_nginx=by_nginx) for by_nginx in (False, True)]
    assert sizes == [None, 1]
    assert folder.find_size("tool/1.0/none.bin", is_sent_by_nginx=True) is None


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ESTALE])
def test_takes_no_file_for_missing_that_cannot_be_read_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    folder = Folder(tmp_path)
    put(folder, "a.bin")
    path = "tool/1.0/a.bin"
    for name in ("open", "stat"):
        with monkeypatch.context() as trouble:
            trouble.setattr(Path, name, refusing(code))
            with pytest.raises(StorageUnavailable):
                folder.find_size(path)
            with pytest.raises(StorageUnavailable):
                list(folder.read(path)) if name == "open" else folder.find_local_path(path)
    assert folder.find_size(path) == 1
    with pytest.raises(FileNotFoundError):
        list(folder.read("tool/1.0/none.bin"))


def refusing(code: int) -> Callable[..., None]:
    def refuse(*_what: Any, **_more: Any) -> None:
        raise OSError(code, os.strerror(code))

    return refuse
