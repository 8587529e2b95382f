"""The owner's side in a browser: one link, a passkey, people, the log; on every screen, and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESKTOP, PHONE, Complaints, assert_accessible, assert_fits
from tests.support.people import OWNER, link_for, make_person
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop
from tests.support.sign_in import newest_code

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEVICE: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def give_device(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


@pytest.mark.parametrize(
    "viewport", [PHONE, DESKTOP, {"width": 320, "height": 700}], ids=["phone", "desktop", "small"]
)
def test_takes_an_owner_from_one_link_to_a_passkey(shop: Shop, sandbox: SandboxClient, page: Page) -> None:
    sale = sell(shop.app, sandbox, email="ada@example.com")
    url = shop.url.replace("127.0.0.1", "localhost")  # browsers bind passkeys to names
    give_device(page)
    page.goto(url + link_for(shop.app, make_person(shop.app)))
    look(page)
    page.get_by_role("button", name="Sign in").dblclick()
    expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_label("Name of this device").fill("Laptop")
    page.get_by_label("Name of this device").press("Enter")
    expect(page.get_by_text("Passkey added.")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
    page.locator("main a[href^='/admin/orders/']").first.click()
    expect(page.get_by_text("ada@example.com").first).to_be_visible()
    assert sale.keys[0] not in page.content(), "keys are masked"
    look(page)
    page.get_by_role("link", name="People").click()
    page.get_by_label("Email address").fill("sue@example.com")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("An invitation is on its way")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Audit log").click()
    entry = page.get_by_role("cell", name="person.invited")
    expect(entry).to_be_visible()
    box = entry.bounding_box()
    assert box
    assert box["width"] > 120, "room for a word"
    look(page)


def test_says_so_when_the_device_refuses(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("400")
    url = shop.url.replace("127.0.0.1", "localhost")
    give_device(page)
    page.goto(f"{url}/admin/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Try once more")
    button = page.get_by_role("button", name="Sign in with a passkey")
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Email address")).to_be_focused()


def test_works_without_javascript(shop: Shop, chromium: Browser) -> None:
    make_person(shop.app)
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shop.url}/admin")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page.get_by_label("Email address").fill(OWNER)
    page.get_by_role("button", name="Email me a code").click()
    page.get_by_label("Code").fill(newest_code(shop, OWNER))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
    page.get_by_role("link", name="People").click()
    page.get_by_label("Email address").fill("sue@example.com")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("An invitation is on its way")).to_be_visible()
    context.close()


def test_keeps_a_text_whose_writer_is_signed_out_meanwhile(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected += ["403", "frame-ancestors"]  # of the preview, which may ask once more
    text = "Thirty days.\n\nWrite to us, and say which order it was. " + "We answer within a day. " * 9
    person = make_person(shop.app)
    page.goto(shop.url + link_for(shop.app, person))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Pages").click()
    page.get_by_label("Title").first.fill("Refunds")
    page.get_by_role("button", name="Make a draft").click()
    page.locator("#body_markdown").fill(text)
    change_rows(shop.app, "DELETE FROM person_sessions")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("signed out")
    look(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Sign in to")
    opened.value.goto(shop.url + link_for(shop.app, person))
    opened.value.get_by_role("button", name="Sign in").click()
    expect(opened.value.get_by_role("heading", name="Newest orders")).to_be_visible()
    page.get_by_role("button", name="send it").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert read_rows(shop.app, "SELECT body_markdown FROM pages") == [{"body_markdown": text.strip()}]
