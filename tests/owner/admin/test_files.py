"""The page of a product's files: an ordinary form, notes, publishing, withdrawing, telling buyers."""

import io
import re

import pytest
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from storefront.core.db import db
from storefront.owner.uploads.by_form import MOST_BYTES
from storefront.shop.catalog.models import Release
from storefront.shop.catalog.releases import ReleaseState, lock_release
from storefront.shop.editor.products import change_slug, create_product
from tests.owner.uploads.tus import SLUG, Tus, find_release, stored_file
from tests.races.waiting import held
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

PAGE = f"/admin/products/{SLUG}/files"
REMOVE = f"{PAGE}/9.0/remove-draft"
DATA = bytes(range(256)) * 4


@pytest.fixture
def tus(app: Flask) -> Tus:
    return Tus(app)


@pytest.fixture
def owner(tus: Tus) -> Buyer:
    return tus.browser


def send(owner: Buyer, *files: tuple[str, bytes], version: str = "9.0") -> TestResponse:
    sent = [(io.BytesIO(content), name) for name, content in files]
    return owner.post(PAGE, version=version, files=sent)


def state_of(app: Flask, version: str = "9.0") -> str | None:
    release = find_release(app, version)
    return release.state.value if release else None


def test_takes_files_of_an_ordinary_form(app: Flask, owner: Buyer) -> None:
    large = DATA * 300  # more than is read into memory
    answer = send(owner, ("tool.zip", large), ("read me.txt", b"read"))
    assert (answer.status_code, answer.location) == (303, f"{PAGE}#release-9.0")
    assert stored_file(app).read_bytes() == large
    release = find_release(app)
    assert release
    assert (release.state, len(release.files)) == (ReleaseState.DRAFT, 2)
    page = owner.get(PAGE).text
    assert "tool.zip, read me.txt: in the draft 9.0." in page
    assert "Nobody sees it yet." in page
    verbs = read_rows(app, "SELECT verb, actor FROM audit_entries WHERE verb LIKE 'release.%'")
    assert verbs[-1] == {"verb": "release.uploaded", "actor": "owner@example.com"}
    assert send(owner, ("tool.zip", large)).status_code == 303, "the same again changes nothing"


@pytest.mark.parametrize(
    ("files", "version", "words"),
    [
        ([], "9.0", "Choose at least one file."),
        ([("a.zip", b"")], "9.0", "a.zip: 0 bytes."),
        ([("a.zip", b"1")], "", "cannot be a part of a file&#39;s path"),
        ([("a.zip", b"1")], "<b>..", "cannot be a part of a file&#39;s path"),
        ([("a.zip", b"1"), ("a.zip", b"2")], "9.0", "the same name"),
        ([("a.zip", b"1"), ("A.zip", b"2")], "9.0", "one file on Windows and on a Mac"),
        ([(f"{number}.zip", b"1") for number in range(51)], "9.0", "at most 50 files"),
        ([("a.zip", b"1"), ("../b.zip", b"2")], "9.0", "cannot be a part of a file&#39;s path"),
        ([("a.zip", b"1")], "2.1", "was published before"),
    ],
)
def test_refuses_a_form_whole(
    app: Flask, owner: Buyer, files: list[tuple[str, bytes]], version: str, words: str
) -> None:
    before = read_rows(app, "SELECT id FROM release_files")
    answer = send(owner, *files, version=version)
    assert answer.status_code in (400, 409)
    assert words in answer.text
    assert "<b>.." not in answer.text
    assert read_rows(app, "SELECT id FROM release_files") == before
    assert not stored_file(app, "a.zip").exists()


def test_refuses_a_form_that_is_too_large_before_it_reads_it(owner: Buyer) -> None:
    answer = owner.client.post(
        PAGE,
        base_url=owner.base_url,
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(MOST_BYTES + 1)},
    )
    assert answer.status_code == 413


