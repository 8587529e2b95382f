"""A link to a file that is refused leads to the page that says why, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from storefront.core.db import transaction
from storefront.customers.models import SignIn
from tests.delivery.downloads.clicks import forget_window, status
from tests.support.browser import Complaints
from tests.support.goods import change_sold
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Shop
from tests.support.sign_in import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_reads_why_a_download_is_refused(
    shop: Shop, sandbox: SandboxClient, page: Page, complaints: Complaints
) -> None:
    complaints.expected.append("403")
    sale = sell(shop.app, sandbox)
    change_sold(shop.app, "twinspot", download_limit=1)
    assert status(sale.buyer, sale.downloads[0]) == 200
    forget_window(shop.app)
    page.goto(shop.url + sale.link)
    page.get_by_role("link", name=re.compile("Download twinspot")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This file was downloaded as often as it may be")


def test_asks_to_sign_in_where_an_export_comes_after_the_session_ended(
    shop: Shop, sandbox: SandboxClient, page: Page
) -> None:
    sell(shop.app, sandbox, email=ADA)
    cookie = signed_in(shop.app).client.get_cookie("storefront_session", domain="127.0.0.1")
    assert cookie
    page.context.add_cookies([{"name": "storefront_session", "value": cookie.value, "url": shop.url}])
    page.goto(f"{shop.url}/account")
    with shop.app.app_context(), transaction() as session:
        session.execute(delete(SignIn))
    page.get_by_role("link", name="Export my data").click()
    expect(page.get_by_role("button", name="Email me a code")).to_be_visible()
