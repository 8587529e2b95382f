"""The sandbox's Stripe.js and Checkout form in a real browser, mounted by a page of another origin."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import FrameLocator, Page, expect

from tests.devtools.sandbox.calls import Calls
from tests.journeys.parts import pay_by_card
from tests.support.browser import PHONE, Complaints, assert_accessible, assert_fits
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRAME = 'iframe[name="embedded-checkout"]'

HOST_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<script src="{sandbox}/endive/stripe.js"></script></head>
<body><main><h1>Host</h1><div id="checkout"></div></main></body></html>"""


@pytest.fixture
def host(sandbox: Calls) -> Iterator[str]:
    """A shop's page on another port."""
    app = Flask("host")
    app.add_url_rule("/", view_func=lambda: HOST_PAGE.replace("{sandbox}", sandbox.url))
    app.add_url_rule(
        "/done", endpoint="done", view_func=lambda: "<title>Done</title><link rel=icon href=data:,>Done"
    )
    with serve(app) as port:
        yield f"http://127.0.0.1:{port}"


def create(sandbox: Calls, host: str, *, amount: int = 1900, currency: str = "usd", **body: Any) -> Any:
    line: dict[str, Any] = {
        "price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "Lantern"}},
        "quantity": 1,
    }
    line |= body.pop("line", {})
    params: Any = {
        "mode": "payment",
        "ui_mode": "embedded_page",
        "return_url": host + "/done?session_id={CHECKOUT_SESSION_ID}",
        "line_items": [line],
    } | body
    params = {name: value for name, value in params.items() if value}
    return sandbox.stripe.v1.checkout.sessions.create(params)


def mount(page: Page, sandbox: Calls, host: str, secret: str, *, complete: str = "") -> FrameLocator:
    page.goto(host)
    page.evaluate(
        """async ([key, secret, complete]) => {
            const options = { fetchClientSecret: async () => secret };
            if (complete) options.onComplete = () => { document.title = complete; };
            window.form = await Stripe(key).createEmbeddedCheckoutPage(options);
            window.form.mount("#checkout");
        }""",
        [sandbox.server.publishable_key, secret, complete],
    )
    return page.frame_locator(FRAME)


def test_pays_and_leads_the_top_window_to_the_return_url(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host)
    form = mount(page, sandbox, host, session.client_secret)
    expect(form.get_by_text("No real payment is made here.")).to_be_visible()
    pay_by_card(form)
    expect(page).to_have_url(f"{host}/done?session_id={session.id}")
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_tells_beside_each_field_what_is_wrong(page: Page, sandbox: Calls, host: str) -> None:
    form = mount(page, sandbox, host, create(sandbox, host).client_secret)
    form.get_by_test_id("submit").click()
    for name in ("email", "cardNumber", "cardExpiry", "cardCvc", "billingName", "billingPostalCode"):
        expect(form.get_by_test_id(f"{name}-error")).to_be_visible()
        assert form.locator(f'[name="{name}"]').get_attribute("aria-invalid") == "true"
    expect(form.locator('[name="email"]')).to_be_focused()
    form.locator('[name="cardNumber"]').fill("4242424242424241")
    form.get_by_test_id("submit").click()
    expect(form.get_by_test_id("cardNumber-error")).to_have_text("Your card number is invalid.")
    form.locator('[name="cardExpiry"]').fill("1320")
    form.get_by_test_id("submit").click()
    expect(form.get_by_test_id("cardExpiry-error")).to_contain_text("month")


def test_calls_on_complete_when_nothing_needs_a_redirect(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host, redirect_on_completion="if_required")
    form = mount(page, sandbox, host, session.client_secret, complete="It is complete")
    pay_by_card(form)
    expect(page).to_have_title("It is complete")
    expect(page).to_have_url(host + "/")


def test_takes_a_promotion_code_down_to_nothing(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 100, "duration": "once"})
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "GIFT"}
    sandbox.stripe.v1.promotion_codes.create(promotion)
    session = create(sandbox, host, allow_promotion_codes=True)
    form = mount(page, sandbox, host, session.client_secret)
    complaints.expected.append("400")
    form.locator('[name="promotionCode"]').fill("nonsense")
    form.get_by_test_id("promotion-apply").click()
    expect(form.get_by_test_id("promotionCode-error")).to_have_text("This code is invalid.")
    form.locator('[name="promotionCode"]').fill("gift")
    form.get_by_test_id("promotion-apply").click()
    expect(form.get_by_test_id("submit")).to_have_text("Place order")
    expect(form.locator('[name="cardNumber"]')).to_be_hidden()
    form.get_by_test_id("promotion-remove").click()
    expect(form.get_by_test_id("submit")).to_have_text("Pay $19.00")
    form.locator('[name="promotionCode"]').fill("gift")
    form.get_by_test_id("promotion-apply").click()
    form.locator('[name="email"]').fill("ada@example.com")
    form.get_by_test_id("submit").click()
    expect(page).to_have_url(re.compile("/done"))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "no_payment_required"