def test_goes_on_when_the_product_gets_another_address_meanwhile(app: Flask, tus: Tus, owner: Buyer) -> None:
    path = tus.begin(len(DATA))
    tus.patch(path, 0, DATA[:100])
    with app.app_context():
        change_slug(SLUG, "twospot")
        db.session.remove()
    (begun,) = tus.ask("GET", f"/admin/uploads?product={SLUG}").get_json()["uploads"]
    assert begun["offset"] == 100
    assert tus.announce(len(DATA)).headers["Location"] == path
    assert tus.patch(path, 100, DATA[100:]).status_code == 204
    form = {"csrf_token": tus.token, "version": "9.0", "files": [(io.BytesIO(DATA), "b.zip")]}
    answer = owner.client.post(PAGE, data=form, base_url=owner.base_url, headers={"Referer": owner.base_url})
    assert answer.status_code == 303
    for name in ("tool.zip", "b.zip"):
        assert stored_file(app, name, slug="twospot").read_bytes() == DATA
    for slug in (SLUG, "twospot"):
        page = owner.get(f"/admin/products/{slug}/files").text
        assert "/admin/products/twospot/files/9.0/publish" in page
        assert "b.zip" in page


def test_publishes_and_withdraws_by_their_own_acts(app: Flask, owner: Buyer) -> None:
    send(owner, ("tool.zip", DATA))
    for act, state, words in (
        ("publish", "published", "9.0 is published. Its files are in the storage, whole."),
        ("publish", "published", "9.0 is published."),
        ("withdraw", "withdrawn", "9.0 is withdrawn"),
        ("withdraw", "withdrawn", "9.0 is withdrawn"),
        ("publish", "published", "9.0 is published."),
    ):
        assert owner.post(f"{PAGE}/9.0/{act}").status_code == 303
        assert words in owner.get(PAGE).text
        assert state_of(app) == state
    assert "9.0" in owner.get(f"/products/{SLUG}").text


def test_says_after_publishing_which_file_is_missing(app: Flask, owner: Buyer) -> None:
    send(owner, ("tool.zip", DATA), ("short.zip", DATA))
    stored_file(app).unlink()
    stored_file(app, "short.zip").write_bytes(b"cut")
    owner.post(f"{PAGE}/9.0/publish")
    page = owner.get(PAGE).text
    assert "tool.zip is not in the storage" in page
    assert "short.zip has 3 bytes in the storage and should have 1.0 KB" in page


def test_takes_a_wrong_file_out_of_a_draft_and_of_nothing_else(app: Flask, owner: Buyer) -> None:
    send(owner, ("tool.zip", DATA), ("b.zip", DATA))
    assert owner.post(f"{PAGE}/9.0/remove", filename="tool.zip").status_code == 303
    assert "tool.zip is removed from the draft 9.0." in owner.get(PAGE).text
    assert not stored_file(app).exists()
    assert owner.post(f"{PAGE}/9.0/remove", filename="tool.zip").status_code == 404
    entry = read_rows(app, "SELECT actor, subject FROM audit_entries WHERE verb = 'release.file_removed'")
    assert entry == [{"actor": "owner@example.com", "subject": "twinspot 9.0"}]
    send(owner, ("tool.zip", DATA[::-1]))
    assert stored_file(app).read_bytes() == DATA[::-1]
    owner.post(f"{PAGE}/9.0/publish")
    for _state in ("published", "withdrawn"):
        answer = owner.post(f"{PAGE}/9.0/remove", filename="tool.zip")
        assert (answer.status_code, "its files stay as they are" in answer.text) == (409, True)
        owner.post(f"{PAGE}/9.0/withdraw")
    assert stored_file(app).exists()
    assert "Remove" not in owner.get(PAGE).text


def empty_draft(owner: Buyer, notes: str = "") -> None:
    send(owner, ("tool.zip", DATA))
    owner.post(f"{PAGE}/9.0/remove", filename="tool.zip")
    if notes:
        owner.post(f"{PAGE}/9.0/notes", notes=notes, before="")


def shown_notes(page: str) -> dict[str, str]:
    digest = re.search(r'name="shown-notes" value="(\w+)"', page)
    assert digest
    return {"shown-notes": digest[1]}


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_removes_a_draft_without_files_at_once(app: Flask, owner: Buyer) -> None:
    empty_draft(owner)
    page = owner.get(PAGE).text
    assert "goes with it" not in page
    shown = shown_notes(page)
    assert owner.post(REMOVE, **shown).status_code == 303
    page = owner.get(PAGE).text
    assert "The draft 9.0 is removed." in page
    assert 'id="release-9.0"' not in page
    assert state_of(app) is None
    assert owner.post(REMOVE, **shown).status_code == 404
    entries = read_rows(app, "SELECT actor, subject FROM audit_entries WHERE verb = 'release.removed'")
    assert entries == [{"actor": "owner@example.com", "subject": "twinspot 9.0"}]
    send(owner, ("tool.zip", DATA))
    assert state_of(app) == "draft"


