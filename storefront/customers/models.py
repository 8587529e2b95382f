"""Customer: one row per mode and address, kept as typed, found by its folded form; and the proofs of addresses."""

import unicodedata
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock, tokens
from storefront.core.db import Base
from storefront.core.email_addresses import find_ascii_domain
from storefront.core.partial_indexes import partial_index


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("mode", "email_key"),
        partial_index(
            "ix_customers_wants_offers",
            "id",
            where="wants_offers_since IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    token_seed: Mapped[bytes] = mapped_column(default=tokens.new_seed)  # for links that end news by email
    unsubscribed_at: Mapped[datetime | None]  # from news of releases; receipts still come
    wants_offers_since: Mapped[datetime | None]  # agreed to news and offers; `offer_consents` has how
    erased_at: Mapped[datetime | None]
    # Two addresses became one: this row is empty, and what still names it means the other.
    moved_to_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class SignIn(Base):
    """A browser that everything of a customer is open in, or (`order_id`) one order that a mailed code opened.

    The token is in its cookie only; a browser has one. Signing out deletes its rows.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        UniqueConstraint("token_hash", "order_id"),
        partial_index(
            "uq_sign_ins_token_hash",
            "token_hash",
            unique=True,
            where="order_id IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    mode: Mapped[str]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    browser: Mapped[str]  # in words
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class NewsLink(Base):
    """The token of a link that ends the news of one customer: every one that was ever mailed is good."""

    __tablename__ = "news_links"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)


class OfferConsent(Base):
    """A yes or a no to news and offers: when, where and in which words. Never changed, and it outlives a no."""

    __tablename__ = "offer_consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    agrees: Mapped[bool]
    place: Mapped[str]  # a ConsentPlace
    about: Mapped[str]  # the order's number, where it was on a page of one; or its Checkout Session
    words: Mapped[str]  # as they stood beside the box
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ProofPurpose(StrEnum):
    SIGN_IN = "sign_in"
    OPEN_ORDER = "open_order"
    LEAVE_ADDRESS = "leave_address"  # the old end of a change of address
    TAKE_ADDRESS = "take_address"  # the new end
    ERASE = "erase"
    PERSON_SIGN_IN = "person_sign_in"  # to /admin
    PERSON_CONFIRM = "person_confirm"  # before what cannot be undone there


class AddressProof(Base):
    """A code and a link that were mailed to an address. Both derive from `seed` and SECRET_KEY: none is stored."""

    __tablename__ = "address_proofs"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    purpose: Mapped[ProofPurpose]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    about: Mapped[str | None]  # the order, or the change of address
    seed: Mapped[bytes] = mapped_column(default=tokens.new_seed)
    link_hash: Mapped[str] = mapped_column(unique=True)
    is_customer: Mapped[bool] = mapped_column(default=False)  # the address was on file
    asked_by: Mapped[str] = mapped_column(default="")  # the browser that asked, hashed
    attempts: Mapped[int] = mapped_column(default=0)  # wrong codes, whoever typed them
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    spent_by: Mapped[str | None]  # the browser, hashed: it may repeat what it did


class CodeTries(Base):
    """How many wrong codes one browser, or one client address, typed for one proof."""

    __tablename__ = "code_tries"

    proof_id: Mapped[int] = mapped_column(ForeignKey("address_proofs.id", ondelete="CASCADE"), primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True)  # hashed
    wrong: Mapped[int] = mapped_column(default=0)


class AddressChange(Base):
    """A change from one address to another: both ends prove themselves, in any order, before anything moves."""

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    new_email: Mapped[str]
    old_proven_at: Mapped[datetime | None]
    new_proven_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def spelling(email: str) -> str:
    """Return an address as typed, but for letters that only look different (NFKC): another mailbox of one key."""
    return unicodedata.normalize("NFKC", email).strip()


def email_key(email: str) -> str:
    """Return what two spellings of a customer's address share: NFKC, trimmed, lower case, the domain in ASCII."""
    local, at, domain = spelling(email).lower().rpartition("@")
    return f"{local}{at}{find_ascii_domain(domain) or domain}"
