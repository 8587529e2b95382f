"""An owner's first hour: from one link to a product of their own that somebody buys on a phone."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journeys.parts import come_in, form_on, key_texts, pay_by_card
from tests.support.browser import DESKTOP, PATIENCE_MS, PHONE, Complaints, assert_accessible, assert_fits
from tests.support.rows import read_rows
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WHOLE_TEXT = (
    "Kerf Planner lays **planks and boards** on a sheet, so that as little as possible is sawdust.\n\n- One\n- Two"
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "kerf-planner.zip"
    path.write_bytes(b"PK\x05\x06" + bytes(18) + b"x" * 200_000)
    return path


def look(page: Page) -> None:
    expect(page.locator(".is-loading")).to_have_count(0)  # the preview changes its frame
    assert_accessible(page)
    assert_fits(page)


def picture_beside(archive: Path) -> Path:
    path = archive.with_name("cover.png")
    Image.new("RGB", (1200, 800), "#20443f").save(path)
    return path


def make_kerf_planner(page: Page, archive: Path) -> None:
    """From the list of products to one that is published. Works with and without JavaScript."""
    page.get_by_role("link", name="New product").click()
    page.get_by_label("Name", exact=True).fill("Kerf Planner")
    page.get_by_role("button", name="Make a draft").click()
    expect(page.get_by_role("heading", name="Kerf Planner", level=1)).to_be_visible()
    page.get_by_label("Tagline").fill("Plans your cuts before you make them.")
    page.get_by_label("Description", exact=True).fill(WHOLE_TEXT)
    page.get_by_label("Question 1").fill("Does it run on a tablet?")
    page.get_by_label("Answer 1").fill("Yes.")
    page.get_by_role("button", name="Save the page").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("Add pictures").set_input_files([picture_beside(archive)])
    page.locator("#pictures").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added.").first).to_be_visible()
    page.get_by_label("Cover", exact=False).first.fill("Planks on a sheet")
    page.get_by_role("button", name="Save what picture 1 shows").click()
    expect(page.locator("#pictures .alt")).to_have_attribute("value", "Planks on a sheet")
    new = page.locator("#new-edition")
    new.get_by_label("Price", exact=True).fill("24")
    new.get_by_label("Who it is for").fill("One workshop")
    new.get_by_role("button", name="Add the edition").click()
    expect(page.get_by_text("Edition added.")).to_be_visible()
    standard = page.locator("#edition-standard")
    standard.get_by_label("Another currency").fill("eur")
    standard.get_by_label("Amount").fill("22,50")
    standard.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Standard costs €22.50 now.")).to_be_visible()
    page.get_by_label("A license key").check()
    page.get_by_label("Keys begin with").fill("kerf")
    page.get_by_label("Devices").last.fill("2")
    page.locator("#settings").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Keys that are sold keep their terms.")).to_be_visible()
    page.get_by_role("link", name="Files and releases").click()
    page.get_by_label("Version").fill("1.0")
    page.get_by_label("Files", exact=True).set_input_files([archive])
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("button", name="Publish 1.0").click()
    page.get_by_role("link", name="Kerf Planner").click()
    page.locator("#state").get_by_role("button", name=re.compile("^Publish Kerf Planner")).click()
    expect(page.get_by_text("Published: it is in your shop.")).to_be_visible()


def buy_on_a_phone(shop: Shop, chromium: Browser) -> None:
    context = chromium.new_context(viewport=PHONE, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(shop.url)
    page.get_by_role("link", name="Kerf Planner").click()
    expect(page.get_by_role("img", name="Planks on a sheet")).to_be_visible()
    look(page)
    page.get_by_role("link", name="EUR").click()
    expect(page.get_by_role("button", name="Buy now, €22.50")).to_be_visible()
    expect(page.get_by_text("On up to 2 devices")).to_be_visible()
    page.get_by_role("button", name="Buy now, €22.50").click()
    pay_by_card(form_on(page), email="carla@example.com")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert len(key_texts(page)) == 1
    expect(page.get_by_role("link", name=re.compile("Download kerf-planner.zip"))).to_be_visible()
    context.close()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_opens_a_shop_with_a_product_that_somebody_buys(
    shop: Shop, page: Page, chromium: Browser, archive: Path
) -> None:
    come_in(shop, page)
    look(page)
    make_kerf_planner(page, archive)
    look(page)
    buy_on_a_phone(shop, chromium)
    page.goto(f"{shop.url}/admin")
    expect(page.get_by_text("carla@example.com")).to_be_visible()
    expect(page.get_by_role("region", name="Table of the newest orders").get_by_text("€22.50")).to_be_visible()
    page.goto(f"{shop.url}/admin/products")
    expect(page.get_by_role("row", name=re.compile("Kerf Planner.*Published.* 1"))).to_be_visible()


def test_opens_a_shop_without_javascript(shop: Shop, chromium: Browser, archive: Path) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    come_in(shop, page)
    make_kerf_planner(page, archive)
    assert read_rows(shop.app, "SELECT state FROM products WHERE slug = 'kerf-planner'") == [
        {"state": "published"}
    ]
    context.close()


def test_shows_the_page_while_its_words_are_typed(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/products/twinspot")
    preview = page.frame_locator("iframe:not(.is-loading)")
    expect(preview.get_by_role("heading", level=1)).to_have_text("Twinspot")
    page.get_by_label("Name", exact=True).first.fill("Twinspot & Sons <b>")
    expect(preview.get_by_role("heading", level=1)).to_have_text("Twinspot & Sons <b>")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    look(page)
    assert read_rows(shop.app, "SELECT name FROM products WHERE slug = 'twinspot'") == [{"name": "Twinspot"}]


def test_leads_back_to_the_list_however_often_the_preview_changed(shop: Shop, page: Page) -> None:
    come_in(shop, page)
    page.get_by_role("link", name="Twinspot").click()
    preview = page.frame_locator("iframe:not(.is-loading)")
    expect(preview.get_by_role("heading", level=1)).to_have_text("Twinspot")
    for name in ("Twinspot 2", "Twinspot 3", "Twinspot"):
        page.get_by_label("Name", exact=True).first.fill(name)
        expect(preview.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("iframe")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("heading", name="Products", level=1)).to_be_visible()


def test_keeps_what_was_typed_over_a_reload_and_forgets_it_once_it_is_saved(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/products/twinspot")
    page.get_by_label("Tagline").fill("Typed for an hour.")
    expect(page.get_by_text("Kept in this browser.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_text("What you typed before is back.")).to_be_visible()
    expect(page.get_by_label("Tagline")).to_have_value("Typed for an hour.")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Tagline")).to_have_value("Typed for an hour.")
    expect(page.get_by_text("What you typed before is back.")).to_have_count(0)


def test_leads_to_the_first_thing_that_cannot_be_saved(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("400")
    come_in(shop, page, "/admin/products/twinspot")
    price = page.locator("#edition-personal").get_by_label(re.compile("^USD"))
    price.fill("0.20")
    price.press("Enter")
    alert = page.locator("#edition-personal").get_by_role("alert")
    expect(alert).to_contain_text("Stripe takes $0.50 or more")
    expect(alert).to_be_focused()
    expect(price).to_have_value("0.20")
    look(page)


def test_says_what_somebody_else_saved_meanwhile(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("409")
    come_in(shop, page, "/admin/products/twinspot")
    other: Any = page.context.new_page()
    other.goto(page.url)
    for tab, words in ((other, "Theirs."), (page, "Mine.")):
        tab.get_by_label("Tagline").fill(words)
        tab.get_by_role("button", name="Save the page").click()
    expect(page.get_by_text("Somebody else saved this meanwhile")).to_be_visible()
    expect(page.locator("blockquote")).to_have_text("Theirs.")
    expect(page.get_by_label("Tagline")).to_have_value("Mine.")
    look(page)
    page.get_by_label("Save yours").check()
    page.get_by_role("button", name="Save the page").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
