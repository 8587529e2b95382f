"""Emails wear the shop's face, and their receipt says the same in both bodies."""

import html
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, render_template
from PIL import Image

from storefront.core.db import db, transaction
from storefront.mail.inlined import inline_styles
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from storefront.messages.compose import COMPOSERS, compose
from storefront.orders.after_sale import Refund
from storefront.owner.shop.sample_purchase import sample_mail
from storefront.shop.looks.change import change_looks
from storefront.shop.looks.files import LooksFile, set_file
from storefront.shop.looks.palette import dark_palette
from storefront.shop.media.pictures import add_picture
from storefront.shop.profile.change import change_profile
from tests.support.goods import make_purchase
from tests.support.letters import words_of
from tests.support.rows import change_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

MESSAGES = Path(__file__).parents[2] / "templates" / "messages"
TWINSPOT, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book")
LIKE_OTHERS = {"gift_answer", "test_receipt", "test_email"}  # with the frames of those
PUBLIC = "https://shop.example.net"
SELLER = {
    "legal_name": "Wren & Daughters Ltd",
    "postal_address": "12 Long Lane\nYork",
    "tax_id": "VAT ID GB123456789",
}


@pytest.fixture
def environment(environment: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return environment | getattr(request, "param", {})


on_the_internet = pytest.mark.parametrize("environment", [{"BASE_URL": PUBLIC}], indirect=True)


def drawn(color: str) -> io.BytesIO:
    picture = io.BytesIO()
    Image.new("RGB", (480, 160), color).save(picture, "PNG")
    picture.seek(0)
    return picture


def mail_of(app: Flask, kind: str) -> Mail:
    """Return the first of its kind as it would leave now."""
    with app.app_context():
        message = db.session.query(OutboxMessage).filter_by(kind=kind).order_by(OutboxMessage.id).first()
        assert message is not None
        mail = compose(message)
        db.session.remove()
    assert isinstance(mail, Mail)
    return mail


def addresses(mail: Mail) -> list[str]:
    return [html.unescape(address) for address in re.findall(r'<img[^>]* src="([^"]+)"', mail.html)]


@on_the_internet
def test_shows_logo_and_cover_at_addresses_of_the_shop(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, TWINSPOT, BOOK)
    with app.app_context():
        set_file(LooksFile.LOGO, drawn("#0d6b55"), "logo.png")
        set_file(LooksFile.LOGO_DARK, drawn("#ffffff"), "dark.png")
        add_picture("twinspot", drawn("#336699"), "cover.png", alt="Two files")
    shown = addresses(mail_of(app, "receipt"))
    assert [address.split("/")[3] for address in shown] == ["email", "email", "media"]
    colors = []
    for address in shown:
        assert address.startswith(f"{PUBLIC}/")
        answer = app.test_client().get(address.removeprefix(PUBLIC), base_url=PUBLIC)
        assert answer.mimetype in ("image/png", "image/jpeg")
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        colors.append(Image.open(io.BytesIO(answer.data)).convert("RGB").getpixel((5, 5)))
    assert colors[:2] == [(13, 107, 85), (255, 255, 255)]
    older = app.test_client().get(f"/email/logo/{'0' * 64}.png", base_url=PUBLIC)
    assert older.status_code == 200
    assert "31536000" not in older.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("things", "change", "words"),
    [
        ([TWINSPOT], "", "Your keys and downloads are in this email."),
        ([TWINSPOT, BOOK], "", "Your keys and downloads are in this email."),
        ([BOOK], "", "Here's what you ordered."),
        ([TWINSPOT], "DELETE FROM release_files", "Here's what you ordered."),
        ([TWINSPOT], "UPDATE licenses SET withdrawn_at = created_at", "Here's what you ordered."),
    ],
)
def test_begins_with_what_is_in_it(
    app: Flask, sandbox: SandboxClient, things: list[tuple[str, str]], change: str, words: str
) -> None:
    """The line that mail programs show beside the subject."""
    sell(app, sandbox, *things)
    change_rows(app, *filter(None, [change]))
    assert words_of(mail_of(app, "receipt").html.partition("</head>")[2]).startswith(words)