def test_removes_notes_with_a_draft_only_where_they_were_shown(app: Flask, owner: Buyer) -> None:
    empty_draft(owner)
    first = shown_notes(owner.get(PAGE).text)
    empty_draft(owner, notes="Written meanwhile.")
    for sent in (first, {}):
        refused = owner.post(REMOVE, **sent)
        assert refused.status_code == 409
        assert "The notes of 9.0 have changed since you opened this page: read them, then remove it." in (
            refused.text
        )
    page = owner.get(PAGE).text
    assert "What you wrote of it, “What is new”, goes with it." in page
    assert "Remove the draft and its notes" in page
    assert state_of(app) == "draft"
    assert owner.post(REMOVE, **shown_notes(page)).status_code == 303
    assert state_of(app) is None


def test_removes_no_release_that_has_files_or_was_published(app: Flask, owner: Buyer) -> None:
    empty_draft(owner)
    shown = shown_notes(owner.get(PAGE).text)
    send(owner, ("tool.zip", DATA))
    assert "remove-draft" not in owner.get(PAGE).text
    refused = owner.post(REMOVE, **shown)
    assert (refused.status_code, "9.0 has files: remove them first." in refused.text) == (409, True)
    owner.post(f"{PAGE}/9.0/publish")
    for _state in ("published", "withdrawn"):
        refused = owner.post(REMOVE, **shown)
        assert (refused.status_code, "9.0 was published, and stays." in refused.text) == (409, True)
        assert "remove-draft" not in owner.get(PAGE).text
        owner.post(f"{PAGE}/9.0/withdraw")
    assert state_of(app) == "withdrawn"


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_makes_a_draft_again_that_is_removed_while_a_file_comes(app: Flask, owner: Buyer) -> None:
    empty_draft(owner)

    def lock(session: Session) -> None:
        lock_release(session, SLUG, "9.0")

    with held(app, lock, lambda: send(owner, ("tool.zip", DATA))) as [sent]:
        db.session.execute(delete(Release).where(Release.version == "9.0"))
    assert sent.result().status_code == 303
    assert state_of(app) == "draft"
    assert stored_file(app).read_bytes() == DATA


def test_publishes_nothing_without_files(app: Flask, owner: Buyer) -> None:
    send(owner, ("tool.zip", DATA))
    change_rows(app, "DELETE FROM release_files WHERE filename = 'tool.zip'")
    answer = owner.post(f"{PAGE}/9.0/publish")
    assert (answer.status_code, "9.0 has no files" in answer.text) == (409, True)
    assert state_of(app) == "draft"


def test_keeps_notes_that_are_previewed_saved_or_refused(app: Flask, owner: Buyer) -> None:
    send(owner, ("tool.zip", DATA))
    notes = f"{PAGE}/9.0/notes"
    preview = owner.post(notes, notes="**New** <script>", preview="yes", before="")
    assert "<strong>New</strong> &lt;script&gt;" in preview.text
    assert find_release(app).notes == ""  # type: ignore[union-attr]
    assert owner.post(notes, notes="First.\r\nSecond.", before="").status_code == 303
    assert find_release(app).notes == "First.\nSecond."  # type: ignore[union-attr]
    late = owner.post(notes, notes="Of another window.", before="")
    assert late.status_code == 409
    assert "Of another window." in late.text
    assert "First." in late.text
    long = owner.post(notes, notes="\U0001f389" * 20_001, before="First.\r\nSecond.")
    assert (long.status_code, "at most 20,000 characters" in long.text) == (400, True)
    assert "\U0001f389" * 100 in long.text
    assert owner.post(notes, notes="\U0001f389" * 20_000, before="First.\r\nSecond.").status_code == 303
    assert "Change notes" in owner.get(PAGE).text


