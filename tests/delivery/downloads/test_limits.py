"""How often a file may be downloaded: resumed, at once, through two purchases, and when the shop is busy."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from storefront.buyers.account.erase import erase_customer
from storefront.buyers.library.resend import resend
from storefront.core import clock
from storefront.core.runtime import runtime
from storefront.delivery.downloads.concurrent_downloads import SLOTS_PER_GRANT
from tests.delivery.downloads.clicks import BOOK, counted_downloads, forget_window, short_link, status
from tests.delivery.downloads.sent import make_sparse
from tests.support.databases import BOTH
from tests.support.goods import change_product, change_sold
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
GIB = 1024**3


def part(buyer: Buyer, short: str, start: int) -> int:
    """Ten bytes from there."""
    return status(buyer, short, Range=f"bytes={start}-{start + 9}")


def test_counts_once_whoever_resumes_with_the_same_address(app: Flask, sale: Sale, link: str) -> None:
    change_sold(app, BOOK[0], download_limit=1)
    make_sparse(app, 5 * GIB)
    short = short_link(sale.buyer, link)
    assert part(sale.buyer, short, 0) == 206
    for minutes in (61, 14 * 60):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
            assert part(sale.buyer, short, 4 * GIB) == 206
    assert counted_downloads(app) == 1
    with time_machine.travel(clock.now() + timedelta(hours=16), tick=True):
        assert part(sale.buyer, short, 4 * GIB) == 404, "the address has ended"
        assert status(sale.buyer, link) == 403


def test_counts_a_small_file_as_a_new_download_after_an_hour(app: Flask, sale: Sale, link: str) -> None:
    change_sold(app, BOOK[0], download_limit=2)
    assert status(sale.buyer, link) == 200
    forget_window(app, hours=0.9)
    assert status(sale.buyer, link) == 200
    assert counted_downloads(app) == 1
    forget_window(app, hours=1.1)
    assert status(sale.buyer, link, Range="bytes=1-") == 206
    assert counted_downloads(app) == 2


def test_promises_in_its_sentence_only_what_the_shop_does(app: Flask, sale: Sale, link: str) -> None:
    change_sold(app, BOOK[0], download_limit=1)
    assert status(sale.buyer, link) == 200
    forget_window(app)
    refused = sale.buyer.get(link).text
    assert "Contact the shop" in refused
    assert "receipt" not in refused


def number_of(app: Flask) -> str:
    return str(read_rows(app, "SELECT number FROM orders")[0]["number"])


def test_ends_the_addresses_of_an_old_link_with_a_new_one(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    assert status(Buyer(app), short) == 200
    with app.app_context():
        resend(number_of(app), new_link=True)
    answer = Buyer(app).get(short)
    assert (answer.status_code, "order page" in answer.text) == (404, True)


def test_ends_the_addresses_of_the_old_link_by_erasing(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    with app.app_context():
        erase_customer(int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"]))
    assert status(Buyer(app), short) == 404


@both
def test_uses_two_purchases_of_one_thing_one_after_the_other(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", download_limit=1)
    sale = sell(app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"))
    link = sale.downloads[0].removeprefix(sale.buyer.base_url)
    for _ in range(2):
        assert status(sale.buyer, link) == 200
        assert status(sale.buyer, link) == 200, "the same download goes on under the same grant"
        forget_window(app)
    assert status(sale.buyer, link) == 403
    rows = read_rows(app, "SELECT grant_id, count(*) AS times FROM downloads GROUP BY grant_id")
    assert [row["times"] for row in rows] == [1, 1]


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"DOWNLOAD_THREADS": "10"}


class Held:
    """Downloads that have begun and whose readers take their time."""

    def __init__(self) -> None:
        self.answers: list[TestResponse] = []

    def hold(self, buyer: Buyer, link: str) -> int:
        answer = buyer.get(link)
        if answer.status_code == 200:
            self.answers.append(answer)
        else:
            answer.close()
        return answer.status_code

    def let_go(self, times: int = 1) -> None:
        for _ in range(times):
            self.answers.pop().close()


def test_lets_no_buyer_hold_every_slot(app: Flask, sandbox: SandboxClient, sale: Sale, link: str) -> None:
    other = sell(app, sandbox, BOOK, email="other@example.com")
    others = other.downloads[0].removeprefix(other.buyer.base_url)
    held = Held()
    assert {held.hold(sale.buyer, link) for _ in range(SLOTS_PER_GRANT)} == {200}
    busy = sale.buyer.get(link)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    assert held.hold(other.buyer, others) == 200
    held.let_go(2)
    assert held.hold(sale.buyer, link) == 200
    held.let_go(SLOTS_PER_GRANT)


def test_counts_nothing_for_who_finds_every_slot_taken(
    app: Flask, sandbox: SandboxClient, sale: Sale, link: str
) -> None:
    other = sell(app, sandbox, BOOK, email="other@example.com")
    others = other.downloads[0].removeprefix(other.buyer.base_url)
    change_sold(app, BOOK[0], download_limit=1)
    held = Held()
    assert {held.hold(sale.buyer, link) for _ in range(6)} == {200}
    assert {held.hold(other.buyer, others) for _ in range(4)} == {200}
    third = sell(app, sandbox, BOOK, email="third@example.com")
    thirds = third.downloads[0].removeprefix(third.buyer.base_url)
    zipped = f"{third.link.replace('/orders/', '/downloads/')}/all.zip"
    assert (status(third.buyer, thirds), status(third.buyer, zipped)) == (503, 503)
    assert counted_downloads(app) == 2
    with third.buyer.client.head(thirds, follow_redirects=True) as head:
        assert head.status_code == 200, "HEAD needs no slot"
    held.let_go()
    forget_window(app)
    assert status(third.buyer, thirds) == 200
    assert counted_downloads(app) == 3
    for _ in range(3):  # who is refused gives the slot back
        assert status(sale.buyer, link) == 403
    assert status(third.buyer, thirds) == 200
    held.let_go(9)


def test_frees_the_slot_when_its_file_cannot_be_sent(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    folder: Path = runtime(app).settings.files_path
    path = next(folder.rglob("*.epub"))
    path.rename(path.with_suffix(".away"))
    assert {status(sale.buyer, short) for _ in range(11)} == {503}
    path.with_suffix(".away").rename(path)
    assert status(sale.buyer, short) == 200
