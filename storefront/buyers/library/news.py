"""Tells buyers of a new release: one mail a customer, spread over time, never to who does not want it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.customers.browser_session import get_customer_now
from storefront.customers.models import Customer, NewsLink
from storefront.customers.queries import is_known_customer
from storefront.customers.unproven import MARK
from storefront.delivery.downloads.rules import is_included
from storefront.mail import outbox
from storefront.mail.failures import select_dead_addresses
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.orders.access import item_access
from storefront.orders.models import Grant, GrantKind, ItemPart, Order, OrderItem
from storefront.orders.queries import order_in_running_mode, part_of_grant
from storefront.orders.upgrades import is_upgraded, read_update_days, widest_days
from storefront.shop.catalog.models import Product, Release
from storefront.shop.catalog.queries import is_called

_Days: TypeAlias = Mapping[int, tuple[int | None, ...]]  # what upgrades of an item bring, by its id

PURPOSE = "news"
LOOK_AGAIN = timedelta(days=1)  # should an order open without saying so


class NotPublished(StorefrontError):
    code = "not_published"
    status = 409
    title = "This release is not published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How many customers; `told` is of mails promised now, `before` of those promised earlier.

    `unreachable` have an address that takes no email, by what was sent there before.

    `closed` have no open order: they are told when one of theirs opens again.
    """

    told: int
    before: int
    unsubscribed: int
    unreachable: int
    not_included: int
    closed: int
    minutes: int


