"""What is asked at the short-lived address and for the zip, too: the first hop alone keeps nobody out."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer
from sqlalchemy import func, select, update

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import load_settings
from storefront.core.db import db, transaction
from storefront.delivery.downloads.granted_files import get_file_of_grant
from storefront.delivery.downloads.tickets import SERIALIZER, get_ticketed_file, new_ticket
from storefront.delivery.gift_changes import correct_receiver
from storefront.orders.models import Order
from storefront.orders.queries import find_order
from storefront.shop.catalog.models import Release
from tests.delivery.downloads.clicks import BOOK, add_release, counted_downloads, short_link, status
from tests.support.databases import BOTH
from tests.support.gifts import give, hand_over, receive
from tests.support.goods import change_sold
from tests.support.rows import read_rows
from tests.support.sale import Sale
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def publish_newest(app: Flask, **away: float) -> None:
    """The newest release came out so long from now."""
    with app.app_context(), transaction() as session:
        newest = select(func.max(Release.id)).scalar_subquery()
        session.execute(
            update(Release).where(Release.id == newest).values(published_at=clock.now() + timedelta(**away))
        )


def names_in_zip(sale: Sale) -> list[str]:
    with sale.buyer.get(f"{sale.link.replace('/orders/', '/downloads/')}/all.zip") as answer:
        assert answer.status_code == 200
        return zipfile.ZipFile(io.BytesIO(answer.data)).namelist()


def test_opens_nothing_by_a_ticket_that_another_secret_signed(
    app: Flask, sale: Sale, link: str, environment: dict[str, str]
) -> None:
    short = short_link(sale.buyer, link)
    ticket = short.split("/")[3]
    payload, _, signature = ticket.rpartition(".")
    swapped = ("B" if signature[0] == "A" else "A") + signature[1:]
    parts = URLSafeSerializer("x").loads_unsafe(ticket)[1]
    forged = [f"{payload}.{swapped}", payload, f"{payload}.", str(URLSafeSerializer("guessed").dumps(parts))]
    other = create_app(load_settings(environment | {"SECRET_KEY": "another-secret-" * 4}))
    with other.app_context():
        forged.append(new_ticket(get_file_of_grant(*parts[:2])))
        db.session.remove()
        db.engine.dispose()
    assert [status(sale.buyer, short.replace(ticket, forgery)) for forgery in forged] == [404] * len(forged)
    assert status(sale.buyer, short) == 200


def test_zips_nothing_from_after_the_update_window(app: Flask, sale: Sale, tmp_path: Path) -> None:
    change_sold(app, BOOK[0], update_days=365)
    with app.app_context(), transaction() as session:
        session.execute(update(Order).values(paid_at=clock.now() - timedelta(days=366)))
        session.execute(update(Release).values(published_at=clock.now() - timedelta(days=400)))
    add_release(app, tmp_path, "Second edition", "too-new.epub")
    assert names_in_zip(sale) == [sale.downloads[0].rsplit("/", 1)[1]]
    change_sold(app, BOOK[0], update_days=None)
    assert names_in_zip(sale) == ["too-new.epub"]


def test_hides_a_release_of_tomorrow_before_its_day(app: Flask, sale: Sale, link: str, tmp_path: Path) -> None:
    add_release(app, tmp_path, "Second edition", "tomorrow.epub")
    file_id = read_rows(app, "SELECT max(id) AS id FROM release_files")[0]["id"]
    old_id = link.split("/")[3]
    newest = link.replace(f"/{old_id}/", f"/{file_id}/")
    short = short_link(sale.buyer, newest)
    publish_newest(app, days=1)
    assert "Second edition" not in sale.order_page()
    assert names_in_zip(sale) == [sale.downloads[0].rsplit("/", 1)[1]]
    assert [status(sale.buyer, address) for address in (newest, short)] == [404, 404]
    publish_newest(app, seconds=-1)
    assert names_in_zip(sale) == ["tomorrow.epub"]
    assert [status(sale.buyer, address) for address in (newest, short)] == [200, 200]


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"])
def test_counts_no_prefetch_of_the_short_lived_address(app: Flask, sale: Sale, link: str, header: str) -> None:
    change_sold(app, BOOK[0], download_limit=1)
    short = short_link(sale.buyer, link)
    zipped = f"{sale.link.replace('/orders/', '/downloads/')}/all.zip"
    assert [status(sale.buyer, address, **{header: "prefetch"}) for address in (short, zipped)] == [403, 403]
    assert counted_downloads(app) == 0
    assert status(sale.buyer, short) == 200


@both
def test_opens_nothing_to_a_wrong_receiver_after_a_gift_was_corrected(app: Flask, sandbox: SandboxClient) -> None:
    gift = give(app, sandbox, BOOK)
    hand_over(app)
    receivers = [Buyer(app) for _receiver in range(3)]
    links: list[str] = []
    for number, receiver in enumerate(receivers):
        links.append(short_link(receiver, receive(gift).downloads[0]))
        opened = [status(receiver, link) for receiver, link in zip(receivers, links, strict=False)]
        assert opened == [404] * number + [200]
        with app.app_context():
            order = find_order(gift.session_id)
            assert order is not None
            correct_receiver(order.number, f"right{number}@example.net")
            db.session.remove()
    assert {row["reason"] for row in read_rows(app, "SELECT reason FROM refusals")} == {"old_link"}


def test_makes_tickets_that_older_code_reads_and_reads_those_of_older_code(
    app: Flask, sandbox: SandboxClient, sale: Sale, link: str
) -> None:
    """Both serve at once while a new version is brought out. `parts` are all that older code knew."""
    gift = give(app, sandbox, BOOK)
    hand_over(app)
    for whose in (link, receive(gift).downloads[0]):
        ticket = short_link(Buyer(app), whose).split("/")[3]
        grant_id, file_id, version, ends_at = URLSafeSerializer("x").loads_unsafe(ticket)[1]
        with app.app_context():
            parts = [grant_id, file_id, version, ends_at]
            old = SERIALIZER.get().dumps(parts)
            assert get_ticketed_file(str(old)).grant_id == grant_id
            db.session.remove()
