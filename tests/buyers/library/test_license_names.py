"""Names that buyers give their licenses: for them and the owner, nobody else, and gone when they are erased."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.buyers.account.erase import erase_address
from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.delivery.licenses.labels import set_label
from storefront.delivery.licenses.owner_actions import withdraw_key
from tests.buyers.account.customers import erase
from tests.cli.commands import done, read_json
from tests.delivery.licenses.licensed import ask, sell_license
from tests.support.databases import BOTH
from tests.support.gifts import ROSA, give, hand_over, received_link
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on
from tests.support.sign_in import signed_in

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
TOOL = ("twinspot", "Personal")
BOOK = ("the-patient-toolmaker", "E-book")


def form_on(page: str) -> str:
    """The first form that names a license."""
    found = re.search(r'action="([^"]+/label)"', page)
    assert found
    return found[1]


def labels(app: Flask) -> list[str | None]:
    return [row["label"] for row in read_rows(app, "SELECT label FROM licenses ORDER BY id")]


def closed_part(page: str) -> str:
    """What is folded away at the end of the library."""
    return page.split("closed-orders", 1)[1]


@both
def test_is_told_apart_by_its_name_wherever_its_buyer_and_its_owner_see_it(
    app: Flask, sandbox: SandboxClient, command: CliRunner
) -> None:
    first, second = sell(app, sandbox, email=ADA), sell(app, sandbox, email=ADA)
    reader = signed_in(app)
    for _ in range(2):
        answer = first.buyer.post(form_on(first.order_page()), label="  Ada's   <laptop> ")
        assert (answer.status_code, answer.location) == (303, first.link)
    assert "This license is called “Ada's <laptop>”" in first.words()
    library = reader.get("/library").text
    assert "<bdi>Ada&#39;s &lt;laptop&gt;</bdi>" in library
    answer = reader.post(form_on(library), label="Office", **{"from": "library"})
    assert answer.location == "/library"
    assert labels(app) == ["Ada's <laptop>", "Office"]
    assert "Office" in reader.get("/library/orders").text
    assert "Office" in second.words()
    number = read_rows(app, "SELECT number FROM orders ORDER BY id")[0]["number"]
    shown = read_json(command, "orders", "show", number)
    assert [grant["label"] for grant in shown["items"][0]["grants"]].count("Ada's <laptop>") == 1
    assert "“Ada's <laptop>”" in done(command, "orders", "show", number)
    exported = reader.get("/account/export.json").get_json()
    assert {key["name"] for order in exported["orders"] for key in order["items"][0]["license_keys"]} == {
        "Ada's <laptop>",
        "Office",
    }
    assert "Office" not in ask(app, "validate", license_key=second.keys[0]).text


def test_has_no_name_any_more_when_it_is_left_empty(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.buyer.post(form_on(sale.order_page()), label="Office")
    sale.buyer.post(form_on(sale.order_page()), label=" ")
    assert labels(app) == [None]
    assert "no name any more" in sale.words()


@pytest.mark.parametrize("name", ["x" * 41, "a\x07b"])
def test_refuses_a_name_that_no_line_shows_and_keeps_the_one_of_before(
    app: Flask, sandbox: SandboxClient, name: str
) -> None:
    sale = sell(app, sandbox)
    form = form_on(sale.order_page())
    sale.buyer.post(form, label="Office")
    assert sale.buyer.post(form, label=name).status_code == 303
    assert "one line of at most 40 letters" in sale.words()
    assert labels(app) == ["Office"]


def test_is_named_by_nobody_who_has_not_got_it(app: Flask, sandbox: SandboxClient) -> None:
    mine, other = sell(app, sandbox), sell(app, sandbox)
    assert mine.buyer.post(f"{mine.link}/licenses/2/label", label="mine").status_code == 404
    assert app.test_client().post(f"{other.link}/licenses/2/label", data={"label": "x"}).status_code == 400
    form = form_on(other.order_page())
    other.refund()
    other.deliver("charge.refunded", "refund.")
    assert other.buyer.post(form, label="late").status_code == 403
    assert labels(app) == [None, None]


def test_is_named_by_who_received_it_as_a_gift(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    receiver, link = Buyer(app), received_link(sale)
    receiver.post(form_on(receiver.get(link).text), label="Rose's Mac")
    assert "Rose" not in sale.order_page()
    assert sale.buyer.post(f"{sale.link}/licenses/1/label", label="Ada's").status_code == 403
    with app.app_context():
        erase_address(ROSA)
        db.session.remove()
    assert labels(app) == [None]


@both
def test_leaves_with_its_buyer_also_when_it_is_named_at_that_moment(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA)
    sale.buyer.post(form_on(sale.order_page()), label="Ada's laptop")

    def name_it() -> None:
        with app.app_context():
            try:
                set_label(1, "Ada's phone")
            except NotFound:
                pass
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        naming, erasing = pool.submit(name_it), pool.submit(erase, app, ADA)
        naming.result(), erasing.result()
    assert labels(app) == [None]
    with app.app_context(), pytest.raises(NotFound):
        set_label(1, "late")


def test_folds_away_what_no_longer_works_and_says_why(app: Flask, sandbox: SandboxClient) -> None:
    refunded = sell(app, sandbox, BOOK, email=ADA)
    refunded.refund()
    refunded.deliver("charge.refunded", "refund.")
    mixed = sell(app, sandbox, BOOK, email=ADA)
    sale = sell_two_keys(app, sandbox)
    page = signed_in(app).get("/library").text
    assert "One thing that no longer works" in closed_part(page)
    assert refunded.link in closed_part(page)
    assert "refunded" in closed_part(page)
    assert mixed.link not in closed_part(page)
    assert "One key that no longer works" in page
    assert "The shop has withdrawn this key." in page
    assert keys_on(page) == [sale.keys[1]]
    order = sale.order_page()
    assert order.index("One key that no longer works") < order.index("The shop has withdrawn this key.")
    assert order.count('/label"') == 1


def sell_two_keys(app: Flask, sandbox: SandboxClient) -> Sale:
    """Two keys in one order; the first is withdrawn."""
    sale = sell(app, sandbox, TOOL, TOOL, email=ADA)
    with app.app_context():
        withdraw_key(sale.keys[0], because="lost")
        db.session.remove()
    return sale


def test_shows_how_many_devices_use_a_key_and_when_it_ended(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox, expires_at=clock.now() + timedelta(days=9))
    ask(app, "activate", license_key=sale.keys[0], instance_name="laptop")
    reader = signed_in(app, "ada@example.com")
    assert "1 of 3 devices · until" in re.sub("<[^>]+>", "", reader.get("/library").text)


def test_folds_an_item_that_was_refunded_alone(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, ("twinspot", "Personal"), BOOK, email=ADA)
    sale.refund(amount=100, metadata={"storefront_items": "2"})
    sale.deliver("charge.refunded", "refund.")
    folded = sale.order_page().split('<details class="older"')[-1]
    assert "One refunded item" in folded
    assert "The Patient Toolmaker" in folded
    assert "The Patient Toolmaker" in closed_part(signed_in(app).get("/library").text)
