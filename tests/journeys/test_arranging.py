"""Lists of the editor in a browser: dragged by mouse and finger, moved by keys, and files that are dropped."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from tests.shop.media.drawn import add, draw, pictures_of, saved
from tests.support.browser import PATIENCE_MS, PHONE, Complaints, assert_accessible, assert_fits
from tests.support.people import link_for, make_person
from tests.support.rows import read_rows
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
EDITOR = "/admin/products/twinspot"
DROP = """(node, files) => {
  const carried = new DataTransfer();
  for (const [name, type, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  for (const kind of ["dragover", "drop"]) {
    node.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


@dataclass(frozen=True)
class Place:
    app: Flask
    url: str

    def come_in(self, page: Page, path: str) -> None:
        page.goto(self.url + link_for(self.app, make_person(self.app)))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
        page.goto(self.url + path)

    def pictures(self) -> list[str]:
        return [view.alt for view in pictures_of(self.app)]


@pytest.fixture
def place(app: Flask, free_port: int) -> Iterator[Place]:
    with serve(app, port=free_port):
        yield Place(app, f"http://127.0.0.1:{free_port}")


@pytest.fixture
def three(app: Flask) -> None:
    for number, alt in enumerate(("Plum", "Sky", "Moss")):
        add(app, saved(draw(color=(number * 60, 90, 160))), alt=alt)


def handle(page: Page, about: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^Move {about}.*: arrow keys, or drag"))


def middle(node: Locator) -> tuple[float, float]:
    node.scroll_into_view_if_needed()
    box = node.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def look(page: Page) -> None:
    expect(page.locator(".is-loading")).to_have_count(0)  # the preview changes its frame
    assert_accessible(page)


def shown_order(page: Page) -> list[str]:
    values = page.locator("#pictures [data-item] .alt").evaluate_all(
        "fields => fields.map((field) => field.value)"
    )
    return list(values)


@pytest.mark.usefixtures("three")
def test_drags_a_picture_to_be_the_cover_and_puts_it_back_by_escape(place: Place, page: Page) -> None:
    place.come_in(page, EDITOR)
    page.get_by_label("Tagline").fill("Not saved.")
    expect(page.get_by_text("Kept in this browser.")).to_be_visible()  # and the preview is on its way
    page.locator("#pictures .alt").nth(1).fill("Typed, not saved")
    grip = handle(page, "picture 3")
    box = grip.bounding_box()
    assert box
    assert (box["width"], box["height"]) == (44, 44)
    x, y = middle(grip)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20)
    page.mouse.move(x, y - 400, steps=8)
    expect(page.locator(".place-note")).to_have_text("Place 1 of 3, the cover")
    expect(page.get_by_role("status").filter(has_text="Moss: place 1 of 3, the cover.")).to_have_count(1)
    expect(page.locator(".is-dragged [data-place]")).to_have_text("Cover")
    assert shown_order(page) == ["Moss", "Plum", "Typed, not saved"]
    look(page)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert shown_order(page) == ["Plum", "Typed, not saved", "Moss"]
    x, y = middle(grip)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 400, steps=8)
    page.mouse.up()
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved. Moss: place 1 of 3, the cover.")
    expect(handle(page, "picture 1: Moss")).to_be_focused()
    assert shown_order(page) == ["Moss", "Plum", "Typed, not saved"]
    expect(page.get_by_label("Tagline")).to_have_value("Not saved.")
    look(page)
    assert place.pictures() == ["Moss", "Plum", "Sky"]
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    assert shown_order(page) == ["Moss", "Plum", "Sky"]


def test_drags_a_product_by_a_finger_and_scrolls_near_the_edge(place: Place, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 420}, has_touch=True, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    place.come_in(page, "/admin/products")
    finger = context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = middle(handle(page, "Gridling"))
    touch("touchStart", x, y)
    touch("touchMove", x, y - 30)
    touch("touchMove", x, 10)
    expect(page.locator(".place-note")).to_have_text("Place 1 of 4")
    while page.evaluate("scrollY") > 0:
        page.wait_for_timeout(50)
    assert_fits(page)
    touch("touchEnd")
    expect(page.locator("#products [data-note]")).to_have_text("Saved. Gridling: place 1 of 4.")
    slugs = [row["slug"] for row in read_rows(place.app, "SELECT slug FROM products ORDER BY position, id")]
    assert slugs[0] == "gridling"
    look(page)
    context.close()
    assert complaints == []


def test_moves_by_arrow_keys_and_keeps_the_focus(place: Place, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("ERR_INTERNET_DISCONNECTED")
    place.come_in(page, EDITOR)
    spoken = page.locator("main > [role=status]").last
    grip = handle(page, "Team")
    grip.focus()
    grip.press("ArrowUp")
    expect(spoken).to_have_text("Saved. Team: place 1 of 2, chosen at first.")
    expect(grip).to_be_focused()
    grip.press("Escape")
    expect(spoken).to_have_text("Saved. Team: place 2 of 2.")
    grip.press("Home")
    grip.press("End")
    grip.press("Home")
    expect(spoken).to_have_text("Saved. Team: place 1 of 2, chosen at first.")
    page.context.set_offline(offline=True)
    grip.press("ArrowDown")
    expect(page.locator("#editions .is-bad")).to_contain_text("The connection is lost.")
    expect(page.locator("#editions [data-item]").first).to_have_id("edition-team")  # as the shop knows it
    expect(grip).to_be_focused()
    page.context.set_offline(offline=False)
    grip.press("End")
    expect(spoken).to_have_text("Saved. Team: place 2 of 2.")
    first = handle(page, "question 1")
    for number, question in enumerate(("Does it delete?", "Does it move?"), start=1):
        page.get_by_label(f"Question {number}").fill(question)
        page.get_by_label(f"Answer {number}").fill("Never.")
    first.focus()
    first.press("ArrowDown")
    expect(spoken).to_have_text("Question 1: place 2 of 2. Save the page to keep it.")
    expect(page.get_by_label("Question 2")).to_have_value("Does it delete?")
    page.get_by_role("button", name="Save the page").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_label("Question 2")).to_have_value("Does it delete?")


@pytest.mark.usefixtures("three")
def test_shows_both_orders_to_the_second_of_two_owners(place: Place, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("409")
    place.come_in(page, EDITOR)
    other = page.context.new_page()
    other.goto(page.url)
    handle(other, "picture 3").press("ArrowUp")
    expect(other.locator("#pictures [data-note]")).to_contain_text("Saved.")
    handle(page, "picture 2").press("Home")
    alert = page.locator("#pictures").get_by_role("alert").first
    expect(alert).to_contain_text("Yours: Sky at place 1. Nothing was moved.")
    expect(alert).to_be_focused()
    assert shown_order(page) == ["Plum", "Moss", "Sky"]
    look(page)
    page.get_by_role("button", name="Put Sky at place 1 now").click()
    expect(page.locator("#pictures [data-note]")).to_have_text("Moved.")
    assert place.pictures() == ["Sky", "Plum", "Moss"]


def test_adds_pictures_that_are_dropped(place: Place, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("415")
    place.come_in(page, EDITOR)
    page.get_by_label("Tagline").fill("Not saved.")
    expect(page.get_by_text("Kept in this browser.")).to_be_visible()  # and the preview is on its way

    def png(*color: int) -> str:
        return base64.b64encode(saved(draw(color=color))).decode()

    files: Any = [
        ["one.png", "image/png", png(1, 2, 3)],
        ["notes.txt", "text/plain", base64.b64encode(b"No picture at all").decode()],
        ["two.png", "image/png", png(9, 2, 3)],
    ]
    page.locator("#pictures h2").evaluate(DROP, files)
    alert = page.locator("#pictures-error")
    expect(alert).to_contain_text("notes.txt: ")
    expect(alert).to_be_focused()
    expect(page.locator("#pictures img")).to_have_count(2)
    expect(page.get_by_label("Tagline")).to_have_value("Not saved.")
    look(page)
    page.locator("#pictures").evaluate(DROP, [["three.png", "image/png", png(5, 5, 5)]])
    expect(page.locator("#pictures [data-note]")).to_have_text("Added.")
    expect(alert).to_have_count(0)
    expect(page.locator("#pictures img")).to_have_count(3)
    assert [view.filename for view in pictures_of(place.app)] == ["one.png", "two.png", "three.png"]
    samples = page.locator("#samples")
    samples.evaluate(DROP, [["chapter.txt", "text/plain", base64.b64encode(b"Once.").decode()]])
    title = page.get_by_label("Title of the sample")
    expect(title).to_be_focused()  # it needs one, and the file is chosen
    title.fill("Chapter one")
    title.press("Enter")
    expect(samples.locator("[data-note]")).to_have_text("Added.")
    expect(title).to_have_value("")
    expect(samples.get_by_role("link", name=re.compile("Chapter one"))).to_be_visible()


def test_keeps_the_focus_at_the_button_that_sends_pictures(
    place: Place, page: Page, complaints: Complaints
) -> None:
    complaints.expected.append("Failed to load")
    place.come_in(page, EDITOR)
    button = page.locator("#pictures form[data-send] button")
    picture: Any = {"name": "one.png", "mimeType": "image/png", "buffer": saved(draw())}
    page.route("**/pictures", lambda route: route.abort())
    page.locator("#pictures-files").set_input_files(picture)
    button.press("Enter")
    expect(page.locator("#pictures [data-problem]")).not_to_be_empty()
    expect(button).to_be_focused()
    page.unroute("**/pictures")
    button.press("Enter")
    expect(page.locator("#pictures [data-note]")).to_have_text("Added.")
    expect(page.locator("#pictures img")).to_have_count(1)
    expect(button).to_be_focused()


@pytest.mark.usefixtures("three")
def test_orders_pictures_by_buttons_without_javascript(place: Place, chromium: Browser) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    place.come_in(page, EDITOR)
    expect(page.get_by_role("button", name=re.compile("drag"))).to_have_count(0)
    page.get_by_role("button", name="Up picture 3").click()
    expect(page.get_by_text("Moved.")).to_be_visible()
    assert place.pictures() == ["Plum", "Moss", "Sky"]
    context.close()
