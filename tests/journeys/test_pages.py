"""Every page a buyer meets: on a phone, in the dark, without JavaScript, over TLS, and by axe's rules."""

import re
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.journeys.parts import form_on, key_texts, open_checkout, pay_by_card
from tests.support.browser import PHONE, assert_accessible, assert_fits, assert_nothing_moved
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class TestOnAPhone:
    @pytest.fixture
    def viewport(self) -> Any:
        return PHONE

    def test_fits_and_is_accessible_from_catalog_to_order(self, shop: Shop, page: Page) -> None:
        for path in ("/", "/products/twinspot", "/cart"):
            page.goto(shop.url + path)
            assert_nothing_moved(page)
            assert_accessible(page)
            assert_fits(page)
        open_checkout(shop, page, "twinspot", edition="Personal")
        expect(form_on(page).get_by_test_id("submit")).to_be_visible()
        assert_accessible(page)
        assert_fits(page)
        pay_by_card(form_on(page))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
        assert_accessible(page)
        assert_fits(page)
        page.get_by_role("link", name=re.compile("order page")).click()
        assert len(key_texts(page)) == 1
        assert_accessible(page)
        assert_fits(page)
        page.get_by_role("link", name="Receipt", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Receipt")
        assert_accessible(page)
        assert_fits(page)

    def test_copies_the_key(self, shop: Shop, page: Page, chromium: Browser) -> None:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        open_checkout(shop, page, "twinspot", edition="Personal")
        pay_by_card(form_on(page))
        page.get_by_role("button", name=re.compile("Copy")).first.click()
        expect(page.get_by_text("Copied").first).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == key_texts(page)[0]


def test_sells_without_javascript_and_the_waiting_page_looks_again_by_itself(
    shop: Shop, chromium: Browser
) -> None:
    """The shop's part; Stripe's own page needs JavaScript, so the payment is made beside it."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_role("button", name="Continue to Stripe").click()
    expect(page).to_have_url(re.compile(re.escape(shop.sandbox.url)))
    session_id = str(read_rows(shop.app, "SELECT checkout_session_id FROM checkouts")[0]["checkout_session_id"])
    shop.sandbox.pay(session_id, payment_method="ach_success")
    page.goto(f"{shop.url}/checkout/return?session_id={session_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pending")
    shop.wait_for_event("checkout.session.completed")
    shop.sandbox.settle(str(read_rows(shop.app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]))
    shop.wait_for_event("checkout.session.async_payment_succeeded")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert len(key_texts(page)) == 1
    context.close()


class TestOverTls:
    @pytest.fixture
    def environment(self, environment: dict[str, str], free_port: int) -> dict[str, str]:
        return environment | {"BASE_URL": f"https://127.0.0.1:{free_port}"}

    @pytest.fixture
    def secure_url(self, app: Flask, free_port: int) -> Iterator[str]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        with serve(app, port=free_port, ssl_context=context):
            yield f"https://127.0.0.1:{free_port}"

    def test_buys_with_secure_cookies_and_checked_referrers(
        self, secure_url: str, sandbox: SandboxClient, page: Page
    ) -> None:
        page.goto(f"{secure_url}/products/twinspot")
        page.get_by_role("button", name=re.compile("^Buy (?!as a gift)")).click()
        pay_by_card(form_on(page))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
        assert len(key_texts(page)) == 1
        cookies = [cookie for cookie in page.context.cookies() if cookie["name"] == "__Host-storefront_session"]
        assert [(cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [
            (True, True, "Lax")
        ]
