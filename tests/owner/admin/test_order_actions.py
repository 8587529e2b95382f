"""What an owner or helper does for a buyer from the order's page: each once, however often it is sent."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db, transaction
from storefront.orders.notices import NoticeDraft, NoticeKind, open_notices
from storefront.owner.people.models import Role
from tests.cli.commands import done
from tests.delivery.licenses.pools import bring, make_pool
from tests.support.databases import BOTH
from tests.support.gifts import give
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer

NOTICES = "SELECT id, kind, closed_at, is_closed_by_owner FROM notices ORDER BY id"
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, email=ADA)


@pytest.fixture
def helper(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app, role=Role.SUPPORT))


def act(helper: Buyer, sale: Sale, path: str, **fields: str) -> str:
    """Do it and return what the page says then, without its markup's quotes."""
    home = f"/admin/orders/{number_of(sale)}"
    answer = helper.post(f"{home}/{path}", **fields)
    if answer.status_code == 303:
        assert answer.location == home
        answer = helper.get(home)
    return answer.text.replace("&#39;", "'")


def license_of(sale: Sale) -> int:
    return int(read_rows(sale.app, "SELECT id FROM licenses ORDER BY id")[0]["id"])


def more_downloads(sale: Sale) -> tuple[int, int]:
    """Downloads of each file, and days."""
    named = "SELECT extra_downloads, extra_days FROM grants WHERE kind = 'download'"
    row = read_rows(sale.app, named)[0]
    return row["extra_downloads"], row["extra_days"]


def shown(key: str) -> str:
    return f"\u2026{key[-5:]}"


def test_sends_the_receipt_again_once_an_hour(sale: Sale, helper: Buyer) -> None:
    change_rows(sale.app, "UPDATE outbox SET created_at = '2020-01-01 00:00:00+00:00'")
    assert f"An email is on its way to {ADA}." in act(helper, sale, "resend")
    assert "within the hour already" in act(helper, sale, "resend")
    assert (
        read_rows(sale.app, "SELECT extra_downloads FROM grants WHERE kind = 'download'")[0]["extra_downloads"]
        == 1
    )


def test_moves_an_order_to_another_address_and_gives_it_a_new_link(sale: Sale, helper: Buyer) -> None:
    page = act(helper, sale, "resend", to="eve@example")
    assert "eve@example is not an email address." in page
    assert 'value="eve@example"' in page
    assert "belongs to eve@example.com now" in act(helper, sale, "resend", to=" eve@example.com ")
    act(helper, sale, "resend", to=ADA)
    page = act(helper, sale, "resend", to="eve@example.com")
    assert "belongs to eve@example.com now, with its keys and devices. This email went to" in page
    assert sale.buyer.get(sale.link).status_code == 200
    shown = re.findall(r'name="link" value="(\d+)"', helper.get(f"/admin/orders/{number_of(sale)}").text)[0]
    act(helper, sale, "resend", new_link="yes", link=shown)
    assert sale.buyer.get(sale.link).status_code == 404
    known = read_rows(sale.app, "SELECT token_hash FROM orders")
    assert "within the hour already" in act(helper, sale, "resend", new_link="yes", link=shown)
    assert read_rows(sale.app, "SELECT token_hash FROM orders") == known


def test_allows_more_downloads_once_for_each_form(sale: Sale, helper: Buyer) -> None:
    asked = {"downloads": "3", "days": "7", "raises": "0"}
    assert "3 more downloads of each file, 7 more days." in act(helper, sale, "raise-limit", **asked)
    assert "was raised meanwhile" in act(helper, sale, "raise-limit", **asked)
    assert 'name="raises" value="1"' in helper.get(f"/admin/orders/{number_of(sale)}").text
    assert more_downloads(sale) == (3, 7)
    # After Back the browser asks for the page again, whose form counts that one, and keeps what was typed.
    page = act(helper, sale, "raise-limit", **asked | {"raises": "1"})
    assert "was raised by the same numbers within the hour already. Nothing more was changed." in page
    assert "To allow more than that now, type another number." in page
    assert more_downloads(sale) == (3, 7)
    act(helper, sale, "raise-limit", **asked | {"raises": "1", "days": "0"})
    assert more_downloads(sale) == (6, 7)
    change_rows(sale.app, "UPDATE order_changes SET at = '2020-01-01 00:00:00+00:00'")
    act(helper, sale, "raise-limit", **asked | {"raises": "2"})
    assert more_downloads(sale) == (9, 14)


