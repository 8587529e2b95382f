"""tus 1.0 by hand: what each request answers, and that nothing is counted that is not on the disk."""

import hashlib
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.owner.people.models import Role
from storefront.owner.uploads.start import MOST_BYTES
from storefront.shop.catalog.releases import ReleaseState
from tests.owner.uploads.tus import OFFSET_TYPE, Tus, find_release, metadata, parts, stored_file
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
DATA = bytes(range(256)) * 4


@pytest.fixture
def tus(app: Flask) -> Tus:
    return Tus(app)


def test_says_what_it_speaks(tus: Tus) -> None:
    answer = tus.ask("OPTIONS", "/admin/uploads", {"Tus-Resumable": ""})
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,expiration"
    assert answer.headers["Tus-Max-Size"] == str(MOST_BYTES)


@both
def test_makes_a_draft_of_what_came_in_pieces(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    for start in (0, 400, 800):
        answer = tus.patch(path, start, DATA[start : start + 400])
        assert (answer.status_code, answer.headers["Tus-Resumable"]) == (204, "1.0.0")
        assert answer.headers["Upload-Offset"] == str(min(start + 400, len(DATA)))
        assert answer.headers["Upload-Expires"].endswith("GMT")
    release = find_release(app)
    assert release
    assert release.state is ReleaseState.DRAFT
    (file,) = release.files
    assert (file.filename, file.size_bytes) == ("tool.zip", len(DATA))
    assert file.sha256 == hashlib.sha256(DATA).hexdigest()
    assert stored_file(app).read_bytes() == DATA
    assert parts(app) == []
    entry = read_rows(app, "SELECT * FROM audit_entries WHERE verb = 'release.uploaded'")[-1]
    assert (entry["actor"], entry["subject"]) == ("owner@example.com", "twinspot 9.0")
    assert tus.offset(path) == len(DATA)
    assert tus.ask("GET", path).get_json()["state"] == "finished"


@both
def test_takes_a_file_of_five_gigabytes_into_its_rows(app: Flask, tus: Tus) -> None:
    path = tus.begin(MOST_BYTES)
    assert tus.offset(path) == 0
    change_rows(app, "UPDATE release_files SET size_bytes = :size WHERE id = 1", size=MOST_BYTES)
    assert read_rows(app, "SELECT size_bytes FROM release_files WHERE id = 1")[0]["size_bytes"] == MOST_BYTES


def test_refuses_a_wrong_offset_and_says_the_right_one(tus: Tus) -> None:
    path = tus.begin(len(DATA))
    assert tus.patch(path, 0, DATA[:100]).status_code == 204
    for offset in (0, 99, 101, 500):
        answer = tus.patch(path, offset, DATA[offset : offset + 10])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "100")
    assert tus.offset(path) == 100


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_refuses_another_version(tus: Tus, method: str, version: str) -> None:
    path = tus.begin(10)
    where = "/admin/uploads" if method == "POST" else path
    answer = tus.ask(method, where, {"Tus-Resumable": version, "Upload-Offset": "0"}, content_type=OFFSET_TYPE)
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert tus.offset(path) == 0


def test_refuses_bytes_of_another_type(tus: Tus) -> None:
    path = tus.begin(10)
    for kind in ("application/octet-stream", "text/plain", "application/x-www-form-urlencoded", None):
        answer = tus.ask("PATCH", path, {"Upload-Offset": "0"}, data=b"0123456789", content_type=kind)
        assert answer.status_code == 415, kind
    assert tus.offset(path) == 0


@pytest.mark.parametrize("offset", ["", "-1", "1e2", "٣", "9" * 30])
def test_refuses_an_offset_that_is_no_number(tus: Tus, offset: str) -> None:
    path = tus.begin(10)
    headers = {"Upload-Offset": offset.encode().decode("latin-1")}
    assert tus.ask("PATCH", path, headers, data=b"1", content_type=OFFSET_TYPE).status_code == 400


def test_refuses_more_than_was_announced(tus: Tus) -> None:
    path = tus.begin(10)
    assert tus.patch(path, 0, b"0123456789A").status_code == 413
    assert tus.patch(path, 0, b"01234").status_code == 204
    assert tus.patch(path, 5, b"56789A").status_code == 413
    assert tus.offset(path) == 5


def test_refuses_a_piece_that_is_too_large_and_a_file_that_is_too_large(tus: Tus) -> None:
    path = tus.begin(20 * 1024 * 1024)
    answer = tus.ask(
        "PATCH",
        path,
        {"Upload-Offset": "0"},
        content_type=OFFSET_TYPE,
        environ_overrides={"CONTENT_LENGTH": str(16 * 1024 * 1024 + 1)},
    )
    assert answer.status_code == 413
    answer = tus.announce(MOST_BYTES + 1)
    assert (answer.status_code, answer.headers["Tus-Max-Size"]) == (413, str(MOST_BYTES))
    assert "storefront releases upload" in answer.get_json()["error"]["message"]


def test_keeps_what_came_before_the_line_broke(app: Flask, tus: Tus) -> None:
    """Of a body whose end never comes."""
    data = DATA * 300
    path = tus.begin(len(data))

    class Broken:
        def __init__(self, kept: int) -> None:
            self.left = kept

        def read(self, size: int) -> bytes:
            if not self.left:
                raise OSError("connection reset")
            size = min(size, self.left)
            self.left -= size
            return data[:size]

    answer = tus.ask(
        "PATCH",
        path,
        {"Upload-Offset": "0"},
        content_type=OFFSET_TYPE,
        environ_overrides={"CONTENT_LENGTH": str(len(data)), "wsgi.input": Broken(1000)},
    )
    assert answer.headers["Upload-Offset"] == "1000"
    assert tus.offset(path) == 1000
    assert parts(app)[0].stat().st_size == 1000