def test_shows_what_is_not_finished_and_ends_it_without_javascript(app: Flask, tus: Tus, owner: Buyer) -> None:
    path = tus.begin(1000)
    tus.patch(path, 0, b"a" * 500)
    page = owner.get(PAGE).text
    assert "500 bytes of 1.0 KB are here. Choose the file again to continue." in page
    address = re.search(rf'action="({PAGE}/uploads/[^"]+/cancel)"', page)
    assert address
    assert owner.post(address[1]).status_code == 303
    assert "is canceled" in owner.get(PAGE).text
    assert tus.ask("HEAD", path).status_code == 404


def test_offers_to_go_on_with_nothing_that_its_release_takes_no_more(app: Flask, tus: Tus, owner: Buyer) -> None:
    path = tus.begin(1000)
    tus.begin(1000, version="9.1", filename="other.zip")
    send(owner, ("read me.txt", b"read"))
    assert owner.post(f"{PAGE}/9.0/publish").status_code == 303
    page = owner.get(PAGE).text
    assert "9.0 was published, so this file can" in page
    assert "cancel it, and upload it under a new version." in page
    assert page.count("Choose the file again to continue") == 1
    listed = tus.ask("GET", f"/admin/uploads?product={SLUG}").get_json()["uploads"]
    assert [upload["version"] for upload in listed] == ["9.1"]
    assert owner.post(f"{PAGE}/uploads/{path.rpartition('/')[2]}/cancel").status_code == 303
    assert "was published, so" not in owner.get(PAGE).text


def test_offers_to_try_again_what_could_not_be_stored(app: Flask, tus: Tus, owner: Buyer) -> None:
    path = tus.begin(len(DATA))
    stored_file(app).mkdir(parents=True)  # a folder has its name
    assert tus.patch(path, 0, DATA).status_code == 503
    page = owner.get(PAGE).text
    assert "but not in the release" in page
    again = f"{PAGE}/uploads/{path.rpartition('/')[2]}/finish"
    assert again in page
    with app.app_context():
        create_product("Font Kit")
        db.session.remove()
    for act in (again, again.replace("/finish", "/cancel")):
        of_another = owner.post(act.replace(f"/{SLUG}/", "/font-kit/"))
        assert of_another.status_code == 404, "in a page of another product"
        assert f"tool.zip is not on its way into Font Kit, but into {SLUG}." in of_another.text
    assert owner.post(again).status_code == 503
    stored_file(app).rmdir()
    assert owner.post(again).status_code == 303
    assert state_of(app) == "draft"


def test_tells_buyers_once_and_says_how_many_before(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email="ada@example.com")
    owner = Tus(app).browser
    send(owner, ("tool.zip", DATA))
    tell = f"{PAGE}/9.0/tell"
    assert owner.get(tell).status_code == 409, "nothing to tell of a draft"
    owner.post(f"{PAGE}/9.0/publish")
    assert "1 email leaves within 1 minute." in owner.get(tell).text
    assert owner.post(tell).status_code == 303
    assert "1 email leaves within 1 min." in owner.get(PAGE).text
    assert "There is nobody to tell." in owner.get(tell).text
    owner.post(tell)
    assert len(read_rows(app, "SELECT 1 FROM outbox WHERE kind = 'new_release'")) == 1


def test_asks_for_a_fresh_proof_before_emails_leave(app: Flask, owner: Buyer) -> None:
    send(owner, ("tool.zip", DATA))
    owner.post(f"{PAGE}/9.0/publish")
    change_rows(app, "UPDATE person_sessions SET proven_at = '2020-01-01 00:00:00+00:00'")
    answer = owner.post(f"{PAGE}/9.0/tell", page=f"{PAGE}/9.0/tell")
    assert answer.location == f"/admin/confirm?next={PAGE}/9.0/tell"


def test_says_that_there_is_no_such_product(owner: Buyer) -> None:
    for path in ("/admin/products/nothing/files", f"{PAGE}/77/notes", f"{PAGE}/77/tell"):
        assert owner.get(path).status_code == 404
    for act in ("publish", "withdraw", "notes"):
        assert owner.post(f"{PAGE}/77/{act}", notes="a").status_code == 404