def test_changes_nothing_of_an_order_without_downloads(sale: Sale, helper: Buyer) -> None:
    change_rows(sale.app, "DELETE FROM grants WHERE kind = 'download'")
    before = read_rows(sale.app, "SELECT id FROM order_changes")
    assert "nothing to download" in act(helper, sale, "raise-limit", downloads="3", raises="0")
    assert read_rows(sale.app, "SELECT id FROM order_changes") == before


@both
def test_raises_the_limit_once_where_two_send_it_at_once(sale: Sale, app: Flask) -> None:
    helpers = [sign_in_at_admin(app, make_person(app, f"{name}@example.com", Role.SUPPORT)) for name in ("a", "b")]
    asked = {"downloads": "3", "raises": "0"}
    with ThreadPoolExecutor(2) as pool:
        statuses = list(
            pool.map(
                lambda one: one.post(f"/admin/orders/{number_of(sale)}/raise-limit", **asked).status_code, helpers
            )
        )
    assert sorted(statuses) == [303, 409]
    assert more_downloads(sale) == (3, 0)


def test_takes_only_whole_numbers_of_downloads(sale: Sale, helper: Buyer) -> None:
    for typed in ("-1", "1001", "three", "1.5", "٣", "9" * 30):
        page = act(helper, sale, "raise-limit", downloads=typed, raises="0")
        assert "Type a whole number from 0 to 1000." in page, typed
    assert "Type how many downloads or days more." in act(
        helper, sale, "raise-limit", downloads="", days="0", raises="0"
    )
    assert (
        read_rows(sale.app, "SELECT extra_downloads FROM grants WHERE kind = 'download'")[0]["extra_downloads"]
        == 0
    )


def test_withdraws_an_order_keeps_it_open_and_lets_it_follow_its_payment(sale: Sale, helper: Buyer) -> None:
    for decision, words, is_open in (
        ("withdraw", "nothing of it works any more", False),
        ("allow", "stays open, whatever the payment says", True),
        ("follow_payment", "follows its payment again", True),
    ):
        page = act(helper, sale, "decide", decision=decision, because=" it  leaked ")
        assert words in page
        assert f'value="{decision}" checked' in page
        assert (sale.keys[0] in sale.order_page()) is is_open
    assert "withdraw: it leaked" in page
    assert "Choose what should be true" in act(helper, sale, "decide", decision="burn")


@both
def test_replaces_a_key_once_however_often_the_form_is_sent(sale: Sale, app: Flask) -> None:
    path = f"/admin/orders/{number_of(sale)}/keys/{license_of(sale)}/replace"
    helpers = [sign_in_at_admin(app, make_person(app, f"{name}@example.com", Role.SUPPORT)) for name in ("a", "b")]
    asked = {"shown": "1"}
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(lambda one: one.post(path, **asked).status_code, helpers))
    assert statuses[0] == 303
    assert statuses[1] in (400, 409)
    assert helpers[0].post(path, **asked).status_code == 400
    assert len(read_rows(app, "SELECT * FROM retired_keys")) == 1
    assert sale.keys[0] not in sale.order_page()


def test_replaces_an_imported_key_once_though_all_of_them_look_alike(
    app: Flask, sandbox: SandboxClient, helper: Buyer
) -> None:
    make_pool(app)
    bring(app, ["KEY-1", "KEY-2", "KEY-3"])  # so short that no letter of them is shown
    sale = sell(app, sandbox, email=ADA)
    path = f"keys/{license_of(sale)}/replace"
    asked = dict(
        re.findall(r'name="(shown)" value="([^"]*)"', helper.get(f"/admin/orders/{number_of(sale)}").text)
    )
    assert "An email brings the new key" in act(helper, sale, path, **asked)
    assert "was replaced meanwhile" in act(helper, sale, path, **asked)
    assert len(read_rows(app, "SELECT * FROM retired_keys")) == 1
    assert "An email brings the new key" in act(helper, sale, path, shown="2")


