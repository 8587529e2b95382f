"""What the shop fills in as evidence, where it is not all in the rows of the disputed order itself."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.delivery.refusals import Refused, note_refusal
from storefront.owner.disputes.cut import cut, cut_longest
from tests.delivery.downloads.clicks import BOOK, status
from tests.owner.disputes.disputed import dispute, text_of
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import TOOL, Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.upgrades import allow_upgrade, pay_upgrade, start_upgrade

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def log_of(owner: Buyer, dispute_id: str) -> str:
    return text_of(owner.get(f"/admin/disputes/{dispute_id}").text, "access_activity_log")


def add_used(app: Flask, *, downloads: int, gone: int, client: str = "Firefox on Windows") -> None:
    """Of the only license and file: downloads, and devices that were deactivated since."""
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most)"
    change_rows(
        app,
        f"""
        INSERT INTO downloads (grant_id, release_file_id, at, client) {numbers}
        SELECT grant_id, release_file_id, at, :client FROM downloads, numbers
        """,
        most=downloads,
        client=client,
    )
    change_rows(
        app,
        f"""
        INSERT INTO key_events (at, what, license_id, detail) {numbers}
        SELECT created_at, 'activated', license_id, 'gone ' || n FROM activations, numbers
        """,
        most=gone,
    )


@both
def test_shows_how_the_license_was_used_that_a_disputed_upgrade_is_for(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    """The key, its devices and downloads are of the order that was upgraded."""
    allow_upgrade(app)
    upgrade = pay_upgrade(sale, start_upgrade(sale), email=ADA)
    for place in range(4):  # one more than Personal allows
        sent = {"license_key": sale.keys[0], "instance_name": f"Mac {place}", "fingerprint": f"mac-{place}"}
        app.test_client().post("/v1/licenses/activate", json=sent)
    made = dispute(upgrade)
    log = log_of(owner, made)
    assert f"This order upgraded what order {number_of(sale)} had handed out:" in log
    for known in (sale.keys[0][-5:], "Ada's laptop", "Mac 3", "downloaded with: curl"):
        assert known in log
    assert sale.keys[0] not in log
    rest = text_of(owner.get(f"/admin/disputes/{made}").text, "uncategorized_text")
    assert f"Upgrade of what order {number_of(sale)} had handed out" in rest


def test_shows_of_the_upgraded_order_only_what_was_upgraded(
    app: Flask, sandbox: SandboxClient, owner: Buyer
) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox, TOOL, TOOL, BOOK, email=ADA)
    for link in sale.downloads:
        assert status(sale.buyer, link.removeprefix(sale.buyer.base_url)) == 200
    upgrade = pay_upgrade(sale, start_upgrade(sale, place=1), email=ADA)
    made = dispute(upgrade)
    log = log_of(owner, made)
    assert [key[-5:] in log for key in sale.keys] == [False, True]
    assert (log.count(" handed out\n"), log.count(".zip downloaded"), "epub" in log) == (2, 1, False)
    disputed_too = log_of(owner, dispute(sale))
    assert all(key[-5:] in disputed_too for key in sale.keys)
    assert ".epub downloaded" in disputed_too


def test_shows_a_device_that_its_buyer_deactivated_since(app: Flask, sale: Sale, owner: Buyer) -> None:
    """Who disputes can still deactivate, which deletes the device."""
    made = dispute(sale)
    device = read_rows(app, "SELECT id FROM activations")[0]["id"]
    sent = {"license_key": sale.keys[0], "instance_id": device}
    assert app.test_client().post("/v1/licenses/deactivate", json=sent).status_code == 200
    log = log_of(owner, made)
    assert log.count("License activated on") == 1
    assert "License activated on a device that was deactivated since" in log


def test_shows_downloads_however_often_the_next_ones_were_refused(app: Flask, sale: Sale, owner: Buyer) -> None:
    made = dispute(sale)
    order_id = int(read_rows(app, "SELECT id FROM orders")[0]["id"])
    with app.app_context():
        for place in range(201):
            note_refusal(order_id, Refused.DOWNLOAD, "disputed", client="curl", subject=f"file-{place}")
        db.session.remove()
    log = log_of(owner, made)
    assert "downloaded with: curl" in log
    assert "file-" not in log


def test_fills_in_downloads_however_many_devices_were_deactivated(app: Flask, sale: Sale, owner: Buyer) -> None:
    """A build server activates and gives its place back each time."""
    add_used(app, downloads=150, gone=300)
    log = log_of(owner, dispute(sale))
    assert log.count("on a device that was deactivated since") == 50
    assert log.count(" downloaded with: ") == 151


@both
def test_leaves_no_part_out_of_what_is_too_long(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    """The longest lists end early, and each at the end of a line."""
    add_used(app, downloads=200, gone=50, client="Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 " * 3)
    allow_upgrade(app)
    upgrade = pay_upgrade(sale, start_upgrade(sale), email=ADA)
    for log in (log_of(owner, dispute(upgrade)), log_of(owner, dispute(sale))):
        assert 19_500 < len(log) <= 20_000
        assert log.count("deactivated since") == 50
        assert log.endswith("Gecko/20100101")
        assert all(" UTC  " in line for line in log.strip().splitlines())


def test_keeps_short_parts_whole_and_shares_the_rest() -> None:
    short, long, longer = "a\nb", "c\n" * 50, "d\n" * 90
    assert cut_longest([longer, "", short, long], 44) == ["d\n" * 9 + "d", short, "c\n" * 9 + "c"]
    assert cut_longest([long, short], 104) == [long, short]
    assert cut_longest([long, short], 103) == [long.removesuffix("\n"), short]
    assert cut_longest([], 9) == []


def test_ends_a_text_at_the_end_of_a_line() -> None:
    assert [cut("one\ntwo\nthree", room) for room in (13, 12, 7, 6)] == [
        "one\ntwo\nthree", "one\ntwo", "one\ntwo", "one",
    ]  # fmt: skip
    assert cut("a line that is too long by itself", 6) == "a line"
