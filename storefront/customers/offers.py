"""Who agreed to news and offers: the state of a customer, and the rows that prove it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db
from storefront.customers.models import Customer, OfferConsent, email_key

WORDS_OF_STRIPE = "The box for news and offers on Stripe's page"  # Stripe words it for the buyer's country


class ConsentPlace(StrEnum):
    """Where somebody said it. Stored: values never change."""

    CHECKOUT = "checkout"
    ORDER_PAGE = "order_page"
    ACCOUNT = "account"
    EMAIL_LINK = "email_link"
    OWNER = "owner"
    MERGED = "merged"  # another address of the same person had said no
    MOVED = "moved"  # nobody has said yes at the new address yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a yes or a no was given. `at` is when, where that was before now."""

    place: ConsentPlace
    about: str = ""
    words: str = ""
    at: datetime | None = None


def set_offers(session: Session, customer_id: int, said: Said, *, agrees: bool) -> bool:
    """Keep a yes or a no inside the caller's transaction; return whether it changed anything.

    Safe to repeat. A yes of before the last no counts for nothing, nor does one of somebody who was erased.
    """
    customer = session.get_one(Customer, customer_id, with_for_update={"key_share": True}, populate_existing=True)
    if (customer.wants_offers_since is not None) is agrees or (agrees and _is_void(session, customer, said)):
        return False
    now = clock.now()
    customer.wants_offers_since = now if agrees else None
    session.add(_row(customer_id, said, agrees=agrees, now=now))
    session.flush()
    return True


def _row(customer_id: int, said: Said, *, agrees: bool, now: datetime) -> OfferConsent:
    return OfferConsent(
        customer_id=customer_id,
        agrees=agrees,
        place=said.place.value,
        about=said.about,
        words=said.words,
        created_at=now,
    )


def _is_void(session: Session, customer: Customer, said: Said) -> bool:
    if customer.erased_at is not None:
        return True
    last = _find_last(session, customer.id)
    return said.at is not None and last is not None and last.created_at > said.at


def _find_last(session: Session, customer_id: int) -> OfferConsent | None:
    found = select(OfferConsent).where(OfferConsent.customer_id == customer_id).order_by(OfferConsent.id.desc())
    return session.scalars(found.limit(1)).one_or_none()


def list_consents(customer_id: int) -> list[OfferConsent]:
    """Return all that a customer said, oldest first."""
    found = select(OfferConsent).where(OfferConsent.customer_id == customer_id).order_by(OfferConsent.id)
    return list(db.session.scalars(found))


def merge_offers(session: Session, customer: Customer, *, into: Customer) -> None:
    """Let what a merged customer said count for the other, before it loses its address.

    A yes is for one address. A no counts for the person: whoever stopped one of two gets none at the other.
    That of a move was said by nobody, and ends nothing.
    """
    last = _find_last(session, customer.id)
    if last is None:
        return
    session.execute(
        update(OfferConsent)
        .where(OfferConsent.customer_id == customer.id)
        .values(customer_id=into.id)
        .execution_options(synchronize_session=False)
    )
    if not last.agrees and last.place != ConsentPlace.MOVED:
        _end(session, into)
    elif email_key(customer.email) == email_key(into.email):
        into.wants_offers_since = into.wants_offers_since or customer.wants_offers_since
    customer.wants_offers_since = None


def _end(session: Session, customer: Customer) -> None:
    if customer.wants_offers_since is not None:
        customer.wants_offers_since = None
        session.add(_row(customer.id, Said(place=ConsentPlace.MERGED), agrees=False, now=clock.now()))
