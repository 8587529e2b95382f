"""Where each line of "needs you" leads, the page of its cause where there is one, and what "done" makes of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.orders.notices import DECIDED_ONCE, NoticeKind, OpenNotice
from storefront.payments.reconcile.sweep import BROADCAST
from storefront.shop.catalog.models import Product, Release, ReleaseFile


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsTo:
    """`path` is a page of /admin, which not everybody may open."""

    path: str
    words: str


READY = LeadsTo(path="/admin/ready", words="Ready to sell?")
PAGES: Mapping[str, LeadsTo] = {
    NoticeKind.EVENTS_MISSING: READY,
    NoticeKind.KEY_REFUSED: READY,
    NoticeKind.LIST_UNREADABLE: READY,
    NoticeKind.REMINDERS_REFUSED: LeadsTo(path="/admin/shop#reminders", words="Reminders"),
    NoticeKind.TERMS_URL_MISSING: LeadsTo(path="/admin/pages#consent", words="Consent"),
}


def say_done(kind: str) -> str:
    """Say what becomes of a line of this kind that its owner has called done."""
    if kind in DECIDED_ONCE:
        return "Done for good. What is new about its order gets a line of its own."
    return "Done. It comes back if its cause does."


def find_pages(notices: Collection[OpenNotice]) -> dict[int, LeadsTo]:
    """Return a page for each notice about no order that has one, by its id: at most one statement."""
    others = [notice for notice in notices if notice.order_number is None]
    slugs = _find_slugs(_missing_files(others))
    found = {notice.id: _find_page(notice, slugs) for notice in others}
    return {notice_id: page for notice_id, page in found.items() if page is not None}


def _missing_files(notices: Collection[OpenNotice]) -> list[str]:
    return [notice.subject for notice in notices if notice.kind == NoticeKind.FILE_MISSING]


def _find_slugs(paths: Collection[str]) -> dict[str, str]:
    """Return the products of files by their paths in the storage."""
    if not paths:
        return {}
    rows = db.session.execute(
        select(ReleaseFile.path, Product.slug)
        .join(Release, Release.id == ReleaseFile.release_id)
        .join(Product, Product.id == Release.product_id)
        .where(ReleaseFile.path.in_(list(paths)))
    )
    return {row.path: row.slug for row in rows}


def _find_page(notice: OpenNotice, slugs: Mapping[str, str]) -> LeadsTo | None:
    subject = notice.subject
    if notice.kind == NoticeKind.POOL_LOW:
        return LeadsTo(path=f"/admin/products/{subject.partition(':')[0]}", words="Its product")
    if subject in slugs:
        return LeadsTo(path=f"/admin/products/{slugs[subject]}/files", words="Its files")
    if notice.kind == NoticeKind.UPGRADE_UNUSED:
        number = subject.partition(":")[0]
        return LeadsTo(path=f"/admin/orders/{number}", words=f"Order {number}")
    if notice.kind == NoticeKind.MAIL_FAILED and subject.startswith(BROADCAST):
        return LeadsTo(path=f"/admin/broadcasts/{subject.removeprefix(BROADCAST)}", words="Its broadcast")
    return PAGES.get(notice.kind)