def test_changes_a_quantity(page: Page, sandbox: Calls, host: str) -> None:
    adjustable = {"adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 3}}
    form = mount(page, sandbox, host, create(sandbox, host, line=adjustable).client_secret)
    form.get_by_role("button", name="One more: Lantern").click()
    expect(form.get_by_test_id("submit")).to_have_text("Pay $38.00")
    form.get_by_role("button", name="One more: Lantern").click()
    expect(form.get_by_role("button", name="One more: Lantern")).to_be_disabled()


@pytest.mark.parametrize(
    ("price", "label"), [((1900, "jpy"), "Pay ¥1,900"), ((5990, "kwd"), "Pay KWD\u00a05.990")]
)
def test_writes_amounts_with_stripes_digits(
    page: Page, sandbox: Calls, host: str, price: tuple[int, str], label: str
) -> None:
    amount, currency = price
    form = mount(page, sandbox, host, create(sandbox, host, amount=amount, currency=currency).client_secret)
    expect(form.get_by_test_id("submit")).to_have_text(label)


def test_takes_a_us_bank_account(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host)
    form = mount(page, sandbox, host, session.client_secret)
    form.locator('[value="us_bank_account"]').check()
    expect(form.get_by_text("allow the shop to debit")).to_be_visible()
    form.locator('[name="email"]').fill("ada@example.com")
    form.get_by_text("Test cards and accounts").click()
    form.get_by_role("button", name="000123456789").click()
    form.get_by_test_id("submit").click()
    expect(page).to_have_url(re.compile("/done"))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_asks_the_bank_where_the_buyer_looks(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    """The frame is longer than the screen: the middle of it is not what the buyer sees."""
    form = mount(page, sandbox, host, create(sandbox, host, allow_promotion_codes=True).client_secret)
    pay_by_card(form, number="4000002760003184")
    expect(form.get_by_test_id("challenge-complete")).to_be_in_viewport(ratio=1)
    expect(form.get_by_test_id("challenge-complete")).to_be_focused()
    complaints.expected.append("402")
    page.keyboard.press("Escape")
    expect(form.get_by_test_id("payment-error")).to_be_in_viewport(ratio=1)
    page.evaluate("window.scrollTo(0, 0)")
    form.locator('[name="email"]').press("Enter")
    expect(form.get_by_test_id("challenge-complete")).to_be_in_viewport(ratio=1)
    form.get_by_test_id("challenge-complete").click()
    expect(page).to_have_url(re.compile("/done"))


def test_shows_the_session_to_nobody_without_its_secret(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    session = create(sandbox, host)
    complaints.expected.append("403")
    form = mount(page, sandbox, host, f"{session.id}_secret_wrong")
    expect(form.get_by_text("does not belong to this Checkout Session")).to_be_visible()
    expect(form.get_by_test_id("submit")).to_be_hidden()


def test_says_that_a_session_has_expired_or_does_not_exist(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    session = create(sandbox, host)
    sandbox.stripe.v1.checkout.sessions.expire(session.id)
    form = mount(page, sandbox, host, session.client_secret)
    expect(form.get_by_text("This checkout has expired")).to_be_visible()
    complaints.expected.append("404")
    page.goto(f"{sandbox.url}/c/pay/cs_test_nothing")
    expect(page.get_by_text("does not exist")).to_be_visible()


def test_keeps_stripes_rules_for_mounting(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host)
    mount(page, sandbox, host, session.client_secret)
    said = page.evaluate(
        """async ([key, secret]) => {
            const said = {};
            const attempt = async (name, run) => {
                try {
                    await run();
                    said[name] = "fine";
                } catch (error) {
                    said[name] = `${error.name}: ${error.message}`;
                }
            };
            const stripe = Stripe(key);
            const create = () => stripe.createEmbeddedCheckoutPage({ clientSecret: secret });
            await attempt("second", create);
            await attempt("remount", () => { window.form.unmount(); window.form.mount("#checkout"); });
            await attempt("destroyed", () => { window.form.destroy(); window.form.mount("#checkout"); });
            await attempt("after", async () => { window.form = await create(); window.form.mount("#checkout"); });
            await attempt("live", () => Stripe("pk_live_x"));
            await attempt("old", () => stripe.initEmbeddedCheckout());
            await attempt("elements", () => stripe.elements());
            said.version = Stripe.version;
            return said;
        }""",
        [sandbox.server.publishable_key, session.client_secret],
    )
    assert said["second"] == "IntegrationError: You cannot have multiple Embedded Checkout objects."
    assert said["destroyed"].startswith("IntegrationError")
    assert (said["remount"], said["after"], said["version"]) == ("fine", "fine", "endive")
    assert "live" in said["live"]
    assert "createEmbeddedCheckoutPage" in said["old"]
    assert "not implemented" in said["elements"]
    expect(page.frame_locator(FRAME).get_by_test_id("submit")).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 700}], ids=["phone", "small"])
def test_is_accessible_and_fits_a_phone(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host, ui_mode="hosted_page", return_url="", success_url=host + "/done")
    page.goto(session.url)
    expect(page.get_by_test_id("submit")).to_be_visible()
    page.get_by_test_id("submit").click()
    page.get_by_text("Test cards and accounts").click()
    assert_accessible(page)
    assert_fits(page)
    pay_by_card(page, number="4000002760003184")
    expect(page.get_by_test_id("challenge-complete")).to_be_visible()
    assert_accessible(page)


def test_drives_the_sandbox_from_its_control_page(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host)
    sandbox.control("config", settle_after_seconds=None)
    sandbox.control(f"sessions/{session.id}/pay", payment_method="ach_success")
    page.goto(sandbox.url + "/")
    expect(page.get_by_text("complete, unpaid")).to_be_visible()
    expect(page.get_by_text("$19.00")).to_be_visible()
    assert_accessible(page)
    boxes = "labels => labels.map((label) => [label.clientHeight, label.querySelector('input').clientHeight])"
    for label_px, box_px in page.locator(".box").evaluate_all(boxes):
        assert label_px < 2 * box_px  # a box stands beside its words
    page.get_by_role("button", name=f"Settle: {session.id}").click()
    expect(page.get_by_text("complete, paid")).to_be_visible()
    page.get_by_label("What comes first after paying").select_option("page_first")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert sandbox.look("config")["webhook_order"] == "page_first"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Reset everything").click()
    expect(page.get_by_text("None yet. Check out in the shop.")).to_be_visible()


def test_leads_from_a_payment_link_to_the_form_and_back(page: Page, sandbox: Calls, host: str) -> None:
    after: Any = {"type": "redirect", "redirect": {"url": host + "/done"}}
    line: Any = {"price": sandbox.make_price(), "quantity": 1}
    link = sandbox.v1.payment_links.create({"line_items": [line], "after_completion": after})
    page.goto(f"{link.url}?prefilled_email=ada%40example.com")
    expect(page.locator("#email")).to_have_value("ada@example.com")
    pay_by_card(page)
    expect(page).to_have_url(f"{host}/done")
    assert sandbox.look("sessions")["data"][0]["payment_link"] == link.id


def test_shows_receipts_and_notices_to_everyone(page: Page, sandbox: Calls) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    sandbox.pay(sandbox.make_session().id)
    receipt = sandbox.get("/v1/charges")["data"][0]["receipt_url"]
    link = sandbox.v1.payment_links.create({"line_items": [{"price": sandbox.make_price(), "quantity": 1}]})
    for url in (receipt, f"{link.url}/thanks"):
        page.goto(url)
        assert_accessible(page)
        assert_fits(page)


def test_refunds_and_disputes_from_the_control_page(page: Page, sandbox: Calls) -> None:
    for _ in range(2):
        sandbox.pay(sandbox.make_session().id)
    page.goto(f"{sandbox.url}/_sandbox/")
    rows = page.locator("[data-sessions] li")
    rows.first.get_by_role("button", name=re.compile("^Refund")).click()
    expect(rows.first).to_contain_text("$19.00 refunded")
    expect(rows.first.get_by_role("button")).to_have_count(0)
    rows.last.get_by_role("button", name=re.compile("^Dispute")).click()
    expect(rows.last).to_contain_text("dispute needs_response")
    expect(rows.last.get_by_role("button", name=re.compile("^Refund"))).to_have_count(0)
    rows.last.get_by_role("button", name=re.compile("^Win")).click()
    expect(rows.last).to_contain_text("dispute won")
    assert_accessible(page)
    types = sandbox.event_types()
    assert types.count("charge.refunded") == types.count("charge.dispute.closed") == 1


def test_moves_the_clock_and_makes_trouble_from_the_control_page(page: Page, sandbox: Calls) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{sandbox.url}/_sandbox/")
    expect(page.get_by_text("real time", exact=True)).to_be_visible()
    page.get_by_role("button", name="+ 3 days").click()
    expect(page.get_by_text("72 hours ahead")).to_be_visible()
    page.get_by_role("button", name="Back to real time").click()
    expect(page.get_by_text("real time", exact=True)).to_be_visible()
    events = page.locator("[data-mischief]")
    events.get_by_role("button", name="Make trouble").click()
    expect(page.get_by_text("drop checkout.session.*")).to_be_visible()
    events.get_by_label("What happens to their deliveries").select_option("random")
    events.get_by_role("button", name="Make trouble").click()
    expect(page.locator("[data-mischief-now]")).to_contain_text("at random, seed")
    seed = sandbox.look("mischief")["seed"]
    expect(page.locator("[data-mischief-now]")).to_have_text(f"at random, seed {seed}")
    api = page.locator("[data-faults]")
    api.get_by_label("What happens to them").select_option("lost")
    api.get_by_label("Calls").select_option("make a Checkout Session")
    api.get_by_label("How often (empty: until cleared)").fill("")
    api.get_by_role("button", name="Make trouble").click()
    expect(page.get_by_text("connection breaks after, every call")).to_be_visible()
    assert sandbox.look("faults")["data"][0]["drop_after_execution"] is True
    assert_accessible(page)
    assert_fits(page)
    for end in page.get_by_role("button", name="No trouble").all():
        end.click()
    expect(page.get_by_text("The API answers as it should.").first).to_be_visible()
    expect(page.locator("[data-mischief-now]")).to_have_text("none")
    assert sandbox.look("faults")["data"] == []


def test_takes_a_chosen_amount_and_says_beside_the_field_what_is_wrong(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    complaints.expected.append("400")
    price = sandbox.make_custom_price(minimum=500, preset=1000)
    session = sandbox.make_hosted_session(price, success_url=f"{host}/done")
    page.goto(str(session.url))
    expect(page.get_by_label("Amount")).to_have_value("10.00")
    page.get_by_label("Amount").fill("3,50")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("customAmount-error")).to_contain_text("at least $5.00")
    page.get_by_label("Amount").fill("12.50")
    page.get_by_label("Amount").press("Tab")
    expect(page.get_by_test_id("submit")).to_have_text("Pay $12.50")
    assert_accessible(page)
    pay_by_card(page)
    expect(page).to_have_url(f"{host}/done")
    assert sandbox.session(session.id)["amount_total"] == 1250


def test_takes_an_optional_item_and_leaves_it_again(page: Page, sandbox: Calls, host: str) -> None:
    items = [{"price": sandbox.make_price(500), "quantity": 1}]
    session = sandbox.make_hosted_session(success_url=f"{host}/done", optional_items=items)
    page.goto(str(session.url))
    for name, total in (("Add Field", "24.00"), ("Remove Field", "19.00"), ("Add Field", "24.00")):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_test_id("submit")).to_have_text(f"Pay ${total}")
    assert_accessible(page)
    pay_by_card(page)
    expect(page).to_have_url(f"{host}/done")
    assert sandbox.session(session.id)["amount_total"] == 2400


def test_keeps_consent_to_promotions_of_who_leaves_without_paying(page: Page, sandbox: Calls, host: str) -> None:
    session = sandbox.make_hosted_session(
        success_url=f"{host}/done",
        after_expiration={"recovery": {"enabled": True}},
        consent_collection={"promotions": "auto"},
    )
    page.goto(str(session.url))
    page.get_by_label("Keep me updated").check()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Email").press("Tab")
    sandbox.wait_until(lambda: bool(sandbox.session(session.id)["consent"]))
    page.goto(host)
    expired = sandbox.control(f"sessions/{session.id}/expire")
    assert expired["consent"]["promotions"] == "opt_in"
    page.goto(expired["after_expiration"]["recovery"]["url"].replace("http://127.0.0.1:0", sandbox.url))
    pay_by_card(page)
    expect(page).to_have_url(f"{host}/done")