@on_the_internet
def test_shows_the_name_where_there_is_no_logo(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    mail = mail_of(app, "receipt")
    assert addresses(mail) == []
    assert words_of(mail.html.partition("</head>")[2]).startswith(
        "Your keys and downloads are in this email. Test Shop"
    )
    assert app.test_client().get("/email/logo/x.png", base_url=PUBLIC).status_code == 404


def test_shows_no_picture_that_a_reader_elsewhere_cannot_load(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    with app.app_context():
        set_file(LooksFile.LOGO, drawn("#0d6b55"), "logo.png")
        add_picture("twinspot", drawn("#336699"), "cover.png")
    mail = mail_of(app, "receipt")
    assert addresses(mail) == []
    assert "Test Shop" in mail.html


def test_wears_the_accent_also_on_dark_screens(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    with app.app_context():
        change_looks({"accent": "#224488"})
        dark = dark_palette("#224488").accent
    body = mail_of(app, "receipt").html
    assert 'bgcolor="#224488"' in body
    # The rest stands at each element.
    assert body.count("<style") == body.count('<style data-css-inline="keep">') == 2
    on_dark = body.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    assert f".button {{ background: {dark} !important; }}" in on_dark


@pytest.mark.parametrize("kind", sorted(set(COMPOSERS) - LIKE_OTHERS))
def test_has_one_frame_for_every_kind(kind: str) -> None:
    body = (MESSAGES / kind / "body.html").read_text(encoding="utf-8")
    assert body.count("{% call page(") == 1
    assert re.search(r"\{\{ (owner_)?ending\(", body)
    assert "style=" not in body


def test_says_who_sold_what_to_whom_and_how_it_was_paid(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        change_profile(SELLER)
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    change_rows(
        app,
        "UPDATE orders SET business_name = 'Ada & Sons', name = 'Ada & Sons, Ada', billing_address ="
        ' \'{"line1": "1 Rue X", "postal_code": "75001", "city": "Paris", "country": "FR"}\'',
    )
    mail = mail_of(app, "receipt")
    for body in (mail.text, mail.html):
        said = words_of(body)
        assert "Sold by Wren & Daughters Ltd 12 Long Lane York VAT ID GB123456789 shop@storefront.example" in said
        assert "Billed to Ada & Sons Ada 1 Rue X 75001 Paris France ada@example.com" in said
        assert re.search(r"Date \w+ \d+, \d{4} Payment Visa ending in 4242 Twinspot \(Personal\) \$19.00", said)
        assert "Total (USD) $33.00" in said
    assert "Visa ending in 4242" in sale.order_page()


def test_stays_below_what_large_programs_cut_off(app: Flask) -> None:
    """Gmail shows the first 102 kB, and hides what follows behind a link."""
    with app.app_context():
        values = sample_mail("ada@example.com") | {"is_to_buyer": True}
        sold, (line,) = make_purchase().items[0], values["receipt"].lines
        items = tuple(replace(sold, description=f"Thing {number}", keys=sold.keys[:1]) for number in range(40))
        values["purchase"] = replace(values["purchase"], items=items)
        values["receipt"] = replace(values["receipt"], lines=(line,) * 40)
        body = inline_styles(render_template("messages/receipt/body.html", **values))
    assert body.count("TEST-AAAAA") == 40
    assert len(body.encode()) < 90_000


def test_says_the_same_in_both_bodies(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=500)
    sale.deliver("charge.refunded", "refund.")
    for kind in ("receipt", "refunded"):
        mail = mail_of(app, kind)
        for pattern in (r"\$[\d.]+", r"http://[^\s<>\"]+/[^\s<>\"]+", r"[A-Z0-9]+(?:-[A-Z0-9]{5}){4}"):
            in_html = re.findall(pattern, re.sub(r"<[^>]+>", " ", mail.html.partition("</head>")[2]))
            assert set(in_html) == set(re.findall(pattern, mail.text)), (kind, pattern)


def test_lists_what_went_back_and_not_what_failed(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=500)
    sale.refund(amount=700)
    sale.deliver("charge.refunded", "refund.")
    with app.app_context(), transaction() as session:
        seen = session.query(Refund).first()
        assert seen is not None
        session.add(
            Refund(
                id="re_failed",
                order_id=seen.order_id,
                amount_minor=100,
                currency="usd",
                status="failed",
                created_at=seen.created_at,
            )
        )
    said = refunds_in(app)
    assert re.fullmatch(r"(Refunded on \w+ \d+, \d{4} -\$[57].00 ){2}Total after refunds \$21.00", said)
    change_rows(app, "DELETE FROM refunds WHERE id <> (SELECT min(id) FROM refunds WHERE id <> 're_failed')")
    assert refunds_in(app) == "Refunded -$12.00 Total after refunds $21.00"


def refunds_in(app: Flask) -> str:
    text, body = (words_of(body) for body in (mail_of(app, "receipt").text, mail_of(app, "receipt").html))
    found = re.search(r"Refunded.*Total after refunds \S+", text)
    assert found is not None
    assert found[0] in body
    return found[0]


def test_names_a_bank_account_by_its_last_digits(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, payment_method="ach_success")
    sandbox.settle(sale.payment().id, "succeeded")
    sale.deliver("checkout.session.")
    assert "US bank account ending in 6789" in words_of(mail_of(app, "receipt").text)
