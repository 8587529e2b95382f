"""Steps every journey shares."""

import re

from playwright.sync_api import FrameLocator, Page, Route, expect

from tests.support.browser import PATIENCE_MS, assert_accessible, assert_fits
from tests.support.people import link_for, make_person
from tests.support.shop import ADA, Shop

FRAME = 'iframe[name="embedded-checkout"]'
SUCCEEDS = "4242424242424242"
KEY = re.compile(r"[A-Z]{4}(?:-[0-9A-Z]{5}){4}")


def open_checkout(shop: Shop, page: Page, slug: str, *, edition: str = "") -> None:
    """From the product page through the cart to the form."""
    page.goto(f"{shop.url}/products/{slug}")
    if edition:
        page.get_by_label(re.compile(edition)).first.check()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name=re.compile("Check out|Get it free")).click()


def form_on(page: Page) -> FrameLocator:
    return page.frame_locator(FRAME)


def pay_by_card(
    form: FrameLocator | Page, *, number: str = "4242424242424242", email: str = "ada@example.com"
) -> None:
    values = {
        "email": email,
        "cardNumber": number,
        "cardExpiry": "12 / 34",
        "cardCvc": "123",
        "billingName": "Ada Reader",
        "billingPostalCode": "94107",
    }
    for name, value in values.items():
        form.locator(f'[name="{name}"]').fill(value)
    form.get_by_test_id("submit").click()


def pay_by_debit(form: FrameLocator, iban: str) -> None:
    form.locator('[name="email"]').fill("ada@example.com")
    form.locator('[name="paymentMethodType"][value="sepa_debit"]').check(force=True)
    form.locator('[name="iban"]').fill(iban)
    form.locator('[name="billingName"]:visible').fill("Ada Reader")
    form.get_by_test_id("submit").click()


def come_in(shop: Shop, page: Page, path: str = "/admin/products") -> None:
    """As an owner, by a link."""
    page.goto(shop.url + link_for(shop.app, make_person(shop.app)))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
    page.goto(shop.url + path)


def key_texts(page: Page) -> list[str]:
    """License keys on the screen, in order, each once."""
    return list(dict.fromkeys(KEY.findall(page.locator("main").inner_text())))


def mailed(shop: Shop, email: str = ADA) -> tuple[str, str]:
    """Code and path of the link in the newest mail with a code."""
    shop.work()
    mail = next(mail for mail in shop.mails(to=email) if "is your code" in mail["subject"])
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", str(mail["subject"]))
    link = re.search(r"/(?:sign-in/link|confirm)/[0-9a-f]{32}", str(mail["text"]))
    assert code
    assert link
    return code[0], link[0]


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def sign_in(shop: Shop, page: Page, email: str = ADA) -> None:
    page.goto(f"{shop.url}/library")
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Email me a code").click()
    expect(page.get_by_label("Code")).to_be_visible()
    page.get_by_label("Code").fill(mailed(shop, email)[0].lower())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your library")


def let_go(page: Page, held: list[Route]) -> None:
    """Wait for a request that a test holds, and let it go on."""
    waited_ms = 0
    while not held and waited_ms < PATIENCE_MS:
        page.wait_for_timeout(20)
        waited_ms += 20
    held.pop().continue_()
