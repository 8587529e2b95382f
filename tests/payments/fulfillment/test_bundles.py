"""A bundle is one line of Stripe's, and what each of its parts hands out: as it was when its checkout began."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from storefront.buyers.library.news import tell_buyers
from storefront.core import clock
from storefront.core.db import db
from storefront.payments.checkout.payment_links import create_link
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Outcome
from storefront.shop.editor.editions import add_edition, delete_edition
from storefront.shop.editor.product_settings import change_product_settings
from tests.delivery.downloads.clicks import forget_window, status
from tests.delivery.licenses.pools import bring, fulfill, make_pool
from tests.support.bundles import KIT, PARTS, add_bundle, include
from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.goods import change_product
from tests.support.releases import add_release_file
from tests.support.restore import add_priced, back_up
from tests.support.rows import change_rows, read_rows
from tests.support.sale import COMPLETED, Sale, sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, PATIENCE_SECONDS, Buyer, keys_on, post_event

BOOK, SOUNDS = "the-patient-toolmaker/e-book", "soft-taps/studio"


def handed_out(app: Flask) -> list[tuple[str, str, int]]:
    """Product, kind and how many, of all grants."""
    rows = read_rows(
        app,
        "SELECT p.slug, g.kind, count(*) AS count FROM grants g JOIN products p ON p.id = g.product_id "
        "GROUP BY p.slug, g.kind ORDER BY p.slug, g.kind",
    )
    return [(row["slug"], row["kind"], row["count"]) for row in rows]


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_hands_out_every_part_once_however_often_and_at_once_it_is_asked(
    app: Flask, sandbox: SandboxClient
) -> None:
    add_bundle(app)
    buyer = Buyer(app)
    buyer.add(*KIT, quantity=2)
    session_id = buyer.check_out()
    sandbox.pay(session_id, email=ADA)

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(partial(look, app), [session_id] * 6))
    assert sorted(set(outcomes)) == ["already_fulfilled", "fulfilled"]
    assert outcomes.count(Outcome.FULFILLED) == 1
    assert handed_out(app) == [
        ("the-patient-toolmaker", "download", 1),
        ("twinspot", "download", 1),
        ("twinspot", "license", 2),
    ]
    assert len(read_rows(app, "SELECT id FROM order_items")) == 1
    assert len(read_rows(app, "SELECT id FROM order_item_parts")) == 2
    page = buyer.land(session_id).text
    assert len(keys_on(page)) == 2
    assert (
        page.index("Starter kit (Kit)") < page.index("Twinspot (Personal)") < page.index("The Patient Toolmaker")
    )


def test_mails_the_keys_and_files_of_each_part_below_the_line_of_the_bundle(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    add_bundle(app)
    sale = sell(app, sandbox, KIT, email=ADA)
    sale.deliver(COMPLETED)
    sale.work()
    (mail,) = mailbox.messages()
    text = mail["text"]
    places = [
        text.index(words)
        for words in (
            "Starter kit (Kit)",
            "* Twinspot (Personal)",
            sale.keys[0],
            "* The Patient Toolmaker",
            ".epub",
        )
    ]
    assert places == sorted(places)


def test_sells_what_it_included_when_the_checkout_began(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    buyer = Buyer(app)
    buyer.add(*KIT)
    session_id = buyer.check_out()
    sandbox.pay(session_id, email=ADA)
    include(app, BOOK, SOUNDS)  # and the event is lost for a while
    assert fulfill(app, session_id) == "fulfilled"
    assert [slug for slug, _kind, _count in handed_out(app)] == ["the-patient-toolmaker", "twinspot", "twinspot"]
    include(app, SOUNDS)
    with app.app_context():
        fulfill_checkout(session_id, Look.NOW)
        db.session.remove()
    assert len(handed_out(app)) == 3


def test_begins_a_new_checkout_for_a_bundle_that_includes_something_else_by_now(
    app: Flask, sandbox: SandboxClient
) -> None:
    add_bundle(app)
    buyer = Buyer(app)
    buyer.add(*KIT)
    first = buyer.check_out()
    assert buyer.check_out() == first
    include(app, *PARTS, SOUNDS)
    second = buyer.check_out()
    assert second != first
    assert sandbox.stripe.v1.checkout.sessions.retrieve(first).status == "expired"
    sandbox.pay(second, email=ADA)
    buyer.land(second)
    assert ("soft-taps", "download", 1) in handed_out(app)


def test_tells_the_owner_of_a_part_that_is_gone_and_hands_out_the_others(
    app: Flask, sandbox: SandboxClient
) -> None:
    with app.app_context():
        add_edition("twinspot", "Guest")
        db.session.remove()
    add_bundle(app, "twinspot/guest", BOOK)
    buyer = Buyer(app)
    buyer.add(*KIT)
    session_id = buyer.check_out()
    include(app, BOOK)
    with app.app_context():
        delete_edition("twinspot", "guest")
        db.session.remove()
    sandbox.pay(session_id, email=ADA)
    assert fulfill(app, session_id) == "fulfilled"
    assert handed_out(app) == [("the-patient-toolmaker", "download", 1)]
    (notice,) = read_rows(app, "SELECT kind, text FROM notices")
    assert (notice["kind"], "a part of Starter kit (Kit)" in notice["text"]) == ("unknown_line", True)


@pytest.mark.parametrize("is_older", [False, True], ids=["now", "version before"])
def test_hands_out_no_edition_that_got_the_number_of_a_part_after_a_restore(
    app: Flask, sandbox: SandboxClient, is_older: bool
) -> None:
    add_bundle(app)
    started = Buyer(app)
    started.add(*KIT)
    started.check_out()  # its price is at Stripe
    put_back = back_up(app)
    add_priced(app, "Cheap", "2.00")
    include(app, "twinspot/cheap", BOOK)
    buyer = Buyer(app)
    buyer.add(*KIT)
    session_id = buyer.check_out()
    if is_older:
        sandbox.stripe.v1.checkout.sessions.update(session_id, {"metadata": {"parts_at": ""}})
    put_back()
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=True):
        add_priced(app, "Enterprise", "900.00")
        sandbox.pay(session_id, email=ADA)
        assert fulfill(app, session_id) == "fulfilled"
    assert handed_out(app) == [("the-patient-toolmaker", "download", 1)]
    (notice,) = read_rows(app, "SELECT kind, text FROM notices")
    assert (notice["kind"], "a part of Starter kit (Kit)" in notice["text"]) == ("unknown_line", True)


def test_hands_out_a_part_that_was_made_while_the_clock_was_ahead(app: Flask, sandbox: SandboxClient) -> None:
    with time_machine.travel(clock.now() + timedelta(days=3), tick=True):
        add_priced(app, "Cheap", "2.00")
    add_bundle(app, "twinspot/cheap", BOOK)
    buyer = Buyer(app)
    buyer.add(*KIT)
    session_id = buyer.check_out()
    sandbox.pay(session_id, email=ADA)
    assert fulfill(app, session_id) == "fulfilled"
    assert len(handed_out(app)) > 1
    assert read_rows(app, "SELECT kind FROM notices") == []


def test_sells_by_a_payment_link_what_it_includes_now(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    with app.app_context():
        url = create_link(["starter-kit/Kit"]).url
        db.session.remove()
    include(app, BOOK)
    visit = requests.get(url, allow_redirects=False, timeout=PATIENCE_SECONDS)
    session_id = visit.headers["Location"].rpartition("/")[2]
    sandbox.pay(session_id, email=ADA)
    fulfill(app, session_id)
    assert handed_out(app) == [("the-patient-toolmaker", "download", 1)]


@pytest.mark.parametrize("undo", ["refund", "item", "dispute"])
def test_closes_all_of_it_together_and_opens_it_again(app: Flask, sandbox: SandboxClient, undo: str) -> None:
    add_bundle(app)
    sale = sell(app, sandbox, KIT, ("soft-taps", "Studio"), email=ADA)
    files = [link for link in sale.downloads if "twinspot" in link or "epub" in link]
    assert len(files) == 2
    dispute = close(sale, undo)
    page = sale.order_page()
    assert keys_on(page) == []
    assert [status(sale.buyer, link) for link in files] == [403, 403]
    assert ("soft-taps-1.2.zip" in page) == (undo == "item")
    if undo == "dispute":
        sandbox.control(f"disputes/{dispute}/move", status="won")
        sale.deliver("charge.dispute.")
        assert keys_on(sale.order_page()) == sale.keys
        assert [status(sale.buyer, link) for link in files] == [200, 200]


def close(sale: Sale, undo: str) -> str:
    made = ""
    if undo == "dispute":
        made = sale.at_charge("dispute", status="needs_response")
    elif undo == "item":
        sale.refund(amount=2500, metadata={"storefront_items": "1"})
    else:
        sale.refund()
    sale.deliver("charge.", "refund.")
    return made


def test_grants_a_part_again_that_stands_beside_it_in_the_cart(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    sale = sell(app, sandbox, KIT, ("twinspot", "Team"), email=ADA)
    assert len(sale.keys) == 2
    sale.refund(amount=2500, metadata={"storefront_items": "1"})
    sale.deliver("charge.", "refund.")
    page = sale.order_page()
    assert len(keys_on(page)) == 1
    assert "twinspot-2.1.zip" in page  # of the other line


def test_tells_programs_the_part_and_its_edition(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app, "twinspot/team", BOOK)
    sale = sell(app, sandbox, KIT, email=ADA)
    answer = app.test_client().post("/v1/licenses/validate", data={"license_key": sale.keys[0]}).get_json()
    assert answer["valid"] is True
    assert answer["meta"]["product_name"] == "Twinspot"
    assert answer["meta"]["variant_name"] == "Team"
    assert answer["license_key"]["activation_limit"] == 30
    (license_,) = read_rows(app, "SELECT id FROM licenses")
    signed = sale.buyer.get(f"{sale.link}/licenses/{license_['id']}/license-file").text
    payload = signed.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["product"], claims["edition"], claims["seats"]) == ("twinspot", "Team", 10)


def test_keeps_the_terms_of_each_part(app: Flask, sandbox: SandboxClient) -> None:
    """A limit of one part counts for its files alone, and a later setting for later buyers."""
    add_bundle(app)
    with app.app_context():
        change_product_settings("the-patient-toolmaker", {"download_limit": 1})
        db.session.remove()
    sale = sell(app, sandbox, KIT, email=ADA)
    with app.app_context():
        change_product_settings("the-patient-toolmaker", {"download_limit": None})
        change_product_settings("twinspot", {"download_limit": 0})
        db.session.remove()
    (book,) = [link for link in sale.downloads if "epub" in link]
    (tool,) = [link for link in sale.downloads if "twinspot" in link]
    assert status(sale.buyer, book) == 200
    forget_window(app)
    assert [status(sale.buyer, link) for link in (book, tool)] == [403, 200]
    assert "twinspot-2.1.zip" in sale.order_page()


def test_brings_later_releases_of_a_part_by_the_rules_of_its_buyers(
    app: Flask, sandbox: SandboxClient, tmp_path: Path
) -> None:
    add_bundle(app)
    change_product(app, "twinspot", update_days=0)
    sell(app, sandbox, KIT, email="before@example.com")
    change_product(app, "twinspot", update_days=None)
    sale = sell(app, sandbox, KIT, email=ADA)
    source = tmp_path / "twinspot-3.0.zip"
    source.write_bytes(b"the newest")
    with app.app_context():
        add_release_file(slug="twinspot", version="3.0", source=source)
        told = tell_buyers("twinspot", "3.0")
        db.session.remove()
    assert (told.told, told.not_included) == (1, 1)
    assert "twinspot-3.0.zip" in sale.order_page()
    sale.refund()
    sale.deliver("charge.", "refund.")
    with app.app_context():
        assert tell_buyers("twinspot", "3.0", dry_run=True).closed == 1
        db.session.remove()


def test_gives_a_free_bundle_once_and_only_what_is_new_of_it(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    add_bundle(app, "gridling/desktop-and-web", BOOK, amount="0")
    take_free(app, sandbox).work()
    for _again in range(2):
        buyer = Buyer(app)
        buyer.add(*KIT)
        session_id = buyer.check_out()
        sandbox.pay(session_id, payment_method=None, email=ADA)
        post_event(app, sandbox.read("events")["data"][0])
        buyer.land(session_id)
    assert handed_out(app) == [("gridling", "download", 1), ("the-patient-toolmaker", "download", 1)]


def test_hands_out_a_part_that_is_sold_no_more_by_itself(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    change_rows(app, "UPDATE products SET state = 'retired' WHERE slug = 'twinspot'")
    assert len(sell(app, sandbox, KIT, email=ADA).keys) == 1


def test_waits_for_imported_keys_of_a_part(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    add_bundle(app)
    make_pool(app)
    bring(app, ["FIRST-KEY-1"])
    first, second = sell(app, sandbox, KIT, email=ADA), sell(app, sandbox, KIT, email="bo@example.com")
    assert "FIRST-KEY-1" in first.order_page()
    assert "not in stock" in second.order_page()
    bring(app, ["SECOND-KEY-2"])
    assert "SECOND-KEY-2" in second.order_page()
    second.deliver(COMPLETED)
    second.work()
    told = [mail["text"] for mail in mailbox.messages() if "Thank you for waiting" in mail["text"]]
    assert len(told) == 1
    assert "Twinspot (Personal)\nSECOND-KEY-2" in told[0].replace("\r\n", "\n")
