"""The form with ways to pay that lead to a page of their own: a voucher, a page that asks yes or no."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.devtools.sandbox.calls import Calls

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_pays_by_voucher_and_comes_back_refused_and_approved(sandbox: Calls, page: Page) -> None:
    voucher = sandbox.make_hosted_session(sandbox.make_price(currency="brl"))
    page.goto(str(voucher.url))
    page.get_by_label("Boleto").check()
    page.get_by_label("Email").fill("reader@example.com")
    page.get_by_label("CPF or CNPJ").fill("000.000.000-00")
    page.get_by_label("Full name").fill("Ada Reader")
    page.get_by_test_id("submit").click()
    page.wait_for_url(re.compile("/vouchers/"))
    expect(page.get_by_text("Pay until")).to_be_visible()
    page.goto(f"{sandbox.url}/_sandbox/")
    page.get_by_role("button", name=re.compile("Pay voucher")).click()
    sandbox.wait_until(lambda: sandbox.session(voucher.id)["payment_status"] == "paid")

    redirected = sandbox.make_hosted_session(sandbox.make_price(currency="eur"))
    page.goto(str(redirected.url))
    for answer in ("Refuse it", "Approve the payment"):
        page.get_by_label("Klarna").check()
        page.get_by_label("Email").fill("reader@example.com")
        page.get_by_label("Full name").fill("Ada Reader")
        page.get_by_test_id("submit").click()
        page.get_by_role("button", name=answer).click()
        if answer == "Refuse it":
            expect(page.get_by_test_id("payment-error")).to_contain_text("unable to authenticate")
    sandbox.wait_until(lambda: sandbox.session(redirected.id)["payment_status"] == "paid")
