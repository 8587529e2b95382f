"""Every template: asked for by something, safe under the strict CSP, and right for each state of a purchase."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template, session
from jinja2 import StrictUndefined
from markupsafe import escape

from storefront.buyers.library.purchase import Purchase
from storefront.core.config.settings import ROOT
from storefront.core.runtime import runtime
from storefront.orders.refund_words import RefundTotals
from storefront.owner.shop.sample_purchase import sample_receipt
from storefront.shop.cart.cart import CartLine
from storefront.shop.cart.priced import price_cart
from tests.support.goods import make_denied_purchase, make_purchase
from tests.support.shop import find_price

TEMPLATES = ROOT / "templates"
KEY = "TEST-AAAAA-BBBBB-CCCCC-DDDDD"
SECRETS = (KEY, "secret-token", "buyer@example.com")
WAITING = make_denied_purchase("awaiting_payment", "We are waiting for your bank.", mail_state="none")
FAILED = make_denied_purchase("failed", "The payment didn't go through.", mail_state="none")
REFUNDED = make_denied_purchase("refunded", "This order was refunded.", refunds=RefundTotals(given_minor=5054))
MAILS = {"receipt": make_purchase(), "waiting_for_bank": WAITING, "payment_failed": FAILED}


def pages() -> list[Path]:
    """Return the shop's pages: the sandbox has its own looks, and emails their own rules."""
    every = (path for path in TEMPLATES.rglob("*.html") if path.is_file())
    return sorted(path for path in every if path.relative_to(TEMPLATES).parts[0] not in ("devtools", "messages"))


@pytest.fixture
def rendering(app: Flask) -> Iterator[Flask]:
    """Make a misspelled name in a template an error."""
    app.jinja_env.undefined = StrictUndefined
    with app.test_request_context("/"):
        app.preprocess_request()
        yield app


def render(name: str, **context: Any) -> str:
    return render_template(name, **context)


def mail(kind: str, part: str, purchase: Purchase, app: Flask) -> str:
    return render(
        f"messages/{kind}/{part}",
        purchase=purchase,
        shop=runtime(app).settings,
        order_url=purchase.order_url,
        again_url=purchase.again_url,
        receipt=sample_receipt(make_purchase(items=make_purchase().items[:1])),
        receipt_url="",
        pictures={},
        own=None,
    )


def test_uses_each_macro_that_it_imports() -> None:
    imported = re.compile(r"{%-? from \S+ import (.+?)(?: with(?:out)? context)? -?%}")
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        rest = imported.sub("", text)
        names = [name.split(" as ")[-1].strip() for each in imported.findall(text) for name in each.split(",")]
        assert [name for name in names if not re.search(rf"\b{name}\b", rest)] == [], path


