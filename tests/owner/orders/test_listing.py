"""The list of orders: found by whatever a person has at hand, in order, whole, and at a bounded cost."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.delivery.licenses.owner_actions import replace_key
from storefront.orders.access import Reason
from storefront.owner.orders import listing
from storefront.owner.orders.listing import OrderFilter, find_all_the_way
from tests.owner.orders.looking import look, numbers
from tests.support.booked import PAYOUT, book_the_sale
from tests.support.bundles import KIT, add_bundle
from tests.support.databases import BOTH
from tests.support.gifts import give
from tests.support.many_orders import copy_order
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA
from tests.support.statements import counted

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)
EVE = "eve@example.com"


@pytest.mark.happy_path
def test_finds_an_order_by_whatever_is_at_hand(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    sale = sell(app, sandbox, email="Ada@Example.com")
    refund = sale.refund(amount=500)
    sale.deliver("charge.refund")
    number, key = number_of(sale), sale.keys[0]
    with app.app_context():
        newer = replace_key(key, because="it leaked").key
    change_rows(app, "UPDATE orders SET name = 'Ada, Countess of Lovelace' WHERE number = :number", number=number)
    at_hand = [
        number, number.lower(), f" {number} ", sale.session_id, sale.payment().id, refund, ADA, " ADA@example.com",
        key, key.lower().replace("-", " "), newer, "lovelace", "countess ada", "ada@exam",
    ]  # fmt: skip
    for words in at_hand:
        assert numbers(look(app, words=words)) == [number], words
    for words in (
        "0000",
        "cs_test_unknown",
        "pi_unknown",
        "re_unknown",
        "nobody@example.com",
        "TWIN-AA",
        "%",
        "_",
        "'",
    ):
        assert numbers(look(app, words=words)) == [], words


def test_finds_an_order_by_what_stripe_booked_for_it(app: Flask, sandbox: SandboxClient) -> None:
    """Whatever stands in the file for the accountant, or on a page of Stripe's dashboard."""
    sell(app, sandbox, ("gridling", ""), email=EVE)
    number = number_of(sell(app, sandbox, email=ADA))
    line = book_the_sale(app)
    change_rows(
        app,
        "UPDATE orders SET stripe_customer_id = 'cus_Ada', invoice_number = 'AB12-0001' WHERE number = :number",
        number=number,
    )
    at_hand = [line["id"], line["source_id"], PAYOUT, "cus_Ada", "AB12-0001", "ab12-0001"]
    at_hand.append(f"Charge {line['source_id']}, 19.00")
    for words in at_hand:
        assert numbers(look(app, words=words)) == [number], words
    for words in ("ch_unknown", "py_unknown", "txn_unknown", "po_unknown", "cus_unknown", "AB12-0002", "AB12"):
        assert numbers(look(app, words=words)) == [], words
    change_rows(app, "UPDATE orders SET mode = 'test'")
    for words in at_hand:
        assert numbers(look(app, words=words)) == [], words


AROUND_ADDRESS = (
    "Ada <{}>",
    '"Lovelace, Ada" <{}>',
    "<{}>",
    "mailto:{}",
    "<MAILTO:{}?subject=Hi>",
    "{},",
    "({}).",
    "'{}'",
)


