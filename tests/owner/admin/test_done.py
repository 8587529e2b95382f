"""Of each kind of line: what "Done" says becomes of it, and what does when its cause goes and comes back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from storefront.buyers.account import saved_cards
from storefront.core.db import db, transaction
from storefront.delivery.downloads.missing_files import check_files, report_missing
from storefront.delivery.licenses.pools.notices import settle_pool_notices, settle_stale_pool_notices
from storefront.orders.models import Order
from storefront.orders.notices import DECIDED_ONCE, NoticeDraft, NoticeKind, settle_notices
from storefront.payments.checkout import news_box, terms_box
from storefront.payments.fulfillment import converge, upgrades
from storefront.payments.fulfillment.excess import settle_excess
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.reconcile import sweep as sweeps
from storefront.payments.reconcile.dead_key import tell_key
from storefront.payments.reconcile.sweep import close_unreadable, find_told_unreadable, open_unreadable, sweep
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.owner.admin.home_lines import forms_of, needs_you, press
from tests.support.databases import BOTH
from tests.support.kept_rows import kept_rows
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

FOR_GOOD = "Done for good. What is new about its order gets a line of its own."
COMES_BACK = "Done. It comes back if its cause does."
# These are told anew each time that it happens, and not while it lasts.
EACH_TIME = {NoticeKind.EVENTS_MISSING, NoticeKind.FILE_MISSING}
ONE_OPEN = "SELECT kind FROM notices WHERE closed_at IS NULL"


class Cause:
    """Of one kind: there or not, as often as somebody looks."""

    def __init__(self, sale: Sale, kind: NoticeKind, patch: pytest.MonkeyPatch) -> None:
        self.sale, self.kind, self.patch = sale, kind, patch
        self.path = read_rows(sale.app, "SELECT path FROM release_files ORDER BY id")[0]["path"]

    @property
    def draft(self) -> NoticeDraft:
        return NoticeDraft(kind=self.kind, subject=self.sale.session_id, text="Look at it.")

    @contextmanager
    def order(self) -> Iterator[tuple[Session, Order]]:
        with transaction() as session:
            yield session, session.get_one(Order, 1)

    def of_look(self, is_there: bool) -> None:
        drafts = [self.draft] if is_there else []
        self.patch.setattr(converge, "draft_notices", lambda *_, **__: drafts)
        fulfill_checkout(self.sale.session_id, Look.NOW)

    def of_sweep(self, is_there: bool) -> None:
        for name in ("_failed_mails", "_stuck_events"):
            kind = {"_failed_mails": NoticeKind.MAIL_FAILED, "_stuck_events": NoticeKind.EVENT_STUCK}[name]
            drafts = [self.draft] if is_there and kind is self.kind else []
            self.patch.setattr(sweeps, name, lambda drafts=drafts: drafts)
        is_list = self.kind is NoticeKind.LIST_UNREADABLE
        is_silent = self.kind is NoticeKind.EVENTS_MISSING
        sweep(
            never_received=2 if is_there and is_silent else 0,
            unreadable_lists=["disputes"] if is_there and is_list else [],
        )

    def of_excess(self, is_there: bool) -> None:
        with self.order() as (session, order):
            order.excess_minor = 500 if is_there else 0
            if is_there:
                settle_notices(session, [self.draft], order_id=order.id)
            else:
                settle_excess(session, order, None, 500)

    def of_upgrade(self, is_there: bool) -> None:
        with self.order() as (session, order):
            draft = NoticeDraft(kind=self.kind, subject=f"{order.number}:1", text="Look at it.")
            drafts = [draft] if is_there else []
            self.patch.setattr(upgrades, "_draft_unused", lambda *_: iter(drafts))
            upgrades.settle_unused(session, order.id)

    def of_file(self, is_there: bool) -> None:
        if is_there:
            report_missing(self.path)
        else:
            check_files()

    def of_key(self, is_there: bool) -> None:
        tell_key(is_refused=is_there)

    def of_pool(self, is_there: bool) -> None:
        """As the worker looks, whom nobody tells which pool has changed."""
        change_rows(self.sale.app, "UPDATE products SET pool_low_at = :low", low=9 if is_there else 2)
        settle_stale_pool_notices("sandbox")

    def of_session(self, is_there: bool) -> None:
        if is_there:
            open_unreadable({self.sale.session_id: "Stripe refused"})
        else:
            for session_id in find_told_unreadable():
                close_unreadable(session_id)

    def of_customer(self, is_there: bool) -> None:
        with transaction() as session:
            if is_there:
                settle_notices(session, [self.draft], kinds=(self.kind,), about=(self.draft.subject,))
            else:
                saved_cards._settle_given_up(session, 0, self.draft.subject, {})

    def of_box(self, is_there: bool) -> None:
        box = {NoticeKind.REMINDERS_REFUSED: news_box.BOX, NoticeKind.TERMS_URL_MISSING: terms_box.BOX}[self.kind]
        if is_there:
            box.tell_refused("Look at it.")
        else:
            box.tell_shown()


CAUSES: Mapping[NoticeKind, Callable[[Cause, bool], None]] = {
    **dict.fromkeys(DECIDED_ONCE, Cause.of_look),
    NoticeKind.CUSTOMER_REFUSED: Cause.of_customer,
    NoticeKind.EVENTS_MISSING: Cause.of_sweep,
    NoticeKind.EVENT_STUCK: Cause.of_sweep,
    NoticeKind.EXCESS_PAID: Cause.of_excess,
    NoticeKind.FILE_MISSING: Cause.of_file,
    NoticeKind.KEY_REFUSED: Cause.of_key,
    NoticeKind.LIST_UNREADABLE: Cause.of_sweep,
    NoticeKind.MAIL_FAILED: Cause.of_sweep,
    NoticeKind.POOL_LOW: Cause.of_pool,
    NoticeKind.REMINDERS_REFUSED: Cause.of_box,
    NoticeKind.SESSION_UNREADABLE: Cause.of_session,
    NoticeKind.TERMS_URL_MISSING: Cause.of_box,
    NoticeKind.UPGRADE_UNUSED: Cause.of_upgrade,
}


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox)


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def open_kinds(app: Flask) -> list[str]:
    return [row["kind"] for row in read_rows(app, ONE_OPEN)]


def test_comes_back_as_it_says(sale: Sale, owner: Buyer) -> None:
    with kept_rows(sale.app) as rows:
        for kind in NoticeKind:
            rows.put_back()
            with pytest.MonkeyPatch.context() as patch:
                assert_comes_back_as_it_says(owner, Cause(sale, kind, patch))
        rows.put_back()


def assert_comes_back_as_it_says(owner: Buyer, cause: Cause) -> None:
    app, kind = cause.sale.app, cause.kind
    if kind is NoticeKind.POOL_LOW:
        make_pool(app)
        bring(app, numbered(5))

    def look(*, is_there: bool) -> list[str]:
        for _twice in range(2):
            with app.app_context():
                CAUSES[kind](cause, is_there)
                db.session.remove()
        return open_kinds(app)

    assert look(is_there=True) == [kind]
    for _twice in range(2):
        (form,) = forms_of(needs_you(owner))
        assert (FOR_GOOD if kind in DECIDED_ONCE else COMES_BACK) in press(owner, form), kind
        if kind not in EACH_TIME:
            assert look(is_there=True) == [], f"{kind}: what is done and still there is not told again"
        assert look(is_there=False) == [], kind
        assert look(is_there=True) == ([] if kind in DECIDED_ONCE else [kind]), kind
        if kind in DECIDED_ONCE:
            return


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_comes_back_where_a_pool_is_low_again_after_its_keys_changed(app: Flask, owner: Buyer) -> None:
    make_pool(app)
    bring(app, numbered(5))

    def look(low_at: int) -> list[str]:
        change_rows(app, "UPDATE products SET pool_low_at = :low WHERE slug = 'twinspot'", low=low_at)
        product_id = read_rows(app, "SELECT id FROM products WHERE slug = 'twinspot'")[0]["id"]
        with app.app_context():
            with transaction() as session:
                settle_pool_notices(session, "sandbox", [product_id])
            db.session.remove()
        return open_kinds(app)

    assert look(9) == ["pool_low"]
    (form,) = forms_of(needs_you(owner))
    press(owner, form)
    assert [look(9), look(2), look(9)] == [[], [], ["pool_low"]]
