"""What is refused before a byte is sent, and what goes wrong with the last: a sentence, and nothing half made."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pytest
from flask import Flask

from storefront.core.storage import STORAGE, Folder, StorageClosed, StorageFull, StorageUnavailable, Stored
from storefront.owner.health.room import LOW_BYTES
from storefront.owner.uploads.models import Upload
from storefront.owner.uploads.parts import locked_part
from storefront.owner.uploads.space import FREE_BYTES
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.releases import ReleaseState
from tests.faults.database_trouble import read_only
from tests.faults.dying import Died
from tests.owner.uploads.tus import Tus, find_release, parts, stored_file
from tests.support.releases import add_release_file
from tests.support.rows import count_rows, read_rows

DATA = bytes(range(256)) * 4
GB = 1000**3


@pytest.fixture
def tus(app: Flask) -> Tus:
    return Tus(app)


def refusal(tus: Tus, size: int = 10, **fields: Any) -> tuple[int, str]:
    answer = tus.announce(size, **fields)
    error = answer.get_json()["error"]
    return answer.status_code, f"{error['code']}: {error['message']}"


HOSTILE = [
    "../../etc/passwd", "a/b.zip", "a\\b.zip", "..", ".hidden", "a.zip.", " a.zip", "CON.zip", "nul", "a\0b.zip",
    "gpj.exe\u202ezip", "a\nb.zip", 'a"b.zip', "a:b", "a?b", "a\ufdd0b", "a\U0001ffffb",
    "\ud7ff\ue000.zip", "x" * 181, "\u00e9" * 91,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["filename", "version", "slug"])
def test_refuses_names_that_no_path_should_carry(app: Flask, tus: Tus, field: str, name: str) -> None:
    before = count_rows(app, Release, ReleaseFile, Upload)
    status, _sentence = refusal(tus, 10, **{field: name})
    assert status in (400, 404)
    assert count_rows(app, Release, ReleaseFile, Upload) == before
    assert parts(app) == []


@pytest.mark.parametrize(
    "name",
    ["\u05e7\u05d5\u05d1\u05e5.zip", "Gr\u00f6\u00dfe.zip", "a\U0001f389.zip", "a\U0001faff.zip", "x" * 180],
)
def test_takes_names_of_any_language(app: Flask, tus: Tus, name: str) -> None:
    tus.bring(DATA, filename=name)
    assert stored_file(app, name).read_bytes() == DATA


def test_refuses_what_no_release_can_hold(app: Flask, tus: Tus) -> None:
    assert refusal(tus, slug="nothing")[0] == 404
    assert refusal(tus, 0) == (409, "empty_file: tool.zip: 0 bytes. Was it copied whole?")
    assert "at most 40 characters" in refusal(tus, version="9" * 41)[1]
    assert tus.announce(10, version="9" * 40).status_code == 201
    assert count_rows(app, Upload) == {"uploads": 1}


def test_refuses_to_change_what_was_published(tus: Tus) -> None:
    status, sentence = refusal(tus, version="2.1")
    assert (status, sentence.partition(":")[0]) == (409, "release_is_there"), sentence


def test_refuses_another_file_under_a_known_name(app: Flask, tus: Tus) -> None:
    tus.bring(DATA)
    assert "give the new one a new version" in refusal(tus, 10)[1]
    assert "one file on Windows and on a Mac" in refusal(tus, 10, filename="TOOL.zip")[1]
    tus.bring(DATA, modified=2)
    path = tus.begin(len(DATA), modified=3)
    answer = tus.patch(path, 0, DATA[::-1])
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "release_file_exists")
    state = tus.ask("GET", path).get_json()
    assert (state["state"], state["offset"]) == ("failed", len(DATA))
    assert "new version" in state["reason"]
    assert stored_file(app).read_bytes() == DATA


def test_refuses_the_fifty_first_file(app: Flask, tus: Tus) -> None:
    for number in range(50):
        tus.bring(b"a", filename=f"{number}.zip")
    status, sentence = refusal(tus, filename="50.zip")
    assert (status, "put some of them into a zip file" in sentence) == (409, True)
    tus.bring(b"a", filename="7.zip", modified=2)
    release = find_release(app)
    assert release
    assert len(release.files) == 50


def test_refuses_the_eleventh_open_upload(tus: Tus) -> None:
    paths = [tus.begin(10, filename=f"{number}.zip") for number in range(10)]
    status, sentence = refusal(tus, filename="10.zip")
    assert (status, "Continue or cancel one of them" in sentence) == (409, True)
    assert tus.begin(10, filename="3.zip") == paths[3], "what was begun may go on"
    tus.ask("DELETE", paths[0])
    tus.begin(10, filename="10.zip")


def test_asks_for_room_before_a_byte_is_sent(app: Flask, tus: Tus) -> None:
    """For the part file, its copy in the folder, and what others are still to send."""
    with app.app_context():
        FREE_BYTES.set(lambda _folder: 6 * GB)
    status, sentence = refusal(tus, 3 * GB)
    assert status == 507
    assert "needs 6.0 GB on the shop's disk" in sentence
    assert "5.5 GB are free for it" in sentence
    tus.begin(2 * GB)
    assert refusal(tus, 2 * GB, filename="b.zip")[0] == 507
    tus.begin(GB, filename="b.zip")


def leave_free(app: Flask, free_bytes: int) -> None:
    with app.app_context():
        FREE_BYTES.set(lambda _folder: free_bytes)


FULL_DISK = LOW_BYTES - 1  # what is left is the shop's own


def test_asks_for_room_again_when_a_file_is_chosen_again(app: Flask, tus: Tus) -> None:
    """Of days ago, when there was room."""
    leave_free(app, 60 * GB)
    path = tus.begin(5 * GB)
    tus.patch(path, 0, DATA)
    leave_free(app, 9 * GB)
    assert refusal(tus, 5 * GB)[0] == 507, "the rest of it and its copy"
    leave_free(app, 11 * GB)
    assert tus.begin(5 * GB) == path
    assert tus.offset(path) == len(DATA)


def test_takes_no_piece_into_the_room_that_the_shop_needs(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:100])
    for free in (0, FULL_DISK, LOW_BYTES + len(DATA) - 101):
        leave_free(app, free)
        answer = tus.patch(path, 100, DATA[100:])
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (507, "no_room")
        assert "What has come so far is kept" in answer.get_json()["error"]["message"]
        assert tus.offset(path) == 100
        assert [part.stat().st_size for part in parts(app)] == [100]
    leave_free(app, LOW_BYTES + len(DATA))
    assert tus.patch(path, 100, DATA[100:]).status_code == 204
    assert stored_file(app).read_bytes() == DATA


def test_takes_no_piece_when_others_filled_the_disk_while_it_came(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    answers = iter([60 * GB])
    with app.app_context():
        FREE_BYTES.set(lambda _folder: next(answers, FULL_DISK))
    assert tus.patch(path, 0, DATA[:100]).status_code == 507
    assert [part.stat().st_size for part in parts(app)] == [0]
    assert read_rows(app, "SELECT offset_bytes, writer FROM uploads") == [{"offset_bytes": 0, "writer": None}]


@pytest.mark.parametrize("answers", [[60 * GB] * 2, [60 * GB] * 3], ids=["before the copy", "while it is copied"])
def test_puts_nothing_into_a_release_without_room_for_its_copy(app: Flask, tus: Tus, answers: list[int]) -> None:
    path, left = tus.begin(len(DATA)), iter(answers)  # the first two are for the piece
    with app.app_context():
        FREE_BYTES.set(lambda _folder: next(left, FULL_DISK))
    answer = tus.patch(path, 0, DATA)
    assert (answer.status_code, "make room, then try again" in answer.get_json()["error"]["message"]) == (
        507,
        True,
    )
    assert next(left, None) is None
    assert answer.headers["Upload-Offset"] == str(len(DATA))
    assert tus.ask("GET", path).get_json()["state"] == "failed"
    assert list(stored_file(app).parent.glob("*")) == []
    assert (
        tus.browser.post(f"/admin/products/twinspot/files{path.removeprefix('/admin')}/finish").status_code == 507
    )
    leave_free(app, 60 * GB)
    assert tus.patch(path, len(DATA), b"").status_code == 204
    assert stored_file(app).read_bytes() == DATA


def test_takes_no_file_of_a_form_without_room_for_it(app: Flask, tus: Tus) -> None:
    leave_free(app, FULL_DISK)
    files = [(BytesIO(DATA), "tool.zip")]
    answer = tus.browser.post("/admin/products/twinspot/files", version="9.0", files=files)
    assert (answer.status_code, "make room, then try again" in answer.text) == (507, True)
    assert find_release(app) is None


class Odd(Folder):
    """A folder that fails as it is told."""

    problem: BaseException | None = None

    def put(self, content: IO[bytes], *, folder: str, filename: str, content_type: str) -> Stored:
        content.read(100)
        if self.problem:
            raise self.problem
        return super().put(content, folder=folder, filename=filename, content_type=content_type)


@pytest.mark.parametrize("way", ["pieces", "form"])
def test_replaces_what_a_dead_run_left_under_the_name(app: Flask, tus: Tus, way: str) -> None:
    left = stored_file(app)
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"what a dead run left")
    if way == "pieces":
        assert tus.patch(tus.begin(len(DATA)), 0, DATA).status_code == 204
    else:
        fields = {"version": left.parent.name, "files": [(BytesIO(DATA), left.name)]}
        assert tus.browser.post("/admin/products/twinspot/files", **fields).status_code == 303
    assert stored_file(app).read_bytes() == DATA


def test_asks_for_no_room_again_while_the_file_is_copied(app: Flask, tus: Tus) -> None:
    """In a second tab, or after a reload: most of the copy may be on the disk already."""
    path = tus.begin(len(DATA))
    with failing(app, StorageUnavailable("gone for a moment")):
        tus.patch(path, 0, DATA)
    with app.app_context(), locked_part(path.rpartition("/")[2]):
        leave_free(app, LOW_BYTES + len(DATA) // 4)
        assert tus.announce(len(DATA)).status_code == 201


@contextmanager
def failing(app: Flask, problem: BaseException) -> Iterator[None]:
    with app.app_context():
        before = STORAGE.get()
        assert isinstance(before, Folder)
        odd = Odd(before.root)
        odd.problem = problem
        STORAGE.set(odd)
    yield
    with app.app_context():
        STORAGE.set(before)


def test_says_why_and_gives_bytes_back_where_the_database_takes_no_row_either(app: Flask, tus: Tus) -> None:
    whole, begun = tus.begin(len(DATA)), tus.begin(len(DATA), filename="b.zip")
    tus.patch(begun, 0, DATA[:100])
    with failing(app, StorageFull("The storage is full.")):
        tus.patch(whole, 0, DATA)
    leave_free(app, 0)
    with read_only(app):
        for path, offset in ((begun, 100), (whole, len(DATA))):
            answer = tus.patch(path, offset, DATA[offset:])
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (507, "no_room")
        assert len(parts(app)) == 2
        assert tus.ask("DELETE", begun).status_code == 503
        assert len(parts(app)) == 1, "what has room again lets the row be deleted"
    assert tus.ask("DELETE", begun).status_code == 204
    assert [row["filename"] for row in read_rows(app, "SELECT filename FROM uploads")] == ["tool.zip"]


FAILURES = [
    (StorageUnavailable("The file storage does not answer. Nothing is lost."), 503, "does not answer"),
    (StorageClosed("The shop cannot write."), 503, "could not write to its folder of files"),
    (StorageClosed("It is full of bees."), 503, "All of it is here. It is full of bees."),
    (StorageFull("The storage is full."), 507, "make room, then try again"),
]


@pytest.mark.parametrize(("problem", "status", "words"), FAILURES)
def test_is_tried_again_without_sending_again(
    app: Flask, tus: Tus, problem: Exception, status: int, words: str
) -> None:
    path = tus.begin(len(DATA))
    with failing(app, problem):
        answer = tus.patch(path, 0, DATA)
        assert (answer.status_code, words in answer.get_json()["error"]["message"]) == (status, True)
        assert answer.headers["Upload-Offset"] == str(len(DATA))
        state = tus.ask("GET", path).get_json()
        assert (state["state"], state["offset"], words in state["reason"]) == ("failed", len(DATA), True)
        assert find_release(app) is None
        assert tus.patch(path, len(DATA), b"").status_code == status
    assert tus.announce(len(DATA)).headers["Upload-Offset"] == str(len(DATA)), "chosen again, it is whole"
    assert tus.patch(path, len(DATA), b"").status_code == 204
    release = find_release(app)
    assert release
    assert release.state is ReleaseState.DRAFT
    assert stored_file(app).read_bytes() == DATA
    assert tus.patch(path, len(DATA), b"").status_code == 204, "safe to repeat"
    assert len(read_rows(app, "SELECT 1 FROM audit_entries WHERE verb = 'release.uploaded'")) == 1


def test_takes_no_file_that_the_storage_misses_for_lost_bytes(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    with failing(app, FileNotFoundError("gone")):
        assert tus.patch(path, 0, DATA).status_code == 500
    assert tus.offset(path) == len(DATA)
    assert tus.patch(path, len(DATA), b"").status_code == 204
    assert stored_file(app).read_bytes() == DATA


def test_brings_nothing_into_a_draft_that_is_canceled_while_it_is_stored(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))

    class Slow(Folder):
        def put(self, content: IO[bytes], *, folder: str, filename: str, content_type: str) -> Stored:
            stored = super().put(content, folder=folder, filename=filename, content_type=content_type)
            assert tus.ask("DELETE", path).status_code == 204
            return stored

    with app.app_context():
        before = STORAGE.get()
        assert isinstance(before, Folder)
        STORAGE.set(Slow(before.root))
    assert tus.patch(path, 0, DATA).status_code == 404
    with app.app_context():
        STORAGE.set(before)
    assert find_release(app) is None
    assert not stored_file(app).exists(), "nothing is left that no release names"
    assert parts(app) == []


def test_is_stored_after_a_process_died_while_it_stored(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    with failing(app, Died()), pytest.raises(Died):
        tus.patch(path, 0, DATA)
    state = tus.ask("GET", path).get_json()
    assert (state["state"], state["offset"]) == ("open", len(DATA)), "nobody is at it any more"
    page = tus.browser.get("/admin/products/twinspot/files").text
    assert "are here, but not in the release" in page
    assert tus.patch(path, len(DATA), b"").status_code == 204
    assert find_release(app)
    assert stored_file(app).read_bytes() == DATA


def test_says_so_when_the_disk_fills_up_in_the_middle(
    app: Flask, tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:100])

    write, room = os.pwrite, [200]

    def is_full(handle: int, data: memoryview, place: int) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[: room.pop()], place)

    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", is_full)
        answer = tus.patch(path, 100, DATA[100:])
    assert (answer.status_code, "disk is full" in answer.get_json()["error"]["message"]) == (507, True)
    assert tus.offset(path) == 100
    assert [part.stat().st_size for part in parts(app)] == [100], "what is not counted gives its room back"
    assert tus.patch(path, 100, DATA[100:]).status_code == 204


def test_goes_on_where_a_part_file_ends_that_lost_bytes(app: Flask, tus: Tus) -> None:
    """A machine that lost power with a lying disk, or a database that is newer than the folder."""
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:500])
    (part,) = parts(app)
    part.write_bytes(DATA[:200])
    answer = tus.patch(path, 500, DATA[500:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "200")
    part.unlink()
    assert tus.patch(path, 200, DATA[200:]).headers["Upload-Offset"] == "0"
    assert tus.patch(path, 0, DATA).status_code == 204
    assert stored_file(app).read_bytes() == DATA


def test_refuses_when_the_version_was_published_meanwhile(app: Flask, tus: Tus, tmp_path: Path) -> None:
    path = tus.begin(len(DATA))
    other = tmp_path / "other.zip"
    other.write_bytes(b"other")
    with app.app_context():
        add_release_file(slug="twinspot", version="9.0", source=other)
    answer = tus.patch(path, 0, DATA)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "release_is_there")
    assert not stored_file(app).exists(), "nothing is left that no release names"


def test_says_what_to_do_where_the_folder_cannot_be_made(app: Flask, tus: Tus, tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("in the way")
    status, sentence = refusal(tus)
    assert (status, "Make one named `uploads`" in sentence) == (507, True)