def test_reads_an_address_out_of_what_was_pasted(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    number = number_of(sell(app, sandbox, email=ADA))
    for around in AROUND_ADDRESS:
        assert numbers(look(app, words=around.format(ADA))) == [number], around
    assert numbers(look(app, words=f"Ada <{ADA}>, Eve <{EVE}>")) == []


AROUND_NUMBER = (
    "#{}",
    "{}.",
    "Order {}",
    "order #{},",
    "\u200b{}\ufeff",
    "({})",
    "https://shop.example/admin/orders/{}?answer=key",
)


def test_reads_a_number_or_an_id_out_of_what_was_pasted(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    sale = sell(app, sandbox, email=ADA)
    refund = sale.refund(amount=500)
    sale.deliver("charge.refund")
    change_rows(app, "UPDATE orders SET payment_last4 = '1234' WHERE email = :ada", ada=ADA)
    number = number_of(sale)
    names = (number, number.lower(), sale.session_id, sale.payment().id, refund)
    for around, named in product(AROUND_NUMBER, names):
        page = look(app, words=around.format(named))
        assert (numbers(page), page.is_named) == ([number], True), (around, named)
    assert numbers(look(app, words="\u2022\u2022\u2022\u2022 1234")) == [number]
    for around in AROUND_NUMBER:
        assert numbers(look(app, words=around.format(f"X{number}"))) == [], around


def test_leaves_signs_around_a_word_away(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=EVE)
    number = number_of(sell(app, sandbox, email=ADA))
    changes = "name = 'Ada Lovelace', invoice_number = 'AB12-0001'"
    change_rows(app, f"UPDATE orders SET {changes} WHERE number = :number", number=number)
    for words in ("Lovelace, Ada", '"Ada" Lovelace', "#AB12-0001.", "ada , lovelace"):
        assert numbers(look(app, words=words)) == [number], words
    for words in (",", "#", "Lovelace, Eve"):
        assert numbers(look(app, words=words)) == [], words


@pytest.mark.parametrize("prefix", ["cs", "ch", "re", "issfr"])
def test_takes_an_address_that_begins_like_a_stripe_id_for_an_address(
    app: Flask, sandbox: SandboxClient, prefix: str
) -> None:
    """Also a receiver's, whose gift holds no word to look for."""
    email = f"{prefix}_mueller@example.com"
    bought = number_of(sell(app, sandbox, email=email))
    given = number_of(give(app, sandbox, gift_email=email))
    for words in (email, f"<{email.upper()}>", f"mailto:{email}"):
        page = look(app, words=words)
        assert (numbers(page), page.is_named) == ([given, bought], True), words


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Özlem Müller", ("Özlem", "özlem", "ÖZLEM MÜLLER", "müller")),
        ("Ελένη ΣΟΦΙΑΣ ΑΣΤΗΡ", ("ελένη", "ΣΟΦΙΑΣ", "σοφ", "ΑΣ")),
        ("Жанна", ("жанна", "ЖАНН")),
        (
            "Zoe\u0308 Mu\u0308ller",
            ("zoë", "MÜLLER", "Mu\u0308ller", "zoe\u0308 mÜ"),
        ),
        ("Zoë Müller", ("zoe\u0308", "MU\u0308LLER")),
    ],
)
def test_finds_names_in_the_letters_of_every_language(
    app: Flask, sandbox: SandboxClient, name: str, typed: tuple[str, ...]
) -> None:
    sell(app, sandbox, email=EVE)
    number = number_of(sell(app, sandbox, email=ADA))
    change_rows(app, "UPDATE orders SET name = :name WHERE number = :number", name=name, number=number)
    for words in typed:
        assert numbers(look(app, words=words)) == [number], words
    assert numbers(look(app, words="Ozlem")) == []


def test_shows_every_order_once_whatever_was_placed_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    copies = copy_order(app, 12)
    change_rows(app, "UPDATE orders SET placed_at = (SELECT min(placed_at) FROM orders) WHERE id % 3 > 0")
    seen: list[str] = []
    page = look(app, limit=5)
    seen += numbers(page)
    while page.older_than:
        page = look(app, limit=5, older_than=page.older_than)
        seen += numbers(page)
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == 13
    assert set(copies) < set(seen)


def test_filters_by_state_product_country_and_day_together(app: Flask, sandbox: SandboxClient) -> None:
    ada = sell(app, sandbox)
    eve = sell(app, sandbox, ("gridling", ""), email=EVE)
    change_rows(app, "UPDATE orders SET country = 'DE', refunded_minor = total_minor WHERE id = 1")
    change_rows(app, "UPDATE orders SET country = 'US' WHERE id = 2")
    today = date.fromisoformat(str(read_rows(app, "SELECT placed_at FROM orders")[0]["placed_at"])[:10])
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    found: list[tuple[dict[str, Any], list[Sale]]] = [
        ({}, [eve, ada]),
        ({"state": Reason.REFUNDED}, [ada]),
        ({"state": Reason.FREE}, [eve]),
        ({"product": "gridling"}, [eve]),
        ({"product": "gridling", "state": Reason.REFUNDED}, []),
        ({"country": "de"}, [ada]),
        ({"country": "de", "product": "gridling"}, []),
        ({"email": EVE}, [eve]),
        ({"since": yesterday, "until": tomorrow}, [eve, ada]),
        ({"until": yesterday - timedelta(days=1)}, []),
        ({"since": tomorrow + timedelta(days=1)}, []),
        ({"words": "example", "country": "US", "state": Reason.FREE, "product": "gridling"}, [eve]),
    ]
    for chosen, sales in found:
        assert numbers(look(app, **chosen)) == [number_of(sale) for sale in sales], chosen
    with pytest.raises(NotFound, match="no product"):
        look(app, product="nothing")
    with pytest.raises(NotFound, match="no order NOTHING"):
        look(app, older_than="NOTHING")