def test_is_asked_for_by_code_or_by_another_template() -> None:
    sources = [*(ROOT / "storefront").rglob("*.py"), *TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for path in TEMPLATES.rglob("*"):
        name = path.relative_to(TEMPLATES)
        if name.parts[0] == "devtools" or not path.is_file():
            continue
        # Mails are found by their folder's name, which is the message's kind.
        wanted = (
            f'"{name.parts[1]}"'
            if len(name.parts) == 3 and name.parts[0] == "messages"
            else f'"{name.as_posix()}"'
        )
        assert wanted in text, name


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_carries_no_inline_styles_or_scripts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_lets_browsers_show_why_a_download_is_refused() -> None:
    sources = [path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")]
    assert not [source for source in sources if re.search(r"<a [^>]* download>", source)]


@pytest.mark.parametrize("script", sorted((ROOT / "static").rglob("*.js")), ids=lambda path: path.name)
def test_writes_text_and_never_markup(script: Path) -> None:
    """Words of an answer or of a field become text; nothing is run that came as text."""
    risky = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function"
    )
    assert re.search(risky, script.read_text(encoding="utf-8")) is None


# A frame on another site has no cookie: its forms are taken from the shop's own documents alone.
WITHOUT_SESSION = ("framed_start.html", "framed_trouble.html", "_paid_form.html")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_carries_the_csrf_token_in_every_form_that_posts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form.*?</form>", text, flags=re.DOTALL):
        if 'method="post"' in form and path.name not in WITHOUT_SESSION:
            assert "csrf()" in form or "csrf_token()" in form


def test_shows_keys_files_and_amounts_of_a_paid_order(rendering: Flask) -> None:
    page = render("buyers/library/order.html", purchase=make_purchase())
    for words in (KEY, "2 license keys", "goods-1.0.zip", "1.4 MB", "0123456789ab…", "Discount", "$50.54", "1042"):
        assert words in page
    assert page.count("data-copy-text") == 2
    assert "November 2, 2026" in page


@pytest.mark.parametrize(
    ("purchase", "title", "links_again"),
    [
        (WAITING, "Payment pending", False),
        (FAILED, "The payment didn't go through", True),
        (REFUNDED, "Refunded", False),
        (make_denied_purchase("disputed", "The payment is disputed."), "This order is on hold", False),
    ],
    ids=["waiting", "failed", "refunded", "disputed"],
)
def test_says_why_an_order_has_no_access_and_hands_out_nothing(
    rendering: Flask, purchase: Purchase, title: str, links_again: bool
) -> None:
    page = render("buyers/library/order.html", purchase=purchase)
    assert f"<h1>{title}</h1>" in page
    assert str(escape(purchase.access_reason)) in page
    assert "data-copy-text" not in page
    assert "/downloads/" not in page
    assert (purchase.again_url in page) == links_again


def test_says_what_is_missing_of_an_order(rendering: Flask) -> None:
    first, second = make_purchase().items
    items = (
        replace(first, keys=first.keys[:1], files=(), backordered=1),
        replace(second, files=(), is_owned_already=True),
        replace(second, files=(), is_known=False),
        replace(second, files=()),
    )
    page = render("buyers/library/order.html", purchase=make_purchase(items=items, mail_state="failed"))
    for words in (
        "One license key is not in stock right now",
        "free once per email address",
        "The shop knows about this",
        "nothing to download right now",
        "We couldn't email",
    ):
        assert words in page


def test_shows_everything_to_the_browser_that_paid(rendering: Flask) -> None:
    page = render(
        "payments/checkout/fulfilled.html", purchase=make_purchase(), show_keys=True, session_id="cs_test_1"
    )
    assert all(secret in page for secret in SECRETS)


def test_shows_nothing_to_any_other_browser_which_may_ask_for_the_mail(rendering: Flask) -> None:
    hidden = render(
        "payments/checkout/fulfilled.html", purchase=make_purchase(), show_keys=False, session_id="cs_test_1"
    )
    waiting = render("payments/checkout/waiting.html", purchase=WAITING, show_keys=False)
    for page in (hidden, waiting):
        assert not any(secret in page for secret in SECRETS)
    assert 'action="/checkout/return/mail"' in hidden


def test_looks_again_from_the_waiting_page_with_and_without_javascript(rendering: Flask) -> None:
    page = render("payments/checkout/waiting.html", purchase=WAITING, show_keys=True)
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    assert 'data-poll="awaiting_payment"' in page
    assert "t pay again" in page


def test_offers_no_way_to_pay_while_a_payment_is_checked(rendering: Flask) -> None:
    page = render("web/payment_safe.html", title="Your payment is safe", message="No answer.", again_seconds=5)
    assert "t pay again" in page
    assert "<form" not in page
    assert 'content="5"' in page


@pytest.mark.parametrize("name", ["payments/checkout/failed.html", "payments/checkout/expired.html"])
@pytest.mark.parametrize("purchase", [FAILED, None], ids=["with order", "without"])
def test_links_ended_checkouts_to_another_try(rendering: Flask, name: str, purchase: Purchase | None) -> None:
    assert 'href="/again"' in render(name, purchase=purchase, again_url="/again")
    elsewhere = render(name, purchase=purchase, again_url=None)
    assert 'href="/">See all products' in elsewhere
    assert "again</a>" not in elsewhere
    assert "/cart" not in elsewhere.split("<main")[1]


OF_CART = {"back_url": "/cart", "began_at": "cart"}
OF_ONE_THING = {"back_url": "/products/twinspot", "began_at": "product"}


def test_keeps_the_cart_in_trouble_and_lets_the_buyer_try_again(rendering: Flask) -> None:
    known = {"token": None, "nonce": "once", "price_id": None} | OF_CART
    page = render("payments/checkout/trouble.html", message="Stripe is away.", retry=True, cart_count=1, **known)
    assert "Stripe is away." in page
    assert "You haven't been charged, and your cart is safe." in page
    assert 'href="/cart">Back to your cart' in page
    assert 'name="nonce" value="once"' in page
    final = render("payments/checkout/trouble.html", message="Refused.", retry=False, **known)
    assert 'action="/checkout"' not in final


@pytest.mark.parametrize(
    "known",
    [{"token": "tok", "retry": True}, {"token": None, "retry": True}, {"token": None, "retry": False}],
    ids=["open", "not begun", "refused"],
)
def test_speaks_of_no_cart_in_trouble_to_who_has_none(rendering: Flask, known: dict[str, object]) -> None:
    """It was emptied meanwhile, on another page."""
    known |= {"message": "Stripe is away.", "nonce": "once", "price_id": None, **OF_CART}
    page = render("payments/checkout/trouble.html", cart_count=0, **known)
    assert "You haven't been charged.</strong>" in page
    assert "your cart" not in page
    assert 'href="/">See all products' in page


def test_sends_the_one_thing_again_after_trouble_or_opens_the_same_checkout(rendering: Flask) -> None:
    known = {"message": "Stripe is away.", "retry": True, "nonce": "once"}
    one_thing = render("payments/checkout/trouble.html", **known, token=None, price_id=7, **OF_ONE_THING)
    assert 'action="/checkout/now"' in one_thing
    assert 'name="price_id" value="7"' in one_thing
    opened = render("payments/checkout/trouble.html", **known, token="tok", price_id=None, **OF_CART)
    assert 'href="/checkout/tok"' in opened
    assert "<form" not in opened


def test_asks_about_a_second_purchase_of_a_pending_one(rendering: Flask) -> None:
    page = render("payments/checkout/ask_again.html", purchase=WAITING, nonce="once", price_id=None)
    assert 'name="again" value="1"' in page
    assert 'action="/checkout"' in page
    one_thing = render("payments/checkout/ask_again.html", purchase=WAITING, nonce="once", price_id=7)
    assert 'action="/checkout/now"' in one_thing
    assert 'name="price_id" value="7"' in one_thing
    assert WAITING.order_url in page


def test_hands_the_data_of_the_checkout_page_to_the_script(rendering: Flask) -> None:
    cart = price_cart((CartLine(price_id=find_price(rendering, "twinspot", "Team"), quantity=2),))
    page = render(
        "payments/checkout/form.html",
        token="tok",
        client_secret="cs_test_1_secret_2",
        publishable_key="pk_test_3",
        stripe_js_url="https://js.stripe.com/endive/stripe.js",
        priced=cart,
        return_url="/checkout/return",
        back_url="/cart",
        is_from_cart=True,
        seconds_left=60,
        gift_line="",
    )
    for words in (
        'data-client-secret="cs_test_1_secret_2"',
        'data-publishable-key="pk_test_3"',
        "Change your cart",
    ):
        assert words in page
    assert re.search(r'<script nonce="[^"]+" src="https://js.stripe.com/endive/stripe.js" async', page)
    assert 'action="/checkout/tok/hosted"' in page
    fallback = page[page.index("data-fallback") :]
    assert "hidden" not in fallback[: fallback.index(">")], "without JavaScript the way on must be visible"


def test_needs_no_database_for_the_error_page(rendering: Flask) -> None:
    session["cart"] = [[1, 2]]
    page = render("web/error.html", status=503, title="Away", message="Back soon.")
    assert "Back soon." in page
    assert "Back to your cart" in page


@pytest.mark.parametrize("kind", MAILS)
def test_renders_mails_for_a_worker_without_a_request(app: Flask, kind: str) -> None:
    app.jinja_env.undefined = StrictUndefined
    with app.app_context():
        subject = " ".join(mail(kind, "subject.txt", MAILS[kind], app).split())
        text = mail(kind, "body.txt", MAILS[kind], app)
        html = mail(kind, "body.html", MAILS[kind], app)
    assert 10 < len(subject) < 70
    assert MAILS[kind].order_url in text.splitlines()
    assert max(len(line) for line in text.splitlines()) < 120
    assert "<img" not in html
    assert html.count("<table") == html.count('role="presentation"')  # read out as no table
    assert MAILS[kind].order_url in html
    assert (KEY in text.splitlines()) == (kind == "receipt")
    assert (KEY in html) == (kind == "receipt")


def test_names_a_receipt_after_its_one_license_key(app: Flask) -> None:
    first = make_purchase().items[0]
    only = replace(first, keys=first.keys[:1], quantity=1)
    with app.app_context():
        subject = mail("receipt", "subject.txt", make_purchase(items=(only,)), app)
    assert subject.strip() == "Your license key for Twinspot (Personal)"


def test_escapes_the_html_of_a_mail_and_not_its_text(app: Flask) -> None:
    item = replace(make_purchase().items[1], description="Salt & <Pepper>")
    with app.app_context():
        text = mail("receipt", "body.txt", make_purchase(items=(item,)), app)
        html = mail("receipt", "body.html", make_purchase(items=(item,)), app)
    assert "Salt & <Pepper>" in text
    assert "Salt &amp; &lt;Pepper&gt;" in html
