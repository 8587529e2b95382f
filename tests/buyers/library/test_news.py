"""Releases: published, withdrawn, told of once, to those whose purchase includes them and who want to know."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, update

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.library.news import Told, tell_buyers
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.runtime import runtime
from storefront.mail.models import OutboxMessage
from storefront.mail.outbox import find_end_of_news
from storefront.orders.decide import decide
from storefront.orders.models import Decision, Order
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.publish import publish, withdraw
from tests.mail.strict import read_strictly, text_of
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
LONG_NOTES = "Fixed a bug. " * 5400 + "**See** [all of them](/pages/changes)."


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "twinspot-3.0.zip"
    path.write_bytes(b"the newest")
    return str(path)


def tell(app: Flask, **how: Any) -> Told:
    with app.app_context():
        done = tell_buyers("twinspot", "3.0", **how)
        db.session.remove()
    return done


def sell_to(app: Flask, sandbox: SandboxClient, name: str) -> Sale:
    return sell(app, sandbox, email=f"{name}@example.com")


def test_shows_a_draft_to_nobody_until_it_is_published(
    app: Flask, sandbox: SandboxClient, run: Any, file: str, tmp_path: Path
) -> None:
    sale = sell(app, sandbox)
    assert "is a draft" in run("releases", "upload", "twinspot", "3.0", file, "--draft").output
    assert "twinspot-3.0.zip" not in sale.order_page()
    notes = tmp_path / "notes.md"
    notes.write_text("Faster by *half*.")
    assert "is published" in run("releases", "publish", "twinspot", "3.0", "--notes-file", str(notes)).output
    assert "published already" in run("releases", "publish", "twinspot", "3.0").output
    page = sale.order_page()
    assert "twinspot-3.0.zip" in page
    assert "<em>half</em>" in page
    assert "One older version" in page
    assert "3.0" in Buyer(app).get("/products/twinspot").text
    assert "withdrawn." in run("releases", "withdraw", "twinspot", "3.0").output
    assert "withdrawn already" in run("releases", "withdraw", "twinspot", "3.0").output
    assert "twinspot-3.0.zip" not in sale.order_page()
    assert "Faster by" not in Buyer(app).get("/products/twinspot").text
    assert run("releases", "publish", "twinspot", "3.0").exit_code == 0
    assert "twinspot-3.0.zip" in sale.order_page()
    assert "3.0  published" in run("releases", "list", "twinspot").output
    assert "Every file is there" in run("releases", "check").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("publish", "twinspot", "9"), "It has 2.1"),
        (("withdraw", "nothing", "1"), "It has none"),
        (("list", "nothing"), "no product"),
        (("tell-buyers", "twinspot", "9"), "no release 9"),
        (("upload", "nothing", "1.0", __file__), "no product"),
        (("upload", "twinspot", "../1", __file__), "cannot be a part"),
    ],
)
def test_says_in_a_sentence_what_cannot_be_done(run: Any, words: tuple[str, ...], said: str) -> None:
    done = run("releases", *words)
    assert done.exit_code == 1
    assert said in done.output


def test_publishes_no_release_without_files(app: Flask, run: Any, file: str) -> None:
    run("releases", "upload", "twinspot", "3.0", file, "--draft")
    refused = run("releases", "tell-buyers", "twinspot", "3.0")
    assert (refused.exit_code, "is not published" in refused.output) == (1, True)
    with app.app_context(), transaction() as session:
        session.execute(delete(ReleaseFile).where(ReleaseFile.filename == "twinspot-3.0.zip"))
    empty = run("releases", "publish", "twinspot", "3.0")
    assert (empty.exit_code, "has no files" in empty.output) == (1, True)


@both
def test_tells_each_buyer_once_and_only_who_may_have_it(
    shop: Shop, sandbox: SandboxClient, run: Any, file: str
) -> None:
    app = shop.app
    change_product(app, "twinspot", update_days=365)
    for name in ("ada", "ada", "bob", "eve", "old", "shy"):
        sell_to(app, sandbox, name)
    shop.work()
    with app.app_context(), transaction() as session:
        long_ago = clock.now() - timedelta(days=400)
        session.execute(update(Order).where(Order.email == "old@example.com").values(paid_at=long_ago))
    run("releases", "upload", "twinspot", "3.0", file)
    number = read_rows(app, "SELECT number FROM orders WHERE email = 'eve@example.com'")[0]["number"]
    with app.app_context():
        decide(number, Decision.WITHDRAW)
    assert tell(app, dry_run=True).told == tell(app).told == 3
    shop.mailbox.clear()
    shy = news_link(app, shop, "shy@example.com")
    Buyer(app).client.post(shy, data={"List-Unsubscribe": "One-Click"})
    expected = Told(told=0, before=2, unsubscribed=1, unreachable=0, not_included=1, closed=1, minutes=1)
    for dry_run in (True, False):
        assert tell(app, dry_run=dry_run) == expected
    shop.work()
    told = sorted(str(mail["to"][0]) for mail in shop.mails() if "is here" in str(mail["subject"]))
    assert told == ["ada@example.com", "bob@example.com", "shy@example.com"]


def news_link(app: Flask, shop: Shop, email: str) -> str:
    shop.work()
    mail = next(mail for mail in shop.mails(to=email) if "is here" in str(mail["subject"]))
    address = re.search(r"(/news/\S+)", str(mail["text"]))
    assert address
    return address[1]


def test_sends_none_to_who_unsubscribes_while_mails_wait(
    shop: Shop, sandbox: SandboxClient, run: Any, file: str
) -> None:
    app = shop.app
    for name in ("ada", "bob", "eve"):
        sell_to(app, sandbox, name)
    shop.work()
    run("releases", "upload", "twinspot", "3.0", file)
    done = tell(app, per_minute=1)
    assert (done.told, done.minutes) == (3, 3)
    assert tell(app).told == 0
    due = read_rows(app, "SELECT due_at FROM outbox WHERE kind = 'new_release' ORDER BY id")
    assert len({str(row["due_at"]) for row in due}) == 3
    link = news_link(app, shop, "ada@example.com")
    reader = Buyer(app)
    for _ in range(2):
        assert "Stop these emails" in reader.get(link).text
    for _ in range(2):
        assert reader.client.post(link, data={}, base_url=reader.base_url).status_code == 303
    assert "You get no update emails" in reader.get(link).text
    reader.client.post(link, data={"wants": "1"}, base_url=reader.base_url)
    assert "Stop these emails" in reader.get(link).text
    assert reader.get(link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 404
    assert reader.get("/news/1").status_code == 404
    with app.app_context():
        withdraw("twinspot", "3.0")
        with transaction() as session:
            session.execute(update(OutboxMessage).values(due_at=clock.now()))
    shop.work()
    states = read_rows(app, "SELECT state FROM outbox WHERE kind = 'new_release' ORDER BY id")
    assert [row["state"] for row in states] == ["sent", "canceled", "canceled"]
    with app.app_context():
        publish("twinspot", "3.0")
    assert tell(app).told == 2  # whose mails were canceled meanwhile


def test_holds_news_until_receipts_are_out_and_a_second_mailing_until_the_first(
    shop: Shop, sandbox: SandboxClient, run: Any, file: str
) -> None:
    app = shop.app
    for name in ("ada", "bob"):
        sell_to(app, sandbox, name)
    shop.work()
    shop.mailbox.clear()
    for version in ("3.0", "3.1"):
        run("releases", "upload", "twinspot", version, file)
    with app.app_context():
        with counted(app) as few:
            tell_buyers("twinspot", "3.0", per_minute=1)
        tell_buyers("twinspot", "3.1", per_minute=1)
        db.session.remove()
    assert sum("INSERT INTO outbox" in statement for statement in few) == 1
    due = read_rows(app, "SELECT due_at FROM outbox WHERE kind = 'new_release' ORDER BY id")
    assert len({str(row["due_at"])[:16] for row in due}) == 3  # the second begins where the first ends
    sale = sell_to(app, sandbox, "eve")
    sale.deliver("checkout.session.completed")
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxMessage).values(due_at=clock.now()))
    shop.work()
    is_news = ["is here" in str(mail["subject"]) for mail in reversed(shop.mails())]
    assert is_news == sorted(is_news)  # receipts first
    assert shop.mails(to="eve@example.com")
    assert is_news.count(True) == 4


def test_keeps_its_pace_though_one_mailbox_is_full(
    shop: Shop, sandbox: SandboxClient, run: Any, file: str
) -> None:
    sell_to(shop.app, sandbox, "ada")
    shop.work()
    for version in ("3.0", "3.1"):
        run("releases", "upload", "twinspot", version, file)
    tell(shop.app)
    later = clock.now() + timedelta(hours=12)
    change_rows(
        shop.app, "UPDATE outbox SET attempts = 5, due_at = :later WHERE kind = 'new_release'", later=str(later)
    )
    with shop.app.app_context():
        tell_buyers("twinspot", "3.1")
        assert find_end_of_news(db.session()) <= clock.now()  # which broadcasts wait for
        db.session.remove()
    shop.work()
    assert [mail["subject"] for mail in shop.mails() if "is here" in str(mail["subject"])] == [
        "Twinspot 3.1 is here"
    ]


@both
def test_tells_nobody_of_a_release_before_its_day(shop: Shop, sandbox: SandboxClient, run: Any, file: str) -> None:
    """A shop as files may name a later day, and nobody can download it before."""
    sale = sell_to(shop.app, sandbox, "ada")
    run("releases", "upload", "twinspot", "3.0", file)
    tell(shop.app)  # as a version did that asked for no day
    later = clock.now() + timedelta(days=20)
    with shop.app.app_context(), transaction() as session:
        session.execute(update(Release).where(Release.version == "3.0").values(published_at=later))
    refused = run("releases", "tell-buyers", "twinspot", "3.0")
    assert (refused.exit_code, f"appears on {later:%Y-%m-%d}" in refused.output) == (1, True)
    admin = sign_in_at_admin(shop.app, make_person(shop.app))
    page = admin.get("/admin/products/twinspot/files/3.0/tell")
    assert (page.status_code, f"appears on {later:%Y-%m-%d}" in page.text) == (409, True)
    files = admin.get("/admin/products/twinspot/files").text
    assert ("Appears on" in files, "files/3.0/tell" in files) == (True, False)
    shop.work()
    news = "SELECT state FROM outbox WHERE kind = 'new_release'"
    assert read_rows(shop.app, news) == [{"state": "paused"}]
    with time_machine.travel(later + timedelta(days=10), tick=True):
        shop.work()
        assert read_rows(shop.app, news) == [{"state": "sent"}]
        assert "twinspot-3.0.zip" in sale.order_page()


def test_follows_a_buyer_to_another_address(shop: Shop, sandbox: SandboxClient, run: Any, file: str) -> None:
    for name in ("ada", "bob"):
        sell_to(shop.app, sandbox, name)
    shop.work()
    run("releases", "upload", "twinspot", "3.0", file)
    tell(shop.app)
    with shop.app.app_context():
        move_customer("ada@example.com", "ada@new.example.com")
        move_customer("bob@example.com", "ada@new.example.com")
    shop.work()
    told = [mail["to"] for mail in shop.mails() if "is here" in str(mail["subject"])]
    assert told == [["ada@new.example.com"]], "two who became one are told once"


def test_sends_none_to_another_address_of_who_wants_none(
    shop: Shop, sandbox: SandboxClient, run: Any, file: str
) -> None:
    sell_to(shop.app, sandbox, "ada")
    sell_to(shop.app, sandbox, "new")
    run("releases", "upload", "twinspot", "3.0", file)
    tell(shop.app)
    link = news_link(shop.app, shop, "ada@example.com")
    Buyer(shop.app).client.post(link, data={})
    with shop.app.app_context():
        move_customer("ada@example.com", "new@example.com")
    rows = read_rows(shop.app, "SELECT unsubscribed_at FROM customers WHERE email = 'new@example.com'")
    assert rows[0]["unsubscribed_at"] is not None
    reader = Buyer(shop.app)
    assert "You get no update emails" in reader.get(link).text  # of the old mail
    reader.client.post(link, data={"wants": "1"}, base_url=reader.base_url)
    rows = read_rows(shop.app, "SELECT unsubscribed_at FROM customers WHERE email = 'new@example.com'")
    assert rows == [{"unsubscribed_at": None}]


def test_shows_mail_programs_the_way_out_of_news_of_any_length(
    shop: Shop, sandbox: SandboxClient, run: Any, file: str
) -> None:
    sell_to(shop.app, sandbox, "ada")
    run("releases", "upload", "twinspot", "3.0", file)
    with shop.app.app_context(), transaction() as session:
        session.execute(update(Release).where(Release.version == "3.0").values(notes=LONG_NOTES))
    tell(shop.app)
    shop.work()
    news = next(mail for mail in shop.mailbox.find() if "is here" in mail.subject)
    assert text_of(read_strictly(news.raw), "html").count("Fixed a bug.") == LONG_NOTES.count("Fixed a bug.")
    mail = next(mail for mail in shop.mails() if "is here" in str(mail["subject"]))
    home = runtime(shop.app).settings.base_url
    assert f"See all of them ({home}/pages/changes)." in str(mail["text"])
    assert f'href="{home}/pages/changes"' in str(mail["html"])
    headers = dict(mail["headers"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip(" <>")
    assert address in str(mail["text"])
    program = Buyer(shop.app)
    posted = program.client.post(
        address.partition(program.base_url)[2], data={"List-Unsubscribe": "One-Click"}, base_url=program.base_url
    )
    assert (posted.status_code, posted.data) == (200, b"")
    receipt = next(mail for mail in shop.mails() if "is here" not in str(mail["subject"]))
    assert "List-Unsubscribe" not in dict(receipt["headers"])
    assert len(read_rows(shop.app, "SELECT id FROM customers WHERE unsubscribed_at IS NOT NULL")) == 1


def test_lets_one_mail_program_end_the_emails_of_many_people(app: Flask) -> None:
    program = app.test_client()
    answers = [program.post(f"/news/{'0' * 32}", data={"List-Unsubscribe": "One-Click"}) for _time in range(40)]
    assert {answer.status_code for answer in answers} == {404}
    answers = [program.post(f"/news/{'0' * 32}") for _time in range(40)]
    assert [answer.status_code for answer in answers] == [404] * 30 + [429] * 10