def _get_published(slug: str, version: str) -> tuple[Release, Product]:
    row = db.session.execute(
        select(Release, Product)
        .join(Product, Product.id == Release.product_id)
        .where(is_called(slug), Release.version == version)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no release {version} of {slug}. `storefront releases list {slug}` shows them.")
    if row.Release.published_at is None or row.Release.withdrawn_at is not None:
        raise NotPublished(f"{version} is not published: `storefront releases publish {slug} {version}` first.")
    if row.Release.published_at > clock.now():
        day = f"{row.Release.published_at:%Y-%m-%d %H:%M} UTC"
        raise NotPublished(f"{version} appears on {day}: tell buyers of it then, when they can download it.")
    return row.Release, row.Product


def find_reader(release: Release, product: Product, customer_id: int) -> Order | None:
    """Return the newest order of a customer that opens this release; asked again when the mail leaves."""
    rows = db.session.execute(
        select(Order, OrderItem, ItemPart, is_upgraded(OrderItem.id))
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .outerjoin(ItemPart, part_of_grant())
        .join(Product, Product.id == Grant.product_id)
        .where(
            Order.holder_id == customer_id,
            order_in_running_mode(),
            Grant.product_id == product.id,
            Grant.kind == GrantKind.DOWNLOAD,
        )
        .order_by(Order.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    upgraded = _read_upgraded((item.id, is_upgraded) for _order, item, _part, is_upgraded in rows)
    opened = (order for order, item, part, _is in rows if _opens(release, order, item, part, upgraded))
    return next(opened, None)


def _read_upgraded(items: Iterable[tuple[int, bool]]) -> dict[int, tuple[int | None, ...]]:
    return read_update_days(db.session(), {item_id for item_id, is_upgraded in items if is_upgraded})


def _opens(release: Release, order: Order, item: OrderItem, part: ItemPart | None, upgraded: _Days) -> bool:
    return _includes(release, order, item, part, upgraded) and item_access(order, item).allowed


def _includes(release: Release, order: Order, item: OrderItem, part: ItemPart | None, upgraded: _Days) -> bool:
    update_days = widest_days((part or item).update_days, item.id, upgraded)
    return is_included(release.published_at, bought_at=order.bought_at, update_days=update_days)


def tell_buyers(slug: str, version: str, *, per_minute: int = 30, dry_run: bool = False) -> Told:
    """Promises the mails; safe to repeat: nobody is told twice of one release, and a mail that was canceled
    (the release was withdrawn for a while) is promised anew. One transaction, few statements.

    Raises:
        NotFound, NotPublished: there is nothing to tell of.
    """
    release, product = _get_published(slug, version)
    release_id = release.id
    audience = _find_readers(release, product)
    fresh, later = _not_told(release_id, audience.readers), _not_told(release_id, audience.stopped)
    told = len(fresh)
    if not dry_run:
        with transaction() as session:
            told = _promise(session, fresh, later, per_minute=per_minute)
            if told or later:
                record(
                    session,
                    "release.told",
                    subject_kind="release",
                    subject=f"{slug} {version}",
                    after={"emails": told},
                )
        nudge("outbox")
    return Told(
        told=told,
        before=len(audience.readers) - told,
        unsubscribed=audience.unsubscribed,
        unreachable=audience.unreachable,
        not_included=audience.not_included,
        closed=audience.closed,
        minutes=max(0, told - 1) // per_minute + 1,
    )


def _promise(session: Session, fresh: dict[str, str], later: dict[str, str], *, per_minute: int) -> int:
    """Promise mails one after the other, and paused ones to whose orders are closed. Returns how many leave."""
    begin = outbox.find_end_of_news(session)
    due = (begin + timedelta(minutes=number // per_minute) for number in range(len(fresh)))
    told = outbox.promise_news(session, zip(fresh.items(), due, strict=True))
    next_look = clock.now() + LOOK_AGAIN
    outbox.promise_news(session, ((who, next_look) for who in later.items()), state=MailState.PAUSED)
    return told


def _not_told(release_id: int, readers: dict[int, str]) -> dict[str, str]:
    """Return what each mail is about (release and customer) with its address; none that was promised before."""
    known = set(
        db.session.scalars(
            select(OutboxMessage.about).where(
                OutboxMessage.kind == MailKind.NEW_RELEASE,
                OutboxMessage.about.startswith(f"{release_id}:"),
                OutboxMessage.state.not_in(outbox.STOPPED),
            )
        )
    )
    abouts = {f"{release_id}:{customer_id}": email for customer_id, email in readers.items()}
    return {about: email for about, email in abouts.items() if about not in known}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readers:
    """Customer -> address; `stopped` are those whose order would open the release if it were open."""

    readers: dict[int, str]
    stopped: dict[int, str]
    unsubscribed: int
    unreachable: int
    not_included: int
    closed: int


def _find_readers(release: Release, product: Product) -> _Readers:
    rows = db.session.execute(
        select(Customer, Order, OrderItem, ItemPart, is_upgraded(OrderItem.id))
        .join(Order, Order.holder_id == Customer.id)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .outerjoin(ItemPart, part_of_grant())
        .join(Product, Product.id == Grant.product_id)
        .where(
            is_known_customer(),
            Customer.email != "",
            Customer.email_key.not_like(f"{MARK}%"),  # who never proved that they read this address
            Grant.product_id == product.id,
            Grant.kind == GrantKind.DOWNLOAD,
        )
        .order_by(Customer.id, Order.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    upgraded = _read_upgraded((item.id, is_upgraded) for _customer, _order, item, _part, is_upgraded in rows)
    customers = {customer.id: customer for customer, *_sold in rows}
    open_to = {customer.id for customer, order, item, _part, _is in rows if item_access(order, item).allowed}
    may = {
        customer.id for customer, order, item, part, _is in rows if _includes(release, order, item, part, upgraded)
    }
    reader_ids = {
        customer.id for customer, order, item, part, _is in rows if _opens(release, order, item, part, upgraded)
    }

    def wanted(ids: set[int]) -> dict[int, str]:
        return {
            customer_id: customers[customer_id].email
            for customer_id in sorted(ids)
            if customers[customer_id].unsubscribed_at is None
        }

    agreed = wanted(reader_ids)
    readers, stopped = _leave_out_dead(agreed), _leave_out_dead(wanted(may - reader_ids))
    return _Readers(
        readers=readers,
        stopped=stopped,
        unsubscribed=len(reader_ids) - len(agreed),
        unreachable=len(agreed) - len(readers),
        not_included=len(open_to - reader_ids),
        closed=len(customers.keys() - open_to),
    )


def _leave_out_dead(readers: dict[int, str]) -> dict[int, str]:
    dead = set(db.session.scalars(select_dead_addresses())) if readers else ()
    return {customer_id: email for customer_id, email in readers.items() if email not in dead}


def news_token(customer: Customer) -> str:
    """Ends the news of one customer; it is in their mails only. Its hash is kept: a mail's way out has no end."""
    secret_key = settings().secret_key
    derived = tokens.derive_token(customer.token_seed, purpose=PURPOSE, version=1, secret_key=secret_key)
    token = f"{customer.id}-{derived}"
    row = {"token_hash": tokens.hash_token(token), "customer_id": customer.id}
    if db.session.get(NewsLink, row["token_hash"]) is None:
        with transaction() as session:
            insert_missing(session, NewsLink, [row])
    return token


def get_reader(token: str) -> Customer:
    """Raises NotFound for what is not one of our links, and of who was erased or written to by mistake."""
    kept = db.session.get(NewsLink, tokens.hash_token(token))
    reader = get_customer_now(kept.customer_id) if kept is not None else None
    if reader is None or reader.erased_at is not None:
        raise NotFound(marked("We can't find this link. Copy the complete link from your latest email."))
    return reader


def set_news(customer_id: int, *, wants: bool) -> None:
    """Safe to repeat."""
    with transaction() as session:
        session.execute(
            update(Customer)
            .where(Customer.id == customer_id)
            .values(unsubscribed_at=None if wants else clock.now())
        )
