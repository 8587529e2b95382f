"""Our customers as Customers at Stripe: one for each and account, which keeps the cards that they saved."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, Update, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from storefront.core import clock, tokens
from storefront.core.db import Base, db, insert_missing, transaction
from storefront.core.errors import StripeFault, StripeMissing, StripeRefused
from storefront.core.runtime import settings
from storefront.customers.models import Customer
from storefront.stripe_api import saved_cards
from storefront.stripe_api.gateway import gateway


class StripeCustomer(Base):
    """`stripe_id` is None until Stripe has answered. One that is given up has no customer any more."""

    __tablename__ = "stripe_customers"
    __table_args__ = (UniqueConstraint("customer_id", "account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    account: Mapped[str]  # another account, and another mode, does not know it
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    email: Mapped[str]  # as Stripe was told last
    attempt: Mapped[int] = mapped_column(default=1)  # one more for each that was lost at Stripe
    given_up_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def ensure_at_stripe(customer_id: int, *, shop_id: str) -> str | None:
    """Return the id of the one Customer, made where it is missing and told the address of today.

    Two callers at the same moment send the same idempotency key, so Stripe makes one. None for who is erased, or
    was merged with another, at this moment.

    Raises:
        StripeUnavailable, StripeRefused: the same call may be repeated.
    """
    email = db.session.scalars(select(Customer.email).where(Customer.id == customer_id)).one()
    row = _ensure_row(customer_id, gateway().account_id()) if email else None
    if row is None:
        return None
    row_id, stripe_id, attempt, told = row.id, row.stripe_id, row.attempt, row.email
    if stripe_id is not None and told != email:
        stripe_id = _tell_address(row_id, stripe_id, email)
        attempt += stripe_id is None
    if stripe_id is not None:
        return stripe_id
    key = f"customer:{shop_id}:{customer_id}:{row_id}:{attempt}:{tokens.hash_token(email)[:16]}"
    return _create(row_id, attempt, email, shop_id=shop_id, key=key)


def _create(row_id: int, attempt: int, email: str, *, shop_id: str, key: str) -> str:
    """Make the Customer and store its id. Raises as `ensure_at_stripe` does."""
    try:
        made = saved_cards.create_customer(email, metadata={"storefront": shop_id}, idempotency_key=key)
    except (StripeFault, StripeRefused):  # said again for a day under the same key
        with transaction() as session:
            session.execute(_of_attempt(row_id, attempt).values(attempt=attempt + 1))
        raise
    with transaction() as session:
        session.execute(_of_attempt(row_id, attempt).values(stripe_id=made, email=email))
    return made


def _ensure_row(customer_id: int, account: str) -> StripeCustomer | None:
    """Return None where the customer was given up at this moment."""
    row = find_at_stripe(customer_id, account)
    if row is not None:
        return row
    new = {"mode": settings().mode, "account": account, "customer_id": customer_id, "email": "", "attempt": 1}
    with transaction() as session:
        insert_missing(session, StripeCustomer, [new])
    return find_at_stripe(customer_id, account)


def find_at_stripe(customer_id: int, account: str) -> StripeCustomer | None:
    return db.session.scalars(
        select(StripeCustomer)
        .where(
            StripeCustomer.customer_id == customer_id,
            StripeCustomer.account == account,
            StripeCustomer.mode == settings().mode,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()


def list_at_stripe(customer_id: int) -> list[str]:
    """Return the ids of their Customers at Stripe, for the export of what is known of a person."""
    of_customer = (StripeCustomer.customer_id == customer_id) & StripeCustomer.stripe_id.is_not(None)
    return list(
        db.session.scalars(select(StripeCustomer.stripe_id).where(of_customer).order_by(StripeCustomer.id))
    )


def has_any_at_stripe(customer_id: int) -> bool:
    """Tell whether a Customer may keep something of theirs, in the running mode."""
    of_customer = (StripeCustomer.customer_id == customer_id) & (StripeCustomer.mode == settings().mode)
    return db.session.scalar(select(StripeCustomer.id).where(of_customer).limit(1)) is not None


def _of_attempt(row_id: int, attempt: int) -> Update:
    return update(StripeCustomer).where(StripeCustomer.id == row_id, StripeCustomer.attempt == attempt)


def _tell_address(row_id: int, stripe_id: str, email: str) -> str | None:
    """Return the Customer's id, told the new address; None where Stripe has lost it."""
    try:
        saved_cards.change_email(stripe_id, email)
    except StripeMissing:
        forget_lost(stripe_id)
        return None
    with transaction() as session:
        session.execute(update(StripeCustomer).where(StripeCustomer.id == row_id).values(email=email))
    return stripe_id


def forget_lost(stripe_id: str) -> None:
    """Make room for another one in place of a Customer that somebody deleted at Stripe; safe to repeat."""
    with transaction() as session:
        session.execute(
            update(StripeCustomer)
            .where(StripeCustomer.stripe_id == stripe_id)
            .values(stripe_id=None, email="", attempt=StripeCustomer.attempt + 1)
            .execution_options(synchronize_session=False)
        )


def give_up_at_stripe(session: Session, customer_id: int) -> None:
    """Never name these Customers again; the worker deletes them at Stripe, with the cards that they keep."""
    _give_up(session, StripeCustomer.customer_id == customer_id)


def _give_up(session: Session, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(StripeCustomer)
        .where(*which)
        .values(customer_id=None, email="", given_up_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def is_second_of_two(old: str, new: str) -> ColumnElement[bool]:
    """Select what is given up where two accounts are one: of two Customers of somebody one stays.

    That is the first that Stripe has made: it has the cards.
    """
    first, of_both = aliased(StripeCustomer), [old, new]
    is_made, is_first_made = StripeCustomer.stripe_id.is_not(None), first.stripe_id.is_not(None)
    comes_before = (is_first_made & ~is_made) | ((is_first_made == is_made) & (first.id < StripeCustomer.id))
    is_of_same = (first.customer_id == StripeCustomer.customer_id) & first.account.in_(of_both)
    has_first = select(first.id).where(is_of_same, comes_before).exists()
    return (StripeCustomer.mode == settings().mode) & StripeCustomer.account.in_(of_both) & has_first


def take_over_customers(session: Session, old: str, new: str) -> None:
    """Give Customers to another account. A second one of somebody is given up: nobody would see its cards."""
    of_old = StripeCustomer.mode == settings().mode, StripeCustomer.account == old
    _give_up(session, is_second_of_two(old, new))
    session.execute(
        update(StripeCustomer).where(*of_old).values(account=new).execution_options(synchronize_session=False)
    )
