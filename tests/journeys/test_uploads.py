"""Release files from an owner's phone: a lost connection, a reload, a pause, a refusal, an ended session."""

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from storefront.owner.uploads.models import Upload
from tests.owner.uploads.tus import SLUG, find_release, parts, stored_file
from tests.support.browser import DESKTOP, PHONE, Complaints, assert_accessible, assert_fits
from tests.support.people import link_for, make_person
from tests.support.rows import change_rows, count_rows
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MB = 1024 * 1024
SIZE = 20 * MB + 7
PAGE = f"/admin/products/{SLUG}/files"
PIECES = "**/admin/uploads/*"


@pytest.fixture
def viewport() -> Any:
    return PHONE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tool.zip"
    path.write_bytes(random.Random(7).randbytes(SIZE))
    return path


def come_in(shop: Shop, page: Page) -> int:
    """As an owner, to the page of files. Returns who that is."""
    person_id = make_person(shop.app)
    page.goto(shop.url + link_for(shop.app, person_id))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
    page.goto(shop.url + PAGE)
    return person_id


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def choose(page: Page, *files: Path, version: str = "9.0") -> None:
    page.get_by_label("Version").fill(version)
    page.get_by_label("Files", exact=True).set_input_files(files)
    page.get_by_role("button", name="Upload", exact=True).click()


def offsets(page: Page) -> list[int]:
    """Where each piece began that the page sends from now on."""
    sent: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    return sent


def assert_there(shop: Shop, file: Path) -> None:
    release = find_release(shop.app)
    assert release
    (there,) = release.files
    assert there.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert stored_file(shop.app).stat().st_size == SIZE
    assert parts(shop.app) == []


