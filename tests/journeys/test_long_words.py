"""Names of one long word and wide tables, on the narrowest phone: no page gets wider than the screen."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import come_in, form_on, pay_by_card
from tests.support.browser import assert_accessible, assert_fits
from tests.support.goods import change_product
from tests.support.rows import change_rows
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORD = "Wärmepumpenauslegungsrechner"
TABLE = f"""| Edition | Umfang | Support | Preis |
|---|---|---|---|
| Privatpersonen | Einkommensteuererklärung | per E-Mail | 29 € |

- {"https://example.com/" + "a" * 60}

        {"a line of code that is longer than a phone is wide " * 2}
"""
ADMIN_PAGES = (
    "products/twinspot",
    "products/twinspot/links",
    "products/twinspot/files",
    "discounts/new",
    "broadcasts/new",
    "orders",
    "translations/de/products/twinspot",
)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"LANGUAGES": "en,de"}


@pytest.fixture
def viewport() -> Any:
    return {"width": 320, "height": 700}


def write_widely(shop: Shop, name: str) -> None:
    change_product(
        shop.app,
        "twinspot",
        name=name,
        description_markdown=TABLE,
        requirements=TABLE,
        first_steps=TABLE,
        questions=[[f"{WORD}?", TABLE]],
    )
    change_rows(shop.app, "UPDATE editions SET name = :word WHERE key = 'personal'", word=WORD)
    change_rows(shop.app, "UPDATE releases SET notes = :table", table=TABLE)


def look(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    assert_accessible(page)
    assert_fits(page)


def scroll_by_key(page: Page, selector: str) -> None:
    scroller = page.locator(selector).first
    scroller.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(node) => node.scrollLeft > 0", arg=scroller.element_handle())


def test_keeps_pages_of_buyers_as_wide_as_the_phone(shop: Shop, page: Page) -> None:
    write_widely(shop, WORD)
    for path in ("", "products/twinspot/changelog", "products/twinspot"):
        look(page, f"{shop.url}/{path}")
    scroll_by_key(page, ".table-scroll")
    scroll_by_key(page, "pre")
    page.get_by_role("button", name="Add to cart").click()
    look(page, f"{shop.url}/checkout/gift")
    look(page, f"{shop.url}/cart")
    page.get_by_role("button", name="Check out").click()
    form = form_on(page)
    expect(form.locator('[name="email"]')).to_be_visible()
    pay_by_card(form)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    look(page, page.url)


@pytest.mark.parametrize(("currency", "amount_minor"), [("idr", 45_000_000), ("huf", 1_299_000), ("chf", 12_900)])
def test_breaks_no_word_of_the_button_that_buys(shop: Shop, page: Page, currency: str, amount_minor: int) -> None:
    change_rows(
        shop.app,
        "UPDATE prices SET currency = :currency, amount_minor = :minor",
        currency=currency,
        minor=amount_minor,
    )
    for path in ("products/the-patient-toolmaker", "de/products/the-patient-toolmaker"):
        page.goto(f"{shop.url}/{path}")
        assert_fits(page)
        height = page.locator(".buy-buttons .button-main").evaluate("node => node.offsetHeight")
        assert height <= 50, path  # two lines: the words, and the amount below them


def test_keeps_pages_of_owners_as_wide_as_the_phone(shop: Shop, page: Page) -> None:
    write_widely(shop, "com.example.application.framework.plugin." * 2 + WORD)
    come_in(shop, page)
    for path in ADMIN_PAGES:
        look(page, f"{shop.url}/admin/{path}")
