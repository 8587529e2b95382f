"""The webhook endpoint by its buttons: made, proven by a sale, replaced, and the old one disabled."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import come_in
from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NEW_HAS_DELIVERED = "SELECT id FROM webhook_endpoints WHERE delivered_at IS NOT NULL AND replaced_at IS NULL"


@pytest.fixture
def viewport() -> Any:
    return PHONE


@pytest.fixture
def environment(environment: dict[str, str], sandbox: SandboxClient) -> dict[str, str]:
    """A shop whose owner has set up nothing at Stripe."""
    for endpoint in sandbox.stripe.v1.webhook_endpoints.list().data:
        sandbox.stripe.v1.webhook_endpoints.delete(endpoint.id)
    return environment | {"STRIPE_WEBHOOK_SECRET": ""}


def point_on(page: Page) -> Any:
    return page.locator("#webhook")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="Ready to sell?")).to_be_visible()


def test_makes_the_endpoint_whose_deliveries_arrive_and_replaces_it(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/ready")
    expect(point_on(page)).to_contain_text("Stripe doesn't know this shop's address yet")
    press(page, "Make or mend the endpoint")
    expect(page.get_by_text("there is nothing to copy")).to_be_visible()
    expect(point_on(page)).to_contain_text("No delivery has arrived yet")
    sell(shop.app, shop.sandbox)
    shop.wait_for_event("checkout.session.completed")
    press(page, "Ask again")
    expect(point_on(page)).to_contain_text("Last delivery")
    press(page, "Make a new endpoint")
    expect(point_on(page)).to_contain_text("is new. Once it has delivered")
    assert_accessible(page)
    assert_fits(page)
    sell(shop.app, shop.sandbox)
    shop.wait_for_event("checkout.session.completed", count=2)
    wait_for(lambda: read_rows(shop.app, NEW_HAS_DELIVERED))  # the old one delivers, too
    press(page, "Ask again")
    press(page, "Disable the old one")
    expect(point_on(page)).to_contain_text("delivers to")
    states = sorted(one.status for one in shop.sandbox.stripe.v1.webhook_endpoints.list().data)
    assert states == ["disabled", "enabled"]
