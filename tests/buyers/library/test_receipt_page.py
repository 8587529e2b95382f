"""The receipt of an order, as a page to print and as PDF: everything that an accountant asks for."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from storefront.buyers.library.receipt import Party, Receipt, ReceiptLine, RefundLine
from storefront.buyers.library.receipt_pdf import MINUS, MISSING, draw_receipt
from storefront.orders.tax_words import NO_TAXES, TaxLine, TaxWords
from storefront.shop.profile.change import change_profile
from tests.support.letters import words_of
from tests.support.rows import change_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop
from tests.support.statements import counted

TWINSPOT, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book")
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
LINE = ReceiptLine(
    description="Twinspot (Personal)",
    quantity=3,
    unit_minor=1900,
    subtotal_minor=5700,
    discount_minor=570,
    net_minor=5130,
    tax_rate="19%",
    tax_minor=975,
    total_minor=6105,
    is_refunded=False,
)
RECEIPT = Receipt(
    number="ABCD2345",
    placed_at=AT,
    paid_at=AT,
    is_paid=True,
    is_test=False,
    seller=Party(
        names=("Wren Ltd",), address=("12 Long Lane", "York"), tax_ids=("VAT ID GB1",), email="w@shop.example"
    ),
    buyer=Party(names=("Zażółć", "Ελένη"), address=("Київ",), tax_ids=("EU VAT FR1",), email="ada@example.com"),
    method="Visa ending in 4242",
    currency="eur",
    lines=(LINE,),
    subtotal_minor=5700,
    discount_minor=570,
    discount_code="SPRING",
    tax_minor=975,
    total_minor=6105,
    presentment="$65.10",
    taxes=TaxWords(lines=(TaxLine(label="VAT 19% (DE)", amount_minor=975),), net_minor=5130),
    refunds=(RefundLine(at=AT, amount_minor=105, presentment="$1.10"),),
    refunded_minor=105,
    invoice_number="INV-1",
    invoice_url="https://invoice.example/1",
)


def page_of(sale: Sale) -> str:
    answer = sale.buyer.get(f"{sale.link}/receipt")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    return words_of(answer.text[answer.text.index("<main") :])


def test_names_seller_buyer_payment_and_every_amount(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        change_profile(
            {"legal_name": "Wren & Co Ltd", "postal_address": "12 Long Lane\nYork", "tax_id": "VAT ID GB1"}
        )
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    change_rows(app, "UPDATE orders SET business_name = 'Ada Ltd', name = 'Ada Ltd, Ada'")
    with counted(app) as statements:
        said = page_of(sale)
    assert len(statements) <= 7, "\n".join(statements)
    assert "Sold by Wren & Co Ltd 12 Long Lane York VAT ID GB1 shop@storefront.example" in said
    assert re.search(r"Billed to Ada Ltd Ada .*ada@example.com Order [A-Z0-9]{8} Ordered ", said)
    assert re.search(r"Paid \w+ \d+, 2\d{3} Payment Visa ending in 4242 Currency USD", said)
    assert "Twinspot (Personal) 1 $19.00 $19.00 The Patient Toolmaker (E-book) 1 $14.00 $14.00" in said
    assert "Total (USD) $33.00" in said
    assert "No real payment was made." in said
    assert f"{sale.link}/receipt" in sale.order_page()


def test_keeps_the_address_that_stripe_collected(app: Flask, sandbox: SandboxClient) -> None:
    address = {"line1": "1 Rue X", "line2": "2e étage", "postal_code": "75001", "city": "Paris", "country": "FR"}
    billing: Any = {"type": "card", "card": {"token": "tok_mastercard"}, "billing_details": {"address": address}}
    method = sandbox.stripe.v1.payment_methods.create(billing).id
    said = page_of(sell(app, sandbox, payment_method=method, country="FR", postal_code="75001"))
    assert "Billed to Ada 1 Rue X 2e étage 75001 Paris France ada@example.com" in said
    assert "Payment Mastercard ending in 4444" in said


def test_stays_when_the_order_is_refunded_or_disputed(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    said = page_of(sale)
    assert re.search(r"Refunded on \w+ \d+, \d{4} - ?\$19.00 Total after refunds \$0.00", said)
    assert sale.keys[0] not in said
    assert f"{sale.link}/receipt" in sale.order_page()
    pdf = sale.buyer.get(f"{sale.link}/receipt.pdf")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert pdf.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r'inline; filename="receipt-[A-Z0-9]{8}\.pdf"', pdf.headers["Content-Disposition"])


def test_says_that_a_free_order_cost_nothing(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, ("gridling", ""), payment_method=None)
    said = page_of(sale)
    assert "Payment Free of charge" in said
    assert "Total (USD) $0.00" in said


def test_has_the_days_of_the_shop_on_every_page_and_in_its_emails(shop: Shop, sandbox: SandboxClient) -> None:
    """Half past midnight on January 1 in Berlin is the year before in UTC."""
    sale, returned = sell(shop.app, sandbox), sell(shop.app, sandbox, email="bo@example.com")
    sale.refund(amount=500)
    returned.refund()
    for one in (sale, returned):
        one.deliver("charge.refunded", "refund.")
    at = "'2025-12-31 23:30:00.000000'"
    change_rows(
        shop.app, f"UPDATE orders SET placed_at = {at}, paid_at = {at}", f"UPDATE refunds SET created_at = {at}"
    )
    with shop.app.app_context():
        change_profile({"time_zone": "Europe/Berlin"})
    pdf = sale.buyer.get(f"{sale.link}/receipt.pdf").data
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    shop.mailbox.clear()
    sale.buyer.post(f"{sale.link}/receipt")
    shop.work()
    mail = str(shop.mails()[-1]["text"])
    for body, count in (
        (page_of(sale), 3),
        (sale.order_page(), 1),
        (returned.order_page(), 2),
        (text, 4),
        (mail, 1),
    ):
        assert body.count("January 1, 2026") >= count, body
        assert "December 31" not in body


@pytest.mark.parametrize("path", ["receipt", "receipt.pdf"])
def test_is_not_there_before_the_payment(app: Flask, sandbox: SandboxClient, path: str) -> None:
    sale = sell(app, sandbox, payment_method="ach_success")
    answer = sale.buyer.get(f"{sale.link}/{path}")
    assert answer.status_code == 404
    assert "as soon as the payment arrives" in answer.text
    assert '/receipt"' not in sale.order_page().replace("action=", "")
    assert sale.buyer.get(f"/orders/{'0' * 32}/{path}").status_code == 404


def test_says_which_paper_is_the_invoice(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    assert "made by Stripe" not in page_of(sale)
    change_rows(app, "UPDATE orders SET invoice_number = 'INV-1', invoice_url = 'https://invoice.example/1'")
    said = page_of(sale).replace(" ,", ",")
    assert "The invoice for this order is INV-1, made by Stripe. This is the receipt for it." in said
    assert 'href="https://invoice.example/1"' in sale.buyer.get(f"{sale.link}/receipt").text


@pytest.mark.parametrize(
    ("rates", "net_minor", "tax_minor", "words"),
    [
        ((19.0,), 1900, 361, "19%"),
        ((19.0, 7.0), 1900, 133, "7%"),
        ((19.0, 19.0), 1900, 361, "19%"),  # one rate, of two countries
        ((19.0, 7.0), 1900, 494, ""),  # both together
        ((19.0, 7.0), 0, 0, ""),
        ((None,), 1900, 361, ""),
    ],
)
def test_names_the_rate_that_made_a_lines_tax(
    rates: tuple[float | None, ...], net_minor: int, tax_minor: int, words: str
) -> None:
    lines = tuple(
        TaxLine(label="VAT", amount_minor=1, rate=f"{rate:g}%" if rate else "", percentage=rate) for rate in rates
    )
    assert TaxWords(lines=lines).rate_of(net_minor, tax_minor) == words


def pages_of(receipt: Receipt) -> list[str]:
    """Return the words of each page, as a reader that copies them gets them."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(draw_receipt(receipt))).pages]