def test_takes_a_post_for_what_a_proxy_does_not_let_through(tus: Tus) -> None:
    path = tus.begin(len(DATA))
    told = {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    answer = tus.ask("POST", path, told, data=DATA[:100], content_type=OFFSET_TYPE)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "100")
    assert tus.ask("POST", path, {"X-HTTP-Method-Override": "PUT"}).status_code == 405
    assert tus.ask("POST", path).status_code == 405
    assert tus.ask("POST", path, {"X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert tus.ask("HEAD", path).status_code == 404


def test_gives_up_what_is_canceled(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:100])
    assert len(parts(app)) == 1
    assert tus.ask("DELETE", path).status_code == 204
    assert parts(app) == []
    for answer in (tus.ask("HEAD", path), tus.patch(path, 100, DATA[100:]), tus.ask("DELETE", path)):
        assert answer.status_code == 404


def test_knows_nothing_of_addresses_that_nobody_was_given(tus: Tus) -> None:
    for name in ("nothing", "a" * 65, "..%2f..%2fetc", "%00", "a.part"):
        assert tus.ask("HEAD", f"/admin/uploads/{name}").status_code in (400, 404), name


def test_is_over_after_seven_idle_days(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:100])
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1), tick=False):
        later = Tus(app, "later@example.com")
        change_rows(app, "UPDATE uploads SET person_id = :id", id=later.person_id)
        assert later.ask("HEAD", path).status_code == 410
        assert later.patch(path, 100, DATA[100:]).status_code == 410


def test_goes_on_in_another_browser_with_the_same_file(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:300])
    again = tus.announce(len(DATA))
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (path, "300")
    (listed,) = tus.ask("GET", "/admin/uploads?product=twinspot").get_json()["uploads"]
    assert (listed["url"], listed["offset"], listed["modified"]) == (path, 300, 1)
    assert tus.ask("GET", "/admin/uploads?product=soft-taps").get_json() == {"uploads": []}
    for other in ({"modified": 2}, {"filename": "b.zip"}, {"version": "9.1"}):
        assert tus.begin(len(DATA), **other) != path
    tus.patch(path, 300, DATA[300:])
    assert tus.begin(len(DATA)) != path, "what is finished is not begun again"


def test_shows_an_upload_to_nobody_else(app: Flask, tus: Tus) -> None:
    path = tus.begin(len(DATA))
    other = Tus(app, "other@example.com")
    assert other.ask("HEAD", path).status_code == 404
    assert other.patch(path, 0, DATA).status_code == 404
    assert other.ask("DELETE", path).status_code == 404
    assert other.ask("GET", "/admin/uploads?product=twinspot").get_json() == {"uploads": []}
    assert other.begin(len(DATA)) != path


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READER])
def test_is_for_owners_only(app: Flask, tus: Tus, role: Role) -> None:
    path, other = tus.begin(200_000), Tus(app, "other@example.com", role)
    assert other.announce(10).status_code == 403
    for size in (10, 200_000):
        assert other.patch(path, 0, b"a" * size).status_code == 403
    assert other.ask("DELETE", path).status_code == 403
    assert tus.offset(path) == 0


def test_reads_no_large_body_of_a_stranger(app: Flask, tus: Tus) -> None:
    path = tus.begin(200_000)
    stranger = app.test_client()
    for size, status in ((10, 400), (200_000, 401)):
        answer = stranger.patch(
            path,
            base_url="http://localhost",
            data=b"a" * size,
            content_type=OFFSET_TYPE,
            headers={"Upload-Offset": "0"},
        )
        assert answer.status_code == status
    form = {"files": (b"a" * 200_000, "a.zip")}
    answer = stranger.post(
        "/admin/products/twinspot/files",
        base_url="http://localhost",
        data=b"--x\r\n" + b"a" * 200_000,
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 401, form


@pytest.mark.parametrize(("method", "own"), [("POST", False), ("PATCH", True), ("DELETE", True)])
def test_demands_the_form_token(tus: Tus, method: str, own: bool) -> None:
    path = tus.begin(10)
    for token in ("", "wrong"):
        answer = tus.ask(
            method,
            path if own else "/admin/uploads",
            {"X-CSRFToken": token, "Upload-Offset": "0"},
            data=b"0123456789" if method == "PATCH" else b"",
            content_type=OFFSET_TYPE,
        )
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "csrf")
    assert tus.offset(path) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Length": "", "Upload-Metadata": metadata(product="twinspot", version="9", filename="a")},
        {"Upload-Length": "", "Upload-Defer-Length": "1"},
        {"Upload-Length": "-3", "Upload-Metadata": metadata(product="twinspot", version="9", filename="a")},
        {"Upload-Length": "3"},
        {"Upload-Length": "3", "Upload-Metadata": metadata(product="twinspot", filename="a")},
        {"Upload-Length": "3", "Upload-Metadata": "filename !!!"},
        {"Upload-Length": "3", "Upload-Metadata": "filename /w=="},
    ],
)
def test_refuses_an_announcement_that_lacks_something(tus: Tus, headers: dict[str, str]) -> None:
    assert tus.ask("POST", "/admin/uploads", headers).status_code == 400
