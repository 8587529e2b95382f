"""Stripe Tax and adaptive pricing from product to receipt: what Stripe computes is kept and said."""

import csv
import html
import io
import re
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.mail.models import MailKind, OutboxMessage
from storefront.messages.canceled import Canceled
from storefront.messages.compose import compose
from storefront.owner.readiness.ask import look_at_everything
from storefront.owner.readiness.read_facts import read_points
from storefront.shop.editor.product_settings import SettingRefused, change_product_settings
from storefront.shop.emails.edit import change_words
from tests.cli.commands import done
from tests.support.goods import change_product, make_edition, set_price
from tests.support.letters import plain
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"STRIPE_TAX": "true", "INVOICES": "true"}


def read_mail(app: Flask, kind: MailKind) -> tuple[str, str]:
    """Return text and words of the mail's HTML, as it would leave now."""
    with app.app_context():
        message = db.session.query(OutboxMessage).filter_by(kind=kind).order_by(OutboxMessage.id).first()
        assert message is not None
        mail = compose(message)
        db.session.remove()
    assert not isinstance(mail, Canceled)
    return mail.text, plain(mail.html)


def read_order(app: Flask) -> dict[str, Any]:
    (order,) = read_rows(app, "SELECT * FROM orders")
    return dict(order)


def sell_taxed(app: Flask, sandbox: SandboxClient, behavior: str = "exclusive", **how: Any) -> Sale:
    change_product(app, "twinspot", tax_code="txcd_10202003", tax_behavior=behavior)
    return sell(app, sandbox, **how)


def test_makes_mirrors_as_the_product_is_taxed_now(app: Flask, sandbox: SandboxClient) -> None:
    for behavior, note in (("exclusive", "plus tax"), ("inclusive", "incl. tax"), ("exclusive", "plus tax")):
        sell_taxed(app, sandbox, behavior, country="DE")
        assert note in Buyer(app).get("/products/twinspot").text
    mirrors = read_rows(app, "SELECT * FROM stripe_mirrors ORDER BY id")
    assert [row["tax_behavior"] for row in mirrors] == ["exclusive", "inclusive"]
    price = sandbox.stripe.v1.prices.retrieve(mirrors[1]["stripe_price_id"], {"expand": ["product"]})
    assert price.tax_behavior == "inclusive"
    assert price.product.tax_code == "txcd_10202003"  # type: ignore[union-attr]  # expanded
    orders = read_rows(app, "SELECT * FROM orders ORDER BY id")
    assert [(row["tax_minor"], row["total_minor"]) for row in orders] == [(361, 2261), (303, 1900), (361, 2261)]