def test_shows_only_the_running_mode(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    number = number_of(sale)
    change_rows(app, "UPDATE orders SET mode = 'test'")
    for words in ("", number, sale.session_id, ADA, sale.keys[0], "ada"):
        assert numbers(look(app, words=words)) == [], words


def test_reads_a_bounded_number_of_orders_and_says_how_far_it_looked(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox, email=EVE)
    change_rows(app, "UPDATE orders SET name = 'Eve'")
    copies = copy_order(app, 60)
    change_rows(app, "UPDATE orders SET name = 'Ada' WHERE number = :oldest", oldest=copies[-1])
    monkeypatch.setattr(listing, "BATCH", 10)
    monkeypatch.setattr(listing, "MOST_READ", 30)
    with counted(app) as statements:
        page = look(app, words="ada", limit=5)
    assert numbers(page) == []
    assert page.searched_to is not None
    assert len(statements) <= 8
    while page.older_than:
        page = look(app, words="ada", limit=5, older_than=page.older_than)
    assert numbers(page) == [copies[-1]]


def test_looks_on_to_the_end_and_says_what_is_left(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every limit, so that one falls on each border of what is read at once."""
    sell(app, sandbox, email=EVE)
    change_rows(app, "UPDATE orders SET name = 'Eve'")
    copies = copy_order(app, 60)
    change_rows(app, "UPDATE orders SET name = 'Ada' WHERE id % 5 = 0 OR number = :oldest", oldest=copies[-1])
    every = [row["number"] for row in read_rows(app, "SELECT number FROM orders WHERE name = 'Ada' ORDER BY id")]
    monkeypatch.setattr(listing, "BATCH", 10)
    monkeypatch.setattr(listing, "MOST_READ", 20)
    for limit in range(1, len(every) + 2):
        with app.app_context():
            page = find_all_the_way(OrderFilter(words="ada"), limit=limit)
            db.session.remove()
        assert numbers(page) == every[:limit]
        assert page.older_than == (every[limit - 1] if limit < len(every) else None)
        assert page.searched_to is None


def test_costs_the_same_however_many_orders_there_are(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    costs = []
    for _ in range(2):
        cost = []
        for chosen in ({}, {"state": Reason.REFUNDED}, {"email": ADA}, {"words": "ada"}, {"product": "twinspot"}):
            with counted(app) as statements:
                look(app, limit=5, **chosen)
            cost.append(len(statements))
        costs.append(cost)
        copy_order(app, 40)
    assert costs[0] == costs[1] == [1, 1, 2, 3, 3]


def test_finds_a_rare_state_behind_more_orders_than_a_page_reads(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    copies = copy_order(app, 200)
    monkeypatch.setattr(listing, "MOST_READ", 20)
    changes = {
        Reason.REFUNDED: "refunded_minor = total_minor",
        Reason.DISPUTE_LOST: "is_disputed = :yes, dispute_status = 'lost'",
        Reason.WITHDRAWN: "decision = 'withdraw'",
        Reason.PAYMENT_FAILED: "is_paid = :no, has_failed = :yes",
        Reason.FREE: "total_minor = 0",
    }
    for state, change in changes.items():
        number = copies.pop()
        values = {name: name == "yes" for name in ("yes", "no") if f":{name}" in change}
        change_rows(app, f"UPDATE orders SET {change} WHERE number = :number", number=number, **values)
        assert numbers(look(app, state=state)) == [number], state


def test_reads_a_common_product_from_the_newest(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    copies = copy_order(app, 20)
    few = look(app, product="twinspot", limit=5)
    monkeypatch.setattr(listing, "FEW", 10)
    many = look(app, product="twinspot", limit=5)
    assert many == few
    assert numbers(many)[1:] == copies[:4]
    assert numbers(look(app, product="twinspot", limit=5, older_than=str(many.older_than))) == copies[4:9]


def test_finds_every_order_of_an_address_however_many_are_newer(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of somebody who bought more than is put in order here, behind more than a page looks through."""
    sell(app, sandbox, email=EVE)
    newest = number_of(sell(app, sandbox, email=ADA))
    copies = copy_order(app, 60)
    of_eve = "(SELECT customer_id FROM orders WHERE email = :eve)"
    for copy in copies[:30]:
        change_rows(app, f"UPDATE orders SET customer_id = {of_eve} WHERE number = :copy", eve=EVE, copy=copy)
    theirs = [newest, *copies[30:]]
    monkeypatch.setattr(listing, "FEW", 10)
    monkeypatch.setattr(listing, "BATCH", 5)
    monkeypatch.setattr(listing, "MOST_READ", 10)
    for asked in ({"email": ADA}, {"words": ADA}):
        seen: list[str] = []
        page = look(app, limit=7, **asked)
        while page.older_than:
            assert (len(page.orders), page.searched_to) == (7, None)
            seen += numbers(page)
            page = look(app, limit=7, older_than=page.older_than, **asked)
        assert seen + numbers(page) == theirs


def test_finds_a_product_that_was_sold_in_a_bundle(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    alone = number_of(sell(app, sandbox, email=EVE))
    bundled = number_of(sell(app, sandbox, KIT, email=ADA))
    assert numbers(look(app, product="twinspot")) == [bundled, alone]
    assert numbers(look(app, product="the-patient-toolmaker")) == [bundled]
    assert numbers(look(app, product=KIT[0])) == [bundled]