def test_withdraws_a_key_and_lets_it_work_again(sale: Sale, helper: Buyer) -> None:
    asked = {"shown": "1"}
    key = f"keys/{license_of(sale)}"
    assert "is withdrawn: programs refuse it" in act(helper, sale, f"{key}/withdraw", **asked)
    assert "Withdrawn</span>" in helper.get(f"/admin/orders/{number_of(sale)}").text
    assert "works again, on the same devices" in act(helper, sale, f"{key}/restore", **asked)
    assert "Press one of the buttons" in act(helper, sale, f"{key}/burn", **asked)
    assert "replaced meanwhile" in act(helper, sale, f"{key}/withdraw", shown="2")


def test_changes_no_key_of_another_order(sale: Sale, helper: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    other = sell(app, sandbox, email="eve@example.com")
    hers = read_rows(app, "SELECT number FROM orders ORDER BY id DESC")[0]["number"]
    answer = helper.post(f"/admin/orders/{hers}/keys/{license_of(sale)}/withdraw", shown="1")
    assert answer.status_code == 404
    assert f"Order {hers} has no such key." in answer.text
    assert sale.keys[0] in sale.order_page()
    assert other.keys[0] in other.order_page()


def test_calls_a_notice_done(sale: Sale, helper: Buyer) -> None:
    sale.at_charge("dispute")
    sale.deliver("charge.dispute")
    notice = read_rows(sale.app, "SELECT id FROM notices WHERE closed_at IS NULL")[0]["id"]
    assert "Done for good. What is new about its order gets a line of its own." in act(
        helper, sale, f"notices/{notice}/done"
    )
    assert f"notices/{notice}/done" not in helper.get(f"/admin/orders/{number_of(sale)}").text
    for _twice in range(2):
        assert "Done for good. What is new about its order gets a line of its own." in act(
            helper, sale, f"notices/{notice}/done"
        )
    assert f"Order {number_of(sale)} has no such notice." in act(helper, sale, "notices/999/done")


def test_calls_no_notice_done_that_is_of_no_order_or_another(
    sale: Sale, helper: Buyer, app: Flask, sandbox: SandboxClient
) -> None:
    """A helper who guesses its number closed it for good, and nobody was told again."""
    other = sell(app, sandbox, email="eve@example.com")
    other.at_charge("dispute")
    other.deliver("charge.dispute")
    stuck = NoticeDraft(kind=NoticeKind.EVENTS_MISSING, subject="all", text="Stripe's events do not arrive.")
    with app.app_context():
        with transaction() as session:
            open_notices(session, [stuck])
        db.session.remove()
    before = read_rows(app, NOTICES)
    assert [notice["closed_at"] for notice in before] == [None, None]
    for notice, number in itertools.product(before, (number_of(sale), "NOSUCHNO")):
        answer = helper.post(f"/admin/orders/{number}/notices/{notice['id']}/done")
        assert answer.status_code == 404
        assert ("has no such notice." in answer.text) == (number == number_of(sale))
    assert read_rows(app, NOTICES) == before


@pytest.mark.parametrize("which", [0, 1])
@both
def test_calls_a_double_purchase_done_at_either_order(app: Flask, sandbox: SandboxClient, which: int) -> None:
    sale = [sell(app, sandbox), sell(app, sandbox)][which]
    helper = sign_in_at_admin(app, make_person(app, role=Role.SUPPORT))
    (notice,) = read_rows(app, NOTICES)
    done = f"notices/{notice['id']}/done"
    assert done in helper.get(f"/admin/orders/{number_of(sale)}").text
    assert "Done for good. What is new about its order gets a line of its own." in act(helper, sale, done)
    assert read_rows(app, NOTICES)[0]["is_closed_by_owner"]


def test_shows_no_key_whole_and_a_reader_no_button(sale: Sale, helper: Buyer, app: Flask) -> None:
    page = helper.get(f"/admin/orders/{number_of(sale)}").text
    assert sale.keys[0] not in page
    assert shown(sale.keys[0]) in page
    assert "/resend" in page
    assert "/refund" not in page
    reader = sign_in_at_admin(app, make_person(app, "reader@example.com", Role.READER))
    page = reader.get(f"/admin/orders/{number_of(sale)}").text
    assert "<form" not in page[page.index("<main") : page.index("</main>")]


def test_writes_down_who_did_it(sale: Sale, helper: Buyer) -> None:
    act(helper, sale, "decide", decision="withdraw")
    act(helper, sale, f"keys/{license_of(sale)}/withdraw", shown="1")
    entries = read_rows(sale.app, "SELECT verb, actor_kind FROM audit_entries ORDER BY id")
    verbs = {entry["verb"] for entry in entries if entry["actor_kind"] == "person"}
    assert {"order.decided", "key.withdrawn"} <= verbs


def test_finds_no_order_by_a_wrong_number(helper: Buyer) -> None:
    for path in ("resend", "raise-limit", "decide", "keys/1/withdraw"):
        assert helper.post(f"/admin/orders/NEVER123/{path}", decision="allow", downloads="1").status_code == 404


def test_says_at_the_order_why_its_buyer_cannot_download(sale: Sale, helper: Buyer) -> None:
    page = helper.get(f"/admin/orders/{number_of(sale)}").text
    assert "They can download: " in page
    sale.buyer.get(f"{sale.link}x").close()
    change_rows(sale.app, "UPDATE orders SET decision = 'withdraw'")
    link = sale.downloads[0].removeprefix(sale.buyer.base_url)
    sale.buyer.get(link, headers={"User-Agent": "<b>curl/8"}).close()
    page = helper.get(f"/admin/orders/{number_of(sale)}").text
    assert "They cannot, because the order or its key was withdrawn." in page
    assert "the order or its key was withdrawn <span" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"downloads": "1", "days": "0"}, ">1 more download of each file.<"),
        ({"downloads": "0", "days": "1"}, ">1 more day.<"),
        ({"downloads": "2", "days": "1"}, ">2 more downloads of each file, 1 more day.<"),
    ],
)
def test_says_what_more_was_allowed(sale: Sale, helper: Buyer, asked: dict[str, str], words: str) -> None:
    assert words in act(helper, sale, "raise-limit", **asked, raises="0")


