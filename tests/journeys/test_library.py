"""What buyers come back to: sign-in, library, order page, account, news; on every screen, without JavaScript."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from storefront.buyers.library.news import tell_buyers
from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.shop.catalog.publish import publish
from tests.delivery.licenses.licensed import ask
from tests.journeys.parts import key_texts, look, mailed, sign_in
from tests.support.browser import DESKTOP, PHONE, Complaints
from tests.support.releases import add_release_file
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEVICE = "Ada's laptop with a name that is much longer than anybody needs, as names of devices are"


@pytest.fixture
def sale(shop: Shop, sandbox: SandboxClient) -> Sale:
    """A key with a device, two files, and one order more."""
    sell(shop.app, sandbox, ("the-patient-toolmaker", "E-book"), email=ADA)
    sold = sell(shop.app, sandbox, ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book"), email=ADA)
    ask(shop.app, "activate", license_key=sold.keys[0], instance_name=DEVICE)
    ask(shop.app, "activate", license_key=sold.keys[0], instance_name="Desk")
    return sold


class TestOnEveryScreen:
    @pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
    def viewport(self, request: pytest.FixtureRequest) -> Any:
        return request.param

    def test_fits_and_is_accessible_from_sign_in_to_the_account(
        self, shop: Shop, sale: Sale, page: Page, complaints: Complaints
    ) -> None:
        complaints.expected = ["400 (BAD REQUEST)"]  # of the wrong code
        page.goto(f"{shop.url}/library")
        look(page)
        page.get_by_label("Email address").fill(ADA)
        page.get_by_role("button", name="Email me a code").click()
        page.get_by_label("Code").fill("AAAA-AAAA")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("the code in the latest email")).to_be_visible()
        look(page)
        page.get_by_label("Code").fill(mailed(shop)[0].lower())
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your library")
        assert key_texts(page) == sale.keys
        look(page)
        page.get_by_role("searchbox").fill("nothing of the kind")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("heading", level=2)).to_contain_text("No results for")
        look(page)
        page.goto(f"{shop.url}/account")
        look(page)
        page.get_by_label("New email address").fill("ada@new.example.com")
        page.get_by_role("button", name="Change email").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Confirm both addresses")
        look(page)
        page.goto(f"{shop.url}/account")
        page.get_by_role("button", name="Erase my data").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Erase your data")
        look(page)
        page.goto(shop.url + mailed(shop)[1])
        look(page)

    def test_shows_an_orders_page_with_devices_and_older_versions(
        self, shop: Shop, sale: Sale, page: Page, tmp_path: Path
    ) -> None:
        newer = tmp_path / "twinspot-3.0.zip"
        newer.write_bytes(b"newer")
        with shop.app.app_context():
            add_release_file(
                slug="twinspot", version="3.0", source=newer, notes="- Twice as **fast**\n- Speaks Danish"
            )
        page.goto(shop.url + sale.link)
        expect(page.get_by_text("2 of 3 devices")).to_be_visible()
        page.get_by_text("One older version").first.click()
        expect(page.get_by_role("link", name="Download twinspot-2.1.zip")).to_be_visible()
        look(page)
        page.get_by_role("button", name="Deactivate Desk").click()
        expect(page.get_by_text("You can activate another one")).to_be_visible()
        expect(page.get_by_text("1 of 3 devices")).to_be_visible()
        look(page)
        with page.expect_download() as started:
            page.get_by_role("link", name="Download all").click()
        assert started.value.suggested_filename.endswith(".zip")
        with page.expect_download() as started:
            page.get_by_role("link", name="License file").click()
        assert started.value.suggested_filename.endswith(".license")


def test_signs_in_with_one_click_on_a_link_without_javascript(shop: Shop, sale: Sale, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shop.url}/sign-in")
    page.get_by_label("Email address").fill(ADA)
    page.get_by_role("button", name="Email me a code").click()
    page.goto(shop.url + mailed(shop)[1])
    page.get_by_role("button", name="Sign in").click()
    assert key_texts(page) == sale.keys
    page.get_by_role("link", name=re.compile("Devices, older versions")).first.click()
    expect(page.get_by_role("button", name=re.compile("Copy"))).to_have_count(0)
    page.get_by_role("button", name="Deactivate Desk").click()
    expect(page.get_by_text("You can activate another one")).to_be_visible()
    page.get_by_role("button", name="Email the receipt again").click()
    expect(page.get_by_text("Check your spam folder, too")).to_be_visible()
    page.goto(f"{shop.url}/account")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_text("You are signed out")).to_be_visible()
    context.close()


def test_changes_an_address_in_two_browsers(shop: Shop, sale: Sale, page: Page, chromium: Browser) -> None:
    sign_in(shop, page)
    page.get_by_role("link", name="Account").first.click()
    page.get_by_label("New email address").fill("ada@new.example.com")
    page.get_by_role("button", name="Change email").click()
    code, link = mailed(shop)[0], mailed(shop, "ada@new.example.com")[1]
    phone = chromium.new_context(viewport=PHONE)
    there = phone.new_page()
    there.goto(shop.url + link)
    look(there)
    there.get_by_role("button", name="Confirm").click()
    expect(there.get_by_text("Address confirmed")).to_be_visible()
    phone.close()
    page.reload()
    expect(page.get_by_text("Confirmed. The other address is still missing.")).to_be_visible()
    look(page)
    page.get_by_label(f"Code from the email to {ADA}").fill(code)
    page.get_by_role("button", name="Confirm").click()
    # The new mailbox was read elsewhere, so this browser has still to show that it is its owner's.
    expect(page.get_by_text("now belongs to ada@new.example.com")).to_be_visible()
    look(page)
    shop.mailbox.clear()
    sign_in(shop, page, "ada@new.example.com")
    assert key_texts(page) == sale.keys


def test_leads_from_news_of_a_release_to_it_and_out(shop: Shop, sale: Sale, page: Page, tmp_path: Path) -> None:
    newer = tmp_path / "twinspot-3.0.zip"
    newer.write_bytes(b"newer")
    with shop.app.app_context():
        add_release_file(slug="twinspot", version="3.0", source=newer, is_draft=True)
        publish("twinspot", "3.0", notes="Twice as fast.")
        tell_buyers("twinspot", "3.0")
        db.session.remove()
    shop.work()
    text = str(next(mail for mail in shop.mails(to=ADA) if "3.0" in mail["subject"])["text"])
    order, out = re.search(r"http\S+/orders/\S+", text), re.search(r"http\S+/news/\S+", text)
    assert order
    assert out
    page.goto(order[0])
    expect(page.get_by_text("Twice as fast.")).to_be_visible()
    page.goto(out[0])
    look(page)
    page.get_by_role("button", name="Stop these emails").click()
    expect(page.get_by_text("You get no update emails")).to_be_visible()
    look(page)


class TestWhereTheOwnerWantsACode:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, order_page_code=True)

    def test_asks_another_browser_to_type_it_once(self, shop: Shop, sale: Sale, page: Page) -> None:
        page.goto(shop.url + sale.link)
        expect(page.get_by_role("heading", level=1)).to_have_text("Is this your order?")
        look(page)
        page.get_by_role("button", name="Email me a code").click()
        look(page)
        page.get_by_label("Code").fill(mailed(shop)[0])
        page.get_by_role("button", name="Open the order").click()
        assert key_texts(page) == sale.keys
        page.goto(shop.url + sale.link)
        assert key_texts(page) == sale.keys
