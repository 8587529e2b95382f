"""Promises the one email of who waits for a product that can be bought by now, and says what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, case, cast, exists, func, select, update
from sqlalchemy.orm import Session

from storefront.buyers.availability.ask import token_of
from storefront.buyers.availability.models import AvailabilityRequest
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.languages import find_language
from storefront.core.queue import nudge
from storefront.core.runtime import absolute_url, settings
from storefront.mail import outbox, pausing
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.shop.catalog.models import Edition, Price, Product
from storefront.shop.catalog.queries import is_for_sale
from storefront.shop.translations.read import said

BATCH = 100  # promised a minute, so that keys and receipts find their way between them


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityMail:
    """`choose_url` confirms the request, or ends it."""

    product_name: str
    product_url: str
    choose_url: str
    is_confirmed: bool
    can_be_bought: bool


def tell_waiting() -> int:
    """Promise the emails that are due, a hundred at most; return how many. Two cheap questions if there is none.

    Those that were stopped go on: a product was for sale for a moment, was taken back, and is for sale again.
    """
    due = (
        AvailabilityRequest.confirmed_at.is_not(None),
        AvailabilityRequest.told_at.is_(None),
        _is_here(),
        _is_sold(),
    )
    found = select(AvailabilityRequest.id).where(*due).order_by(AvailabilityRequest.id).limit(BATCH)
    ids = db.session.scalars(found).all()
    stopped = _find_stopped(BATCH - len(ids))
    if not ids and not stopped:
        return 0
    with transaction() as session:
        count = _promise(session, ids) + pausing.look_again(session, stopped)
    nudge("outbox")
    return count


def _find_stopped(most: int) -> Sequence[int]:
    """Return mails that are paused while their product can be bought, oldest first."""
    # Only of its own kind: what others are about is no number.
    about = case((OutboxMessage.kind == MailKind.AVAILABLE, OutboxMessage.about))
    found = (
        select(OutboxMessage.id)
        .join(AvailabilityRequest, AvailabilityRequest.id == cast(about, Integer))
        .where(
            OutboxMessage.mode == settings().mode,
            OutboxMessage.state == MailState.PAUSED,
            OutboxMessage.kind == MailKind.AVAILABLE,
            _is_sold(),
        )
        .order_by(OutboxMessage.id)
        .limit(most)
    )
    return db.session.scalars(found).all()


def _promise(session: Session, ids: Sequence[int]) -> int:
    """Promise the emails of these requests, each once whoever else does it at the same moment."""
    claimed = session.execute(
        update(AvailabilityRequest)
        .where(AvailabilityRequest.id.in_(ids), AvailabilityRequest.told_at.is_(None))
        .values(told_at=clock.now())
        .returning(AvailabilityRequest.id, AvailabilityRequest.email, AvailabilityRequest.language)
        .execution_options(synchronize_session=False)
    ).all()
    for row in claimed:
        outbox.promise(
            session,
            kind=MailKind.AVAILABLE,
            order_id=None,
            mode=settings().mode,
            recipient=row.email,
            language=find_language(row.language),
            about=str(row.id),
            hold=False,
        )
    return len(claimed)


def count_waiting_for(product_id: int) -> int:
    """Return how many addresses have confirmed that they want the email of this product."""
    return db.session.scalars(
        select(func.count())
        .select_from(AvailabilityRequest)
        .where(
            _is_here(),
            AvailabilityRequest.product_id == product_id,
            AvailabilityRequest.confirmed_at.is_not(None),
            AvailabilityRequest.told_at.is_(None),
        )
    ).one()


def can_be_bought(product_id: int) -> bool:
    found = (
        select(Price.id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Product.id == product_id, is_for_sale())
        .limit(1)
    )
    return db.session.scalar(found) is not None


def find_mail(request_id: int) -> AvailabilityMail | None:
    """Return what an email about this request says; None where it was deleted."""
    row = db.session.execute(
        select(AvailabilityRequest, Product)
        .join(Product, Product.id == AvailabilityRequest.product_id)
        .where(AvailabilityRequest.id == request_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    request, product = row
    return AvailabilityMail(
        product_name=said(product).name,
        product_url=absolute_url("catalog.product", slug=product.slug),
        choose_url=absolute_url("availability.choose", token=token_of(request.token_seed, request.token_hash)),
        is_confirmed=request.confirmed_at is not None,
        can_be_bought=can_be_bought(product.id),
    )


def _is_here() -> ColumnElement[bool]:
    return AvailabilityRequest.mode == settings().mode


def _is_sold() -> ColumnElement[bool]:
    return exists().where(
        Product.id == AvailabilityRequest.product_id,
        Edition.product_id == Product.id,
        Price.edition_id == Edition.id,
        is_for_sale(),
    )
