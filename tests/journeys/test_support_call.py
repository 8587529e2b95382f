"""Support calls: found, helped and answered by an owner on a phone, with few clicks."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.people import link_for, make_person
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Shop, keys_on

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ELSEWHERE = "ada@new.example"


@pytest.fixture
def viewport() -> Any:
    return PHONE


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def come_in(shop: Shop, page: Page) -> None:
    page.goto(shop.url + link_for(shop.app, make_person(shop.app)))
    page.get_by_role("button", name="Sign in").click()


def find(page: Page, words: str) -> None:
    """From the home page, by one field."""
    page.get_by_role("navigation", name="Admin").get_by_role("link", name="Home").click()
    page.get_by_label("Find an order").fill(words)
    page.get_by_label("Find an order").press("Enter")


def license_api(shop: Shop, act: str, key: str, **more: str) -> Any:
    return shop.app.test_client().post(f"/v1/licenses/{act}", json={"license_key": key} | more).get_json()


def receipts(shop: Shop, email: str = ADA) -> list[str]:
    """What its receipts say, the newest first."""
    shop.work()
    return [mail["text"] for mail in shop.mails(to=email) if "license key" in mail["subject"]]


def test_finds_whose_email_was_lost_and_sends_it_again_with_a_new_link(
    shop: Shop, sandbox: SandboxClient, page: Page
) -> None:
    sale = sell(shop.app, sandbox, email=ADA, name="Ada Reader")
    sell(shop.app, sandbox, email="ben@example.com", name="Ben Other")
    number = number_of(sale)
    shop.work()
    shop.mailbox.clear()
    come_in(shop, page)
    look(page)
    find(page, ADA.upper())
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {number}")
    find(page, "reader")
    page.get_by_role("link", name=number).click()
    find(page, "4242")
    expect(page.locator("main tbody a")).to_have_count(2)
    page.get_by_role("link", name=number).click()
    page.get_by_role("button", name="Send the receipt again").dblclick()
    expect(page.get_by_role("status")).to_contain_text(ADA)
    (receipt,) = receipts(shop)
    assert sale.link in receipt
    page.get_by_text("Give the order a new link").click()
    look(page)
    page.get_by_role("button", name="Make a new link and send it").click()
    expect(page.get_by_role("status")).to_contain_text(f"An email is on its way to {ADA}")
    new = link_of(shop.app, sale.session_id)
    assert new in receipts(shop)[0]
    assert new != sale.link
    assert [sale.buyer.get(link).status_code for link in (sale.link, new)] == [404, 200]


def test_moves_an_order_from_a_wrong_address_and_its_old_link_with_it(
    shop: Shop, sandbox: SandboxClient, page: Page
) -> None:
    sale = sell(shop.app, sandbox, email="ada@exmaple.com", name="Ada Reader")
    come_in(shop, page)
    find(page, number_of(sale))
    page.get_by_text("Send it to another address").click()
    page.get_by_label("New address").fill(ELSEWHERE)
    look(page)
    page.get_by_role("button", name="Move the order and send it").click()
    expect(page.get_by_role("status")).to_contain_text(f"The order belongs to {ELSEWHERE} now")
    (receipt,) = receipts(shop, ELSEWHERE)
    assert keys_on(receipt) == sale.keys
    assert shop.mails(to="ada@exmaple.com") == []
    new = link_of(shop.app, sale.session_id)
    assert new in receipt
    assert [sale.buyer.get(link).status_code for link in (sale.link, new)] == [404, 200]
    page.locator("main").get_by_role("link", name=ELSEWHERE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ELSEWHERE)
    expect(page.get_by_role("link", name=number_of(sale))).to_be_visible()
    look(page)


def test_replaces_a_leaked_key_and_refunds_an_item(shop: Shop, sandbox: SandboxClient, page: Page) -> None:
    sale = sell(shop.app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"), email=ADA)
    leaked = sale.keys[0]
    assert license_api(shop, "activate", leaked, instance_name="A stranger's PC")["activated"]
    come_in(shop, page)
    find(page, leaked)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order ")
    page.get_by_text("Replace or withdraw").first.click()
    look(page)
    page.get_by_label("Reason").first.fill("posted in a forum")
    page.get_by_role("button", name="Replace this key").first.click()
    expect(page.get_by_role("status")).to_contain_text(f"An email brings the new key to {ADA}")
    assert read_rows(shop.app, "SELECT id FROM activations") == []
    assert not license_api(shop, "validate", leaked)["valid"]
    assert not license_api(shop, "activate", leaked, instance_name="A stranger's PC")["activated"]
    page.get_by_role("link", name="Refund…").click()
    look(page)
    page.get_by_label("Single items").check()
    page.get_by_label("Twinspot (Team)").check()
    page.get_by_role("button", name="Next").click()
    look(page)
    page.get_by_role("button", name="Refund $79.00").dblclick()
    expect(page.get_by_text("refunded $79.00")).to_be_visible()
    assert sale.keys[1] not in sale.order_page()
    shop.work()
    mailed = {key for mail in shop.mails(to=ADA) for key in keys_on(mail["text"])}
    (new,) = mailed - set(sale.keys)
    assert license_api(shop, "validate", new)["valid"]


def test_answers_a_dispute_once(shop: Shop, sandbox: SandboxClient, page: Page) -> None:
    sale = disputed(shop, sandbox)
    dispute_id = read_rows(shop.app, "SELECT id FROM disputes")[0]["id"]
    come_in(shop, page)
    needs = page.get_by_role("region", name="Needs you")
    expect(needs).to_contain_text("a dispute over $19.00")
    needs.get_by_role("link", name=number_of(sale)).click()
    page.get_by_role("link", name="Answer it").click()
    expect(page.get_by_label("Buyer's name")).to_have_value("Ada Reader")
    look(page)
    page.get_by_label("Receipt, emails").fill("She wrote to thank us.")
    page.get_by_role("button", name="Save the draft and look at it").click()
    expect(page.get_by_text("She wrote to thank us.")).to_be_visible()
    look(page)
    assert at_stripe(sandbox, dispute_id).evidence_details.submission_count == 0
    page.get_by_role("button", name="Send it to the bank").dblclick()
    expect(page.get_by_text("Answered on").first).to_be_visible()
    seen = at_stripe(sandbox, dispute_id)
    assert (seen.status, seen.evidence.uncategorized_text) == ("under_review", "She wrote to thank us.")
    assert seen.evidence_details.submission_count == 1
    page.goto(f"{shop.url}/admin")
    expect(needs).to_contain_text("Nothing needs you")


def disputed(shop: Shop, sandbox: SandboxClient) -> Sale:
    sale = sell(shop.app, sandbox, email=ADA, name="Ada Reader")
    sale.at_charge("dispute", status="needs_response")
    shop.wait_for_event("charge.dispute.created")
    return sale


def at_stripe(sandbox: SandboxClient, dispute_id: str) -> Any:
    return sandbox.stripe.v1.disputes.retrieve(dispute_id)