def test_says_that_a_closed_order_brings_no_file(sale: Sale, helper: Buyer, command: CliRunner) -> None:
    act(helper, sale, "decide", decision="withdraw")
    words = "1 more download of each file. Nothing can be downloaded while the order is closed: "
    assert words in act(helper, sale, "raise-limit", downloads="1", raises="0")
    assert words in done(command, "orders", "raise-limit", number_of(sale), "--downloads", "1")


def test_takes_an_address_as_it_was_copied(sale: Sale, helper: Buyer, app: Flask) -> None:
    assert "belongs to eve@example.com now" in act(helper, sale, "resend", to="Eve <eve@example.com>")
    owner = sign_in_at_admin(app, make_person(app, "owner2@example.com"))
    moved = owner.post("/admin/buyers/move", email="eve@example.com", to="Ada <ada@example.org>")
    assert "1 order belongs to ada@example.org now." in owner.get(moved.location).text
    typed = {"goods": "twinspot/personal", "quantity": "1", "because": "raffle", "form": ""}
    given = owner.post("/admin/orders/give/check", email="Rosa <rosa@example.net>", **typed).text
    assert "Give it to rosa@example.net" in given
    assert "Type an email address." in owner.post("/admin/orders/give/check", email=" ", **typed).text
    erased = owner.post("/admin/buyers/erase", email="ada@example.org", sure="Ada <ada@example.org>")
    assert "Erased. 1 orders" in owner.get(erased.location).text


def test_corrects_a_gift_to_an_address_as_it_was_copied(app: Flask, sandbox: SandboxClient, helper: Buyer) -> None:
    gift = give(app, sandbox)
    assert "Type an email address." in act(helper, gift, "gift", gift_to=" ")
    page = act(helper, gift, "gift", gift_to="Rosa <rosa@example.org>")
    assert "The gift is for rosa@example.org now." in page