def test_goes_on_by_itself_after_a_lost_connection(
    shop: Shop, page: Page, file: Path, complaints: Complaints
) -> None:
    complaints.expected.append("ERR_CONNECTION_RESET")
    come_in(shop, page)
    look(page)
    sent = offsets(page)

    def lose(route: Route) -> None:
        if route.request.method == "PATCH" and len(sent) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(PIECES, lose)
    choose(page, file)
    expect(page.get_by_text("The connection is lost. Trying again in 1 s")).to_be_visible()
    expect(page.get_by_text("In the draft 9.0.", exact=True)).to_be_visible()
    assert sent == [0, 8 * MB, 8 * MB, 16 * MB]
    expect(page.locator("[data-upload-live]")).to_have_text("tool.zip is in the draft 9.0.")
    assert "%" not in page.title()
    look(page)
    assert_there(shop, file)
    expect(page.get_by_role("heading", name="9.0")).to_be_visible()
    page.get_by_role("button", name="Publish 9.0").click()
    expect(page.get_by_text("9.0 is published. Its files are in the storage, whole.")).to_be_visible()
    page.get_by_role("link", name="Write notes of 9.0").click()
    page.get_by_label("Notes").fill("## New\n\nIt is **faster**.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview strong")).to_have_text("faster")
    look(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The notes of 9.0 are saved.")).to_be_visible()
    page.get_by_role("link", name="Tell buyers of 9.0").click()
    expect(page.get_by_text("There is nobody to tell.")).to_be_visible()
    look(page)


def test_says_what_the_shop_answers_until_it_goes_on(
    shop: Shop, page: Page, file: Path, complaints: Complaints
) -> None:
    complaints.expected.append("503")
    come_in(shop, page)
    answers = [{"error": {"code": "database_unavailable", "message": "The shop cannot reach its data right now."}}]

    def refuse(route: Route) -> None:
        if route.request.method == "PATCH" and answers:
            route.fulfill(status=503, json=answers.pop())
        else:
            route.continue_()

    page.route(PIECES, refuse)
    choose(page, file)
    expect(page.get_by_text("The shop cannot reach its data right now. Trying again in 1 s")).to_be_visible()
    expect(page.get_by_text("In the draft 9.0.", exact=True)).to_be_visible()
    assert_there(shop, file)


def test_goes_on_after_a_pause_and_after_a_reload(shop: Shop, page: Page, file: Path) -> None:
    come_in(shop, page)
    sent = offsets(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PATCH" and len(sent) > 1:
            held.append(route)
        else:
            route.continue_()

    page.route(PIECES, hold)
    choose(page, file)
    while not held:
        page.wait_for_timeout(50)
    page.get_by_role("button", name="Pause the upload of tool.zip").click()
    expect(page.get_by_text("Paused at 8.4 MB of 21 MB.")).to_be_visible()
    look(page)
    page.on("dialog", lambda dialog: dialog.accept())  # leave, although an upload is not finished
    page.unroute(PIECES)
    page.reload()
    expect(page.get_by_text("8.4 MB of 21 MB are here. Choose the file again to continue.")).to_be_visible()
    look(page)
    sent.clear()
    page.get_by_label("Files", exact=True).set_input_files([file])
    expect(page.get_by_label("Version")).to_have_value("9.0")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("In the draft 9.0.", exact=True)).to_be_visible()
    assert sent == [8 * MB, 16 * MB]
    expect(page.get_by_text("Not finished")).to_be_hidden()
    assert_there(shop, file)


def test_brings_several_files_and_says_what_stands_against_one(
    shop: Shop, page: Page, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expected.append("409")
    come_in(shop, page)
    files = [tmp_path / name for name in ("one.txt", "empty.txt", "two.txt")]
    for path in files:
        path.write_text("" if path.name == "empty.txt" else path.name)
    choose(page, *files)
    expect(page.get_by_text("In the draft 9.0.", exact=True)).to_have_count(2)
    expect(page.get_by_text("empty.txt: 0 bytes. Was it copied whole?", exact=True)).to_be_visible()
    look(page)
    page.get_by_role("button", name="Try again the upload of empty.txt").click()
    page.get_by_role("button", name="Cancel the upload of empty.txt").click()
    expect(page.get_by_text("empty.txt", exact=True)).to_be_hidden()
    choose(page, files[0], version="2.1")
    expect(page.get_by_text("2.1 was published before", exact=False).first).to_be_visible()
    assert count_rows(shop.app, Upload) == {"uploads": 2}


def test_goes_on_after_somebody_was_signed_out(shop: Shop, page: Page, file: Path, complaints: Complaints) -> None:
    complaints.expected += ["401", "ERR_CONNECTION_RESET"]  # a body that is refused before it is read
    person_id = come_in(shop, page)
    sent = offsets(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PATCH" and len(sent) == 2 and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(PIECES, hold)
    choose(page, file)
    while not held:
        page.wait_for_timeout(50)
    change_rows(shop.app, "DELETE FROM person_sessions")
    held[0].continue_()
    expect(page.get_by_text("Sign in in another tab").first).to_be_visible()
    look(page)
    other = page.context.new_page()
    other.goto(shop.url + link_for(shop.app, person_id))
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Newest orders")).to_be_visible()
    page.get_by_role("button", name="Continue the upload of tool.zip").click()
    expect(page.get_by_text("In the draft 9.0.", exact=True)).to_be_visible()
    assert_there(shop, file)


@pytest.mark.parametrize("viewport", [DESKTOP, {"width": 320, "height": 700}], ids=["desktop", "small"])
def test_fits_every_screen(shop: Shop, page: Page, tmp_path: Path) -> None:
    come_in(shop, page)
    path = tmp_path / f"{'a' * 170}.zip"
    path.write_text("content")
    choose(page, path, version="9" * 40)
    expect(page.get_by_text("In the draft", exact=False).first).to_be_visible()
    look(page)


def test_works_without_javascript(shop: Shop, chromium: Browser, file: Path) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    come_in(shop, page)
    expect(page.get_by_text("Without JavaScript up to 100 MB together.")).to_be_visible()
    choose(page, file)
    expect(page.get_by_text("tool.zip: in the draft 9.0.")).to_be_visible()
    page.get_by_role("button", name="Publish 9.0").click()
    expect(page.get_by_text("9.0 is published.")).to_be_visible()
    page.get_by_role("button", name="Withdraw 9.0").click()
    expect(page.get_by_text("9.0 is withdrawn")).to_be_visible()
    context.close()
    assert_there(shop, file)
