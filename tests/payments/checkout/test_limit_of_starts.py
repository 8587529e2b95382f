"""Every way to begin a checkout counts, however its form brings its token; what is refused counts for nobody."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.web.limits import limiter
from tests.payments.buy.frames import SITE, allow
from tests.support.discounts import discount
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, find_price
from tests.support.upgrades import allow_upgrade, offers_on

MOST = 10
HOWS = ("field", "header", "prefixed", "nowhere")
FRAME = f"/buy/twinspot/frame?edition=personal&origin={SITE}"
OURS = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = {"Sec-Fetch-Site": "cross-site"}

Sender = Callable[..., TestResponse]


@pytest.fixture
def senders(app: Flask, sandbox: SandboxClient) -> dict[str, Sender]:
    """Each button that begins a checkout, of one browser; each asks for a checkout of its own."""
    allow(app)
    allow_upgrade(app)
    sale = sell(app, sandbox)
    buyer = sale.buyer
    (offer,) = offers_on(buyer.get(sale.link).text)
    buyer.add("soft-taps")
    limiter.reset()  # the sale was one
    one = {"price_id": str(find_price(app, "twinspot")), "again": "1"}
    return {
        "cart": partial(send, buyer, "/checkout", {"again": "1"}),
        "now": partial(send, buyer, "/checkout/now", one),
        "frame": partial(send, buyer, FRAME, {}),
        "upgrade": partial(send, buyer, offer.action, {"amount_minor": offer.amount_minor}),
        "old cart": partial(send, buyer, "/cart/add", {**one, "next": "checkout"}),
        "enter": partial(send, buyer, "/cart/update", {"first_email": ADA}),
    }


def send(
    buyer: Buyer, path: str, fields: dict[str, str], how: str, headers: dict[str, str], *, token: str = ""
) -> TestResponse:
    """Send a form whose token stands where `how` says, and that comes from where the headers say."""
    token = token or buyer.csrf_token()
    tokens = {"field": {"csrf_token": token}, "prefixed": {"x-csrf_token": token}}.get(how, {})
    said = {**headers, "X-CSRFToken": token} if how == "header" else headers
    return buyer.client.post(path, data={**fields, **tokens}, headers=said, base_url=buyer.base_url)


def follow(answer: TestResponse, senders: dict[str, Sender], how: str, headers: dict[str, str]) -> TestResponse:
    """A form that is led on with 307 is sent once more, to where it leads."""
    if answer.status_code != 307:
        return answer
    return senders["cart" if answer.location.endswith("/checkout") else "now"](how, headers)


def count_checkouts(app: Flask) -> int:
    return int(read_rows(app, "SELECT count(*) AS number FROM checkouts")[0]["number"])


def test_counts_every_way_to_begin_whatever_brings_its_token(senders: dict[str, Sender]) -> None:
    """All in turn, twice: who used it up by one has none left by another. What is refused used nothing up."""
    brought = list(itertools.product(HOWS, ({}, {"Sec-Fetch-Site": "none"}, OURS)))
    for way, sender in senders.items():
        limiter.reset()
        answers = [follow(sender(*one), senders, *one).status_code for one in brought * 2]
        codes = [(one, code) for one, code in zip(brought * 2, answers, strict=True) if code != 400]
        begun = [200 if way == "frame" else 303] * MOST
        assert [code for _one, code in codes] == begun + [429] * (len(codes) - MOST), (way, codes)
        assert len(codes) > MOST, way
        refused = [place for place, code in enumerate(answers) if code == 400]  # no token that counts here
        assert {place + len(brought) for place in refused if place < len(brought)} <= set(refused), way


@pytest.mark.parametrize(
    ("way", "how", "headers"),
    [
        ("cart", "field", {}),
        ("now", "field", {}),
        ("now", "nowhere", OURS),
        ("frame", "nowhere", OURS),
        ("upgrade", "field", {}),
    ],
)
def test_takes_the_forms_of_its_own_pages(
    app: Flask, senders: dict[str, Sender], way: str, how: str, headers: dict[str, str]
) -> None:
    before = count_checkouts(app)
    assert senders[way](how, headers).status_code in (200, 303)
    assert count_checkouts(app) == before + 1


def test_counts_all_ways_together(senders: dict[str, Sender]) -> None:
    """And says so in the frame of another site as well, where its browser would show nothing else."""
    ways = [way for way in ("cart", "now", "frame", "upgrade") for _ in range(3)]
    codes = [senders[way]("field", {}).status_code for way in ways]
    assert codes[-2:] == [429] * 2
    assert 429 not in codes[:-2]
    refused = senders["frame"]("nowhere", OURS)
    assert (refused.status_code, "Too many attempts." in refused.text) == (429, True)
    assert f"frame-ancestors {SITE}" in refused.headers["Content-Security-Policy"]


def test_counts_no_form_of_another_site(app: Flask, senders: dict[str, Sender]) -> None:
    """Nor one with a made-up token: its visitor would be kept from buying here."""
    before = count_checkouts(app)
    for way, how in itertools.product(("cart", "now", "frame", "upgrade"), HOWS):
        foreign = {senders[way](how, FOREIGN, token="made-up").status_code for _ in range(MOST + 2)}
        assert (way, how, foreign, count_checkouts(app)) == (way, how, {400}, before)
    assert senders["now"]("nowhere", OURS).status_code == 303


@pytest.mark.parametrize("how", ["field", "header", "prefixed"])
def test_tells_of_ten_addresses_a_minute_whether_they_bought_here(
    app: Flask, senders: dict[str, Sender], how: str
) -> None:
    discount(app, "WELCOME", first_purchase="yes")
    buyer: Buyer = senders["cart"].args[0]  # type: ignore[attr-defined] # a partial
    buyer.post("/cart/code", code="WELCOME")
    asked = [
        send(buyer, "/checkout", {"again": "1", "first_email": address}, how, {})
        for address in [ADA, "nobody@example.com"] * (MOST // 2 + 2)
    ]
    assert [answer.status_code for answer in asked] == [303] * MOST + [429] * 4
    assert asked[0].location == "/cart", "who bought here is led back"
    assert asked[1].location.startswith("/checkout/")
