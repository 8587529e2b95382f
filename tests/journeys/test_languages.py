"""A buyer who reads German, from the catalog to the receipt; and pages in each language on the smallest screen."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storefront.core.languages import Language
from storefront.devtools.texts import TRANSLATED, read_file
from tests.journeys.parts import form_on, key_texts, pay_by_card
from tests.support.browser import Complaints, assert_fits, visible_text
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.shop import ADA, Shop
from tests.support.sign_in import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# What stands between the words of a text: an element, a placeholder, several spaces.
BETWEEN = re.compile(r"</?\w[^>]*>|%\(\w+\)[sd]|\{\w+\}")
DAY = re.compile(r"\d{1,2}\. (Jan|Feb|März|Apr|Mai|Juni|Juli|Aug|Sep|Okt|Nov|Dez)\w* \d{4}")
CLIPPED = """() => [...document.querySelectorAll("button, .button, summary, select, input[type=submit]")]
  .filter((node) => node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1)
  .map((node) => `${node.innerText} (${node.scrollWidth} in ${node.clientWidth})`)"""
# Words of a button that fill more than two lines.
TALL = """() => [...document.querySelectorAll("button, .button, input[type=submit]")]
  .filter((node) => node.clientWidth > 1)
  .map((node) => {
    const style = getComputedStyle(node);
    const height = node.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    return [node.innerText, height / (parseFloat(style.lineHeight) || 1.2 * parseFloat(style.fontSize))];
  })
  .filter(([, lines]) => lines > 2.6)"""


def english_parts(language: Language) -> Iterator[str]:
    """Yield what English texts say and the language does not: sentences, and parts of two words and more."""
    translations = [message for message in read_file(language) if message.id and message.string]
    there = " ".join(str(message.string) for message in translations)
    for message in translations:
        for source in (message.id,) if isinstance(message.id, str) else message.id:
            for part in map(str.strip, BETWEEN.split(source)):
                if ((len(part) > 8 and " " in part) or re.fullmatch(r"[A-Z]\w+\.", part)) and part not in there:
                    yield part


def left_in_english(text: str, parts: set[str]) -> list[str]:
    return [part for part in parts if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text)]


class TestInGerman:
    @pytest.fixture
    def page(self, chromium: Any, complaints: Complaints) -> Iterator[Page]:
        context = chromium.new_context(locale="de-DE")
        new_page = context.new_page()
        complaints.listen(new_page)
        yield new_page
        context.close()
        assert complaints.unexpected() == []

    def test_buys_from_catalog_to_receipt_in_german(self, shop: Shop, page: Page) -> None:
        written = str(read_rows(shop.app, "SELECT name, summary, description_markdown, first_steps FROM products"))
        parts = {part for part in english_parts(Language.GERMAN) if part not in written}
        assert len(parts) > 100

        def read() -> str:
            text = visible_text(page).replace("\N{NO-BREAK SPACE}", " ")
            assert left_in_english(text, parts) == [], text
            expect(page.locator("html")).to_have_attribute("lang", "de")
            return text

        page.goto(shop.url)
        read()
        page.locator('main a[href$="/products/twinspot"]').first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Twinspot")
        assert "19,00 $" in read()
        page.get_by_role("button", name="In den Korb").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ihr Warenkorb")
        read()
        page.get_by_role("button", name="Zur Kasse").click()
        expect(form_on(page).get_by_test_id("submit")).to_be_visible()
        read()
        pay_by_card(form_on(page))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ihre Bestellung ist")
        keys = key_texts(page)
        assert DAY.search(read())
        page.locator(f'main a[href^="{shop.url}/"][href*="/orders/"]').first.click()
        assert key_texts(page) == keys
        read()
        page.get_by_role("link", name="Beleg", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Beleg")
        assert DAY.search(read())

        bought = read_rows(shop.app, "SELECT checkout_session_id, language FROM orders")[0]
        session = shop.sandbox.stripe.v1.checkout.sessions.retrieve(str(bought["checkout_session_id"]))
        assert (session.locale, bought["language"]) == ("de", "de")
        shop.wait_for_event("checkout.session.completed")
        shop.work()
        mail = shop.mails(to=ADA)[0]
        text = re.sub(r"\s+", " ", f"{mail['subject']} {mail['text']}").replace("\N{NO-BREAK SPACE}", " ")
        assert left_in_english(text, parts) == []
        assert keys[0] in text
        assert "19,00 $" in text
        assert "Vereinigte Staaten" in text


class TestOnTheSmallestScreen:
    @pytest.fixture
    def viewport(self) -> Any:
        return {"width": 320, "height": 640}

    def test_has_room_for_every_text(self, shop: Shop, page: Page) -> None:
        sale = sell(shop.app, shop.sandbox, email=ADA)
        buyer = signed_in(shop.app)
        cookie = buyer.client.get_cookie(shop.app.config["SESSION_COOKIE_NAME"], domain="127.0.0.1")
        assert cookie
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": shop.url}])
        page.goto(f"{shop.url}/products/twinspot")
        page.get_by_role("button", name="Add to cart").click()
        places = ("/", "/products/twinspot", "/cart", sale.link, "/library", "/account")
        for language in TRANSLATED:
            for place in places:
                visit(page, f"{shop.url}/{language}{place}", language)
            page.goto(f"{shop.url}/{language}/cart")
            page.locator(".summary .button-main").click()
            expect(form_on(page).get_by_test_id("submit")).to_be_visible()
            look(page, language)
        page.context.clear_cookies()
        for language in TRANSLATED:
            visit(page, f"{shop.url}/{language}/sign-in", language)


def visit(page: Page, address: str, language: Language) -> None:
    page.goto(address)
    look(page, language)


def look(page: Page, language: Language) -> None:
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert_fits(page)
    assert page.evaluate(CLIPPED) == [], page.url
    assert page.evaluate(TALL) == [], page.url