def test_writes_the_same_into_a_file_with_its_font_inside() -> None:
    reader = PdfReader(io.BytesIO(draw_receipt(RECEIPT)))
    (said,) = pages_of(RECEIPT)
    for words in (
        "Wren Ltd 12 Long Lane York VAT ID GB1 w@shop.example",
        "Zażółć Ελένη Київ EU VAT FR1 ada@example.com",
        "Payment Visa ending in 4242",
        "Item Quantity Unit price Discount Net Tax rate Tax Total",
        f"Twinspot (Personal) 3 €19.00 {MINUS}€5.70 €51.30 19% €9.75 €61.05",
        f"Discount (SPRING) {MINUS}€5.70",
        "VAT 19% (DE) €9.75",
        "Total (EUR) €61.05",
        f"Refunded on November 2, 2026 {MINUS}€1.05 Total after refunds €60.00",
        "Paid as $65.10 (charged as €61.05). Refunded as $1.10.",
        "The invoice for this order is INV-1, made by Stripe.",
        "Order ABCD2345 · Page 1 of 1",
    ):
        assert words in said
    assert MISSING not in said
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Receipt ABCD2345", "Wren Ltd")
    assert reader.metadata.creation_date == AT
    page: Any = reader.pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert all("/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts)


def test_repeats_headings_and_counts_pages_of_a_long_order() -> None:
    lines = tuple(replace(LINE, description=f"Thing {number}") for number in range(1, 41))
    pages = pages_of(replace(RECEIPT, lines=lines))
    assert len(pages) == 2
    for number, page in enumerate(pages, start=1):
        assert page.count("Item Quantity Unit price") == 1
        assert f"Page {number} of 2" in page
    assert [f"Thing {number} 3" in " ".join(pages) for number in range(1, 41)] == [True] * 40


def test_writes_no_long_label_over_its_amount() -> None:
    code = "SPRING" * 8
    (text,) = pages_of(replace(RECEIPT, discount_code=code))
    assert code not in text  # on lines of their own
    assert f"Discount({code}){MINUS}€5.70" in "".join(text.split())


def test_says_plainly_what_it_cannot_draw() -> None:
    buyer = replace(RECEIPT.buyer, names=("山田 太郎", "Zoe\u0308 🎉", "שלום"))
    (said,) = pages_of(replace(RECEIPT, buyer=buyer, lines=(replace(LINE, description="文" * 200),)))
    assert "?? ??" in said
    assert "Zoë ?" in said
    assert MISSING in said


def test_says_what_it_cannot_draw_in_the_language_of_the_page(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    change_rows(app, "UPDATE orders SET name = '山田 太郎'")
    pdf = sale.buyer.get(f"/de{sale.link}/receipt.pdf").data
    said = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "Einige Zeichen" in said
    assert MISSING not in said


@pytest.mark.parametrize(
    ("currency", "amount", "words"), [("jpy", 1_900_000, "¥1,900,000"), ("kwd", 1_900, "KWD 1.900")]
)
def test_writes_amounts_as_their_currency_has_them(currency: str, amount: int, words: str) -> None:
    line = replace(LINE, discount_minor=0, tax_minor=0, total_minor=amount, unit_minor=None)
    nothing: Any = {"discount_minor": 0, "tax_minor": 0, "taxes": NO_TAXES}
    (said,) = pages_of(replace(RECEIPT, currency=currency, lines=(line,), total_minor=amount, **nothing))
    said = said.replace("\N{NO-BREAK SPACE}", " ")
    assert f"Twinspot (Personal) 3 {words} Total ({currency.upper()}) {words}" in said
