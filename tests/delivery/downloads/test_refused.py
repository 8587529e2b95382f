"""What was refused is kept for the owner: of which order, why and how often; never at the cost of the answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from storefront.buyers.account.erase import erase_customer
from storefront.buyers.library.resend import resend
from storefront.core import clock
from storefront.core.db import db
from storefront.delivery.downloads.state import FileState, read_download_state, say_state
from storefront.delivery.refusals import Refusal
from storefront.orders.lookup import get_order
from storefront.owner.history.attempts import read_attempts
from storefront.owner.retention.run import forget_some
from tests.delivery.downloads.clicks import BOOK, book_path, forget_window, short_link, status
from tests.support.databases import BOTH
from tests.support.goods import change_sold
from tests.support.plans import plan_of
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
FIREFOX = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}


def refusals(app: Flask) -> list[dict[str, Any]]:
    return read_rows(app, "SELECT * FROM refusals ORDER BY first_at, reason")


def reasons(app: Flask) -> list[tuple[str, int]]:
    return [(row["reason"], row["times"]) for row in refusals(app)]


def sentence(sale: Sale) -> str:
    with sale.app.app_context():
        said = read_download_state(get_order(sale.session_id)).sentence
        db.session.remove()
    return said


def use_up(app: Flask, sale: Sale, link: str) -> None:
    """So that its one download is behind it."""
    change_sold(app, BOOK[0], download_limit=1)
    assert status(sale.buyer, link, **FIREFOX) == 200
    forget_window(app)


@both
def test_keeps_what_was_downloaded_and_counts_what_was_refused(app: Flask, sale: Sale, link: str) -> None:
    name = book_path(app).name
    assert sentence(sale) == f"They can download: {name}."
    use_up(app, sale, link)
    for _ in range(3):
        assert status(sale.buyer, link, Range="bytes=5-", **FIREFOX) == 403
    (row,) = refusals(app)
    assert (row["reason"], row["times"], row["client"]) == ("download_limit_reached", 3, "Firefox on Linux")
    assert (row["subject"], row["size_bytes"]) == (name, book_path(app).stat().st_size)
    assert sentence(sale) == f"They cannot, because {name} was downloaded once, which is the limit."
    with app.app_context():
        newest, oldest = read_attempts(get_order(sale.session_id))
        db.session.remove()
    assert newest.text.startswith(f"refused {name}, 3 times since ")
    assert (oldest.text, oldest.client) == (f"downloaded {name}", "Firefox on Linux")


@both
def test_counts_two_refusals_at_the_same_moment_twice_in_one_row(app: Flask, sale: Sale, link: str) -> None:
    use_up(app, sale, link)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: status(Buyer(app), link), range(2))) == [403, 403]
    assert reasons(app) == [("download_limit_reached", 2)]


@both
def test_answers_the_same_where_it_cannot_be_kept(app: Flask, sale: Sale, link: str) -> None:
    use_up(app, sale, link)
    change_rows(app, "DROP TABLE refusals")
    assert status(sale.buyer, link) == 403


def test_knows_an_old_link_an_expired_address_and_a_file_of_something_else(
    app: Flask, sale: Sale, link: str
) -> None:
    short = short_link(sale.buyer, link)
    wrong = link.replace(f"/{link.split('/')[-2]}/", "/999999/")
    assert status(sale.buyer, wrong) == 404
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        assert status(sale.buyer, short) == 404
    with app.app_context():
        resend(sale.session_id, new_link=True)
    for _ in range(2):
        assert status(sale.buyer, link) == 404
    assert status(sale.buyer, sale.link) == 404
    assert {(row["reason"], row["subject"]) for row in refusals(app)} == {
        ("not_found", ""),
        ("link_ended", book_path(app).name),
        ("old_link", book_path(app).name),
        ("old_link", ""),
    }


def test_keeps_nothing_of_who_guesses_or_fetches_ahead(app: Flask, sale: Sale, link: str) -> None:
    guessed = "0" * 32
    for path in (
        f"/orders/{guessed}",
        f"/downloads/{guessed}/1/x",
        "/downloads/file/x/y",
        f"/downloads/{guessed}/all.zip",
    ):
        assert status(sale.buyer, path) == 404
    assert status(sale.buyer, link, Purpose="prefetch") == 403
    assert refusals(app) == []


def test_says_why_a_closed_order_has_nothing(app: Flask, sale: Sale, link: str) -> None:
    sale.refund()
    sale.deliver("refund.", "charge.refunded")
    assert status(sale.buyer, link) == 403
    assert status(sale.buyer, f"/downloads/{sale.link.split('/')[-1]}/all.zip") == 403
    assert {row["reason"] for row in refusals(app)} == {"refunded"}
    assert sentence(sale) == "They cannot, because the order was refunded."


def test_says_that_the_file_is_missing(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    path = book_path(app)
    path.unlink()
    assert status(sale.buyer, short) == 503
    assert reasons(app) == [("file_missing", 1)]
    assert sentence(sale) == f"They cannot, because {path.name} is missing in the shop's storage."


def test_says_that_nothing_is_published(app: Flask, sale: Sale) -> None:
    change_rows(app, "UPDATE releases SET withdrawn_at = published_at")
    assert sentence(sale) == "They cannot, because no release that the order includes is published."
    change_rows(app, "DELETE FROM grants WHERE kind = 'download'")
    assert sentence(sale) == "There is nothing to download in this order."


def file_state(name: str, refusal: str = "") -> FileState:
    return FileState(filename=name, version="1.0", size_bytes=1, used=1, limit=1, ends_at=None, refusal=refusal)


def test_names_what_of_several_files_can_be_downloaded() -> None:
    some = say_state([file_state("a.zip"), file_state("b.zip", "was downloaded once, which is the limit")])
    assert some.is_possible
    assert some.sentence == "They can download: a.zip. Not b.zip, which was downloaded once, which is the limit."
    assert say_state([file_state("a.zip"), file_state("b.zip")]).sentence == "They can download: 2 files."


@both
def test_forgets_after_ninety_days_and_with_its_buyer(app: Flask, sale: Sale, link: str) -> None:
    use_up(app, sale, link)
    status(sale.buyer, link)
    with app.app_context():
        assert forget_some()["refusals"] == 0
    with time_machine.travel(clock.now() + timedelta(days=91), tick=True):
        status(sale.buyer, link)
        with app.app_context():
            assert forget_some()["refusals"] == 1
    assert reasons(app) == [("download_limit_reached", 1)]
    with app.app_context():
        erase_customer(int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"]))
    assert refusals(app) == []
    assert read_rows(app, "SELECT client FROM downloads") == [{"client": None}]


@both
def test_finds_those_of_an_order_and_the_old_ones_by_index(app: Flask) -> None:
    with app.app_context():
        of_order = plan_of(select(Refusal.id).where(Refusal.order_id == 1).order_by(Refusal.at.desc()))
        old = plan_of(select(Refusal.id).where(Refusal.at <= clock.now()))
        db.session.remove()
    assert "ix_refusals_order_id_at" in of_order
    assert "ix_refusals_at" in old