def test_says_net_tax_and_invoice_on_page_and_receipt(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_taxed(app, sandbox, "inclusive", country="FR")
    order = read_order(app)
    assert order["invoice_number"]
    text, words = read_mail(app, MailKind.RECEIPT)
    for said in (sale.words(), words, text.replace("\n", " ")):
        assert re.search(r"VAT 20% \(FR\), included:? \$3\.17", said)
        assert re.search(r"Net:? \$15\.83", said)
        assert re.search(r"Total(?: \(USD\))?:? \$19\.00", said)
        assert order["invoice_number"] in said
    assert order["invoice_url"] in text


@pytest.mark.parametrize(("currency", "step"), [("usd", 1), ("isk", 100), ("bhd", 10)])
def test_names_the_rate_of_an_item_on_its_receipt(
    app: Flask, sandbox: SandboxClient, currency: str, step: int
) -> None:
    change_product(app, "twinspot", tax_code="txcd_10202003", tax_behavior="exclusive")
    make_edition(app, "twinspot", "Far", 1997 * step, currency)
    sale = sell(app, sandbox, ("twinspot", "Far"), country="DE")
    (order,) = read_rows(app, "SELECT tax_minor FROM orders")
    assert order["tax_minor"] == 379 * step
    assert re.search(r'data-label="Tax rate">19%<', sale.buyer.get(f"{sale.link}/receipt").text)


def test_says_reverse_charge_and_what_the_register_said_later(app: Flask, sandbox: SandboxClient) -> None:
    tax_id = {"type": "eu_vat", "value": "FR111111111"}
    sale = sell_taxed(app, sandbox, country="FR", tax_id=tax_id)
    order = read_order(app)
    assert (order["tax_minor"], order["total_minor"]) == (0, 1900)
    text, words = read_mail(app, MailKind.RECEIPT)
    for said in (sale.words(), words, text):
        assert "Reverse charge: " in said
        assert "EU VAT FR111111111" in said
    (kept,) = sandbox.stripe.v1.customers.tax_ids.list(order["stripe_customer_id"]).data
    sandbox.control(f"tax_ids/{kept.id}/verify")
    sale.deliver("customer.tax_id.updated", "invoice.paid")
    (noted,) = read_rows(app, "SELECT * FROM order_changes WHERE what = 'tax_id'")
    assert "not in the register" in noted["detail"]
    assert '"verification": "unverified"' in read_order(app)["tax_ids"]


def test_hears_of_every_order_of_a_customer_who_has_several(app: Flask, sandbox: SandboxClient) -> None:
    """A tax id and invoices are Stripe's news of a Customer; whose are all the orders that it paid."""
    tax_id = {"type": "eu_vat", "value": "FR111111111"}
    sandbox.control("faults", method="GET", path="/v1/invoices/*", status=403, times=99)
    sale = sell_taxed(app, sandbox, country="FR", tax_id=tax_id)
    customer = read_order(app)["stripe_customer_id"]
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    second = sandbox.create_session(
        [{"price": price, "quantity": 1}],
        customer=customer,
        customer_update={"address": "auto", "name": "auto"},
        automatic_tax={"enabled": True},
        tax_id_collection={"enabled": True},
        invoice_creation={"enabled": True},
    )
    sandbox.pay(second, country="FR", tax_id=tax_id)
    sale.buyer.land(second)
    orders = "SELECT invoice_number, tax_ids FROM orders ORDER BY id"
    assert [row["invoice_number"] for row in read_rows(app, orders)] == [None, None]
    sandbox.control("faults/clear")
    for kept in sandbox.stripe.v1.customers.tax_ids.list(customer).data:
        sandbox.control(f"tax_ids/{kept.id}/verify")
    sale.deliver("customer.tax_id.updated", "invoice.paid")
    assert ["unverified" in row["tax_ids"] for row in read_rows(app, orders)] == [True, True]
    numbers = {row["invoice_number"] for row in read_rows(app, orders)}
    assert len(numbers - {None}) == 2
    assert len(read_rows(app, "SELECT id FROM order_changes WHERE what = 'tax_id'")) == 2
    assert read_rows(app, "SELECT id FROM stripe_events WHERE handled_at IS NULL") == []


def test_sells_untaxed_what_a_product_says_nothing_about(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", tax_registrations=[])
    sale = sell(app, sandbox, country="DE")
    assert (read_order(app)["tax_minor"], read_order(app)["total_minor"]) == (0, 1900)
    assert "VAT" not in sale.words()


def test_says_what_the_buyer_paid_and_gets_back_in_their_own_currency(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", tax_registrations=[])
    sale = sell(app, sandbox, email="ada+location_FR@example.com", country="FR")
    order = read_order(app)
    assert (order["total_minor"], order["currency"]) == (1900, "usd")
    assert (order["presentment_minor"], order["presentment_currency"]) == (1761, "eur")
    text, words = read_mail(app, MailKind.RECEIPT)
    for said in (sale.words(), words, text):
        assert re.search(r"You paid €17\.61 \(charged as \$19\.00 ?\)", said)
    sale.refund(amount=950)
    sale.deliver("refund.created", "charge.refunded")
    text, words = read_mail(app, MailKind.REFUNDED)
    for said in (words, text):
        assert "€8.81 (refunded as $9.50)" in said
    assert re.search(r"Refunded \u2212€8\.81 \(refunded as \$9\.50 ?\)", sale.words())
    with app.app_context():
        own = {"subject": "Money back", "heading": "Back", "body": "Look for {amount}."}
        change_words("refunded", Language.ENGLISH, own)
    assert "Look for €8.81 (refunded as $9.50)." in read_mail(app, MailKind.REFUNDED)[0]


def test_says_both_currencies_of_refunds_that_wait_and_fail(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """On the page and in each email; a subject has room for that of the buyer alone."""
    sandbox.control("config", tax_registrations=[])
    sale = sell(app, sandbox, email="ada+location_FR@example.com", country="FR")
    sale.refund(amount=500)
    sale.deliver("refund.created", "charge.refunded")
    sale.work()
    (told,) = [mail for mail in mailbox.messages() if mail["subject"].startswith("Refunded: €4.63 of order")]
    assert "€4.63 (refunded as $5.00) is on its way back to you." in told["html"]
    change_rows(app, "UPDATE refunds SET status = 'requires_action'")
    waiting = sale.words()
    assert "the refund of €4.63 (refunded as $5.00) should go" in waiting
    assert re.search(r"Refund that needs your answer \u2212€4\.63 \(refunded as \$5\.00 ?\)", waiting)
    assert "Refunded \u2212" not in waiting
    change_rows(app, "UPDATE refunds SET status = 'pending'")
    (refund,) = read_rows(app, "SELECT id FROM refunds")
    sandbox.control(f"refunds/{refund['id']}/settle", result="failed")
    sale.deliver("refund.")
    sale.work()
    (failed,) = [mail for mail in mailbox.messages() if "didn't go through" in mail["subject"]]
    assert failed["subject"].startswith("Your refund of €4.63 didn't")
    for body in (failed["text"], html.unescape(failed["html"])):
        assert "a refund of €4.63 (refunded as $5.00)." in body


def test_shows_the_shops_currency_alone_where_not_every_refund_is_known(
    app: Flask, sandbox: SandboxClient
) -> None:
    sandbox.control("config", tax_registrations=[])
    sale = sell(app, sandbox, email="ada+location_FR@example.com", country="FR")
    sale.refund(amount=500)
    sale.refund(amount=400)
    sale.deliver("refund.created", "charge.refunded")
    assert re.search(r"Refunded \u2212€8\.34 \(refunded as \$9\.00 ?\)", sale.words())
    change_rows(app, "DELETE FROM refunds WHERE amount_minor = 400")
    assert re.search(r"Refunded \u2212 ?\$9\.00", sale.words())


def test_says_on_the_list_what_is_missing_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    def ask() -> str:
        with app.app_context():
            look_at_everything(even_if_fresh=True)
            (point,) = [point for point in read_points() if point.code == "stripe_tax"]
            db.session.remove()
        return point.sentence

    assert "the account's preset counts: Twinspot" in ask()
    sandbox.control("config", tax_registrations=[])
    assert "collects tax nowhere yet" in ask()
    sandbox.control("config", tax_origin=None)
    assert "head office is missing" in ask()


def test_refuses_a_tax_code_that_is_none(app: Flask, command: CliRunner) -> None:
    given = {"tax_code": "ebook"}
    with app.app_context(), pytest.raises(SettingRefused, match="txcd_ and eight digits"):
        change_product_settings("twinspot", given)
    with app.app_context(), pytest.raises(SettingRefused, match="inclusive or exclusive"):
        change_product_settings("twinspot", {"tax_behavior": "both"})
    done(command, "products", "set", "twinspot", "--tax-code", "txcd_10302000", "--tax-behavior", "inclusive")
    done(command, "products", "set", "twinspot", "--tax-behavior", "none")
    (product,) = read_rows(app, "SELECT * FROM products WHERE slug = 'twinspot'")
    assert (product["tax_code"], product["tax_behavior"]) == ("txcd_10302000", "")
    (first, *_) = read_rows(app, "SELECT * FROM audit_entries WHERE verb = 'product.changed' ORDER BY id")
    assert "txcd_10302000" in first["after"]


def test_saves_tax_in_the_editor(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    page = owner.get("/admin/products/twinspot").text
    assert "Digital book (ebook)" in page
    owner.post("/admin/products/twinspot/settings", tax_code="txcd_10202003", tax_behavior="exclusive")
    (product,) = read_rows(app, "SELECT * FROM products WHERE slug = 'twinspot'")
    assert (product["tax_code"], product["tax_behavior"]) == ("txcd_10202003", "exclusive")
    assert product["grants_license"]


@pytest.mark.parametrize(
    ("currency", "tax", "total"), [("usd", "3.61", "22.61"), ("jpy", "361", "2261"), ("kwd", "0.360", "2.260")]
)
def test_writes_taxes_of_every_currency_into_the_csv(
    app: Flask, sandbox: SandboxClient, command: CliRunner, currency: str, *, tax: str, total: str
) -> None:
    """From the catalog to bookkeeping: with no decimals, two or three; one currency in a cart."""
    price_id = set_price(app, "twinspot", "personal", currency, 1900)
    change_product(app, "twinspot", tax_behavior="exclusive")
    buyer = Buyer(app)
    page = buyer.get(f"/products/twinspot?currency={currency}").text
    assert f'currency={currency}" rel="nofollow"' not in page  # it is the one that is shown
    assert buyer.post("/cart/add", price_id=price_id, quantity=1).status_code == 303
    session_id = buyer.check_out()
    sandbox.pay(session_id, country="DE")
    buyer.land(session_id)
    header, row = csv.reader(io.StringIO(done(command, "orders", "csv").removeprefix("\ufeff")))
    line = dict(zip(header, row, strict=True))
    assert (line["currency"], line["tax"], line["total"]) == (currency, tax, total)
    assert line["taxes"] == f"VAT 19% (DE): {tax}"
    assert line["invoice"]
