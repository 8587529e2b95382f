"""Who got a reminder ends them with one click, signed in or not; and may have them again."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.reminders.switch import switch_reminders
from storefront.core.runtime import runtime
from tests.mail.strict import read_strictly, text_of
from tests.support.left import deliver, leave, remind, reminders, work_later
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

STOPPED = "SELECT stopped_at FROM reminder_readers"


@pytest.fixture
def address(app: Flask, sandbox: SandboxClient, mailbox: Any) -> str:
    """The path in the header of a reminder that left."""
    remind(app)
    leave(app, sandbox)
    deliver(app, sandbox)
    work_later(app)
    (mail,) = mailbox.find()
    parsed = read_strictly(mail.raw)
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(parsed["List-Unsubscribe"]).strip(" <>")
    assert url in text_of(parsed, "plain")
    assert url in text_of(parsed, "html")
    return url.partition(Buyer(app).base_url)[2]


def is_stopped(app: Flask) -> bool:
    (row,) = read_rows(app, STOPPED)
    return row["stopped_at"] is not None


def test_ends_them_by_the_post_of_a_mail_program(app: Flask, sandbox: SandboxClient, address: str) -> None:
    program = Buyer(app)
    for _ in range(2):
        posted = program.client.post(address, data={"List-Unsubscribe": "One-Click"}, base_url=program.base_url)
        assert (posted.status_code, posted.data) == (200, b"")
    assert is_stopped(app)
    leave(app, sandbox)
    deliver(app, sandbox)
    assert reminders(app) == [("sent", None)]  # nothing new is kept


def test_changes_nothing_when_the_link_is_opened_and_all_by_its_button(app: Flask, address: str) -> None:
    reader = Buyer(app)
    page = reader.get(address)
    assert (page.status_code, page.headers["X-Robots-Tag"]) == (200, "noindex")
    assert "Stop reminders" in page.text
    assert not is_stopped(app)
    assert reader.post(address).location == address
    assert is_stopped(app)
    assert "You get no emails about unfinished checkouts" in reader.get(address).text
    assert reader.post(address, wants="1").status_code == 303
    assert not is_stopped(app)


def test_promises_no_email_where_the_owner_has_switched_them_off(app: Flask, address: str) -> None:
    reader = Buyer(app)
    assert "we write to you once" in reader.get(address).text
    with app.test_request_context():
        switch_reminders(is_on=False)
    page = reader.get(address).text
    assert "sends no emails about unfinished checkouts right now" in page
    assert "we write to you once" not in page
    reader.post(address)
    assert is_stopped(app)


def test_ends_them_by_the_link_of_an_older_secret_key(app: Flask, sandbox: SandboxClient, address: str) -> None:
    runtime(app).settings = replace(runtime(app).settings, secret_key="another-secret-key-of-this-shop")
    assert Buyer(app).client.post(address, base_url=Buyer(app).base_url).status_code == 303
    leave(app, sandbox)
    deliver(app, sandbox)
    assert reminders(app) == [("sent", None)]


def test_knows_no_other_link(app: Flask, address: str) -> None:
    for wrong in (address[:-1], address + "0", "/reminders/nothing"):
        assert Buyer(app).get(wrong).status_code == 404
        assert Buyer(app).client.post(wrong, base_url=Buyer(app).base_url).status_code == 404
    assert not is_stopped(app)
