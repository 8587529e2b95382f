"""What needs the owner, on the home page: each line leads to its cause and can be called done there, once."""

import re

import pytest
from flask import Flask

from storefront.core.db import db, transaction
from storefront.delivery.downloads.missing_files import report_missing
from storefront.orders.notices import NoticeDraft, NoticeKind, open_notices, reopen_notice, settle_notices
from storefront.owner.people.models import Role
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.owner.admin.home_lines import forms_of, needs_you, press
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
STUCK = NoticeDraft(kind=NoticeKind.EVENT_STUCK, subject="evt_1", text="An event cannot be handled.")


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def tell(app: Flask, *drafts: NoticeDraft) -> None:
    with app.app_context():
        with transaction() as session:
            open_notices(session, drafts)
        db.session.remove()


def state(app: Flask) -> list[tuple[bool, bool]]:
    """Of each notice, whether it is closed, and whether by its owner."""
    rows = read_rows(app, "SELECT closed_at, is_closed_by_owner FROM notices ORDER BY id")
    return [(row["closed_at"] is not None, bool(row["is_closed_by_owner"])) for row in rows]


@both
def test_calls_a_line_about_no_order_done_once_and_writes_that_down(app: Flask, owner: Buyer) -> None:
    tell(app, STUCK)
    (form,) = forms_of(needs_you(owner))
    assert "Done. It comes back if its cause does." in press(owner, form)
    assert "That was settled already." in press(owner, form)
    assert "Nothing needs you." in needs_you(owner)
    assert state(app) == [(True, True)]
    entries = read_rows(app, "SELECT actor_kind, subject FROM audit_entries WHERE verb = 'notice.closed'")
    assert [(row["actor_kind"], row["subject"]) for row in entries] == [("person", "notice 1")]


def test_leaves_a_line_as_it_is_that_closed_by_itself_meanwhile(app: Flask, owner: Buyer) -> None:
    tell(app, STUCK)
    (form,) = forms_of(needs_you(owner))
    with app.app_context():
        with transaction() as session:
            settle_notices(session, [], kinds=[STUCK.kind])
        db.session.remove()
    assert "That was settled already." in press(owner, form)
    assert state(app) == [(True, False)]


@both
def test_closes_no_line_that_came_back_since_the_page_was_shown(app: Flask, owner: Buyer) -> None:
    tell(app, STUCK)
    (form,) = forms_of(needs_you(owner))
    press(owner, form)
    with app.app_context():
        with transaction() as session:
            reopen_notice(session, STUCK)
        db.session.remove()
    assert "This came back since that page was shown, so it was left open: look at it once more." in press(
        owner, form
    )
    assert state(app) == [(False, False)]
    (newer,) = forms_of(needs_you(owner))
    assert "Done." in press(owner, newer)


def test_says_so_where_there_is_no_such_line(app: Flask, owner: Buyer) -> None:
    assert "There is no such line in \u201cneeds you\u201d." in press(owner, ("/admin/notices/999/done", ""))
    tell(app, STUCK)
    (form,) = forms_of(needs_you(owner))
    change_rows(app, "UPDATE notices SET mode = 'live'")
    assert "There is no such line" in press(owner, form)
    assert state(app) == [(False, False)]


def test_leads_to_what_a_line_is_about(app: Flask, sandbox: SandboxClient, owner: Buyer) -> None:
    make_pool(app)
    bring(app, numbered(1))
    number = number_of(sell(app, sandbox))
    file = read_rows(
        app,
        "SELECT slug, path FROM products JOIN releases ON releases.product_id = products.id "
        "JOIN release_files ON release_files.release_id = releases.id ORDER BY release_files.id",
    )[0]
    with app.app_context():
        report_missing(file["path"])
        db.session.remove()
    tell(
        app,
        NoticeDraft(kind=NoticeKind.KEY_REFUSED, subject="STRIPE_SECRET_KEY", text="The key."),
        NoticeDraft(kind=NoticeKind.REMINDERS_REFUSED, subject="account", text="Reminders."),
        NoticeDraft(kind=NoticeKind.TERMS_URL_MISSING, subject="account", text="Terms."),
        NoticeDraft(kind=NoticeKind.MAIL_FAILED, subject="broadcast 7", text="A broadcast."),
        NoticeDraft(kind=NoticeKind.MAIL_FAILED, subject="7", text="A mail."),
        NoticeDraft(kind=NoticeKind.UPGRADE_UNUSED, subject=f"{number}:1", text="An upgrade."),
    )
    lines = needs_you(owner).split("<li ")[1:]
    links = [re.findall(r'href="(/admin[^"#]*)', line) for line in lines]
    pages = ["/admin/ready", "/admin/shop", "/admin/pages", "/admin/broadcasts/7"]
    assert links == [
        ["/admin/products/twinspot"],
        [f"/admin/products/{file['slug']}/files"],
        *([page] for page in pages),
        [],
        [f"/admin/orders/{number}"],
    ]
    assert {owner.get(link[0]).status_code for link in links if link and "broadcasts" not in link[0]} == {200}


def test_leads_nobody_to_a_refusal_and_lets_only_owners_close(app: Flask, owner: Buyer) -> None:
    make_pool(app)
    tell(app, NoticeDraft(kind=NoticeKind.POOL_LOW, subject="twinspot:low:1", text="Few keys."), STUCK)
    forms = forms_of(needs_you(owner))
    assert len(forms) == 2
    for role in (Role.SUPPORT, Role.READER, Role.ACCOUNTANT):
        other = sign_in_at_admin(app, make_person(app, f"{role}@example.com", role))
        assert "/admin/products" not in needs_you(other)
        assert forms_of(needs_you(other)) == []
        assert other.post(forms[0][0], opened=forms[0][1]).status_code == 403
    assert state(app) == [(False, False), (False, False)]


def test_closes_a_line_about_an_order_at_the_home_page_as_at_its_order(
    app: Flask, sandbox: SandboxClient, owner: Buyer
) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.dispute.")
    page = needs_you(owner)
    assert f'href="/admin/orders/{number_of(sale)}"' in page
    (form,) = forms_of(page)
    press(owner, form)
    sale.deliver("charge.dispute.")
    assert "Nothing needs you." in needs_you(owner)
