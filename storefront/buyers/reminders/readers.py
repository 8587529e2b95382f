"""Who is reminded how often, and who never again: by a keyed hash of the address, which erasing leaves alone."""

import hashlib
import hmac
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storefront.buyers.reminders.left import find_left, forget_left
from storefront.buyers.reminders.models import ReminderReader
from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.customers.models import email_key, spelling
from storefront.shop.profile.reminders import are_reminders_on

PURPOSE = "reminders"
AT_MOST_ONCE_IN = timedelta(days=7)


def hash_address(email: str, secret_key: str | None = None) -> str:
    """Return 64 hex digits, the same for every spelling of one customer; another SECRET_KEY gives others."""
    return _hash_key(email_key(email), secret_key or settings().secret_key)


def _hash_key(key: str, secret_key: str) -> str:
    return hmac.new(secret_key.encode(), f"{PURPOSE}:{key}".encode(), hashlib.sha256).hexdigest()


def _hashes_of(email: str) -> list[str]:
    """Return those that an address may be known by, the present one first.

    Until 0052 a domain was hashed in its own letters: a no of before stays one.
    """
    keys = dict.fromkeys((email_key(email), spelling(email).lower()))
    return [_hash_key(key, secret_key) for key in keys for secret_key in settings().secret_keys]


def claim_turn(email: str, session_id: str) -> str | None:
    """Return the token that ends an address's reminders, for one reminder of this Session that may leave now.

    None: the address wants none, or another one went there within the week. Of two at the same moment one gets it,
    and gets it again at its next try.
    """
    now = clock.now()
    with transaction() as session:
        reader_id = _ensure_reader(session, email)
        claimed = session.execute(
            update(ReminderReader)
            .where(
                ReminderReader.id == reader_id,
                ReminderReader.stopped_at.is_(None),
                or_(
                    ReminderReader.reminded_at.is_(None),
                    ReminderReader.reminded_at <= now - AT_MOST_ONCE_IN,
                    ReminderReader.reminded_of == session_id,
                ),
            )
            .values(reminded_at=now, reminded_of=session_id)
            .returning(ReminderReader.token_seed, ReminderReader.token_hash)
            .execution_options(synchronize_session=False)
        ).first()
    if claimed is None:
        return None
    return tokens.derive_known_token(
        claimed.token_seed, purpose=PURPOSE, version=1, secret_keys=settings().secret_keys,
        token_hash=claimed.token_hash,
    )  # fmt: skip


def has_stopped(email: str) -> bool:
    """Tell whether an address wants no reminders."""
    found = select(ReminderReader.id).where(
        ReminderReader.mode == settings().mode,
        ReminderReader.address_hash.in_(_hashes_of(email)),
        ReminderReader.stopped_at.is_not(None),
    )
    return db.session.scalar(found) is not None


def stop_address(session: Session, email: str) -> None:
    """End the reminders of an address, inside the caller's transaction."""
    _set_stopped(session, _ensure_reader(session, email), wants=False)


def leave_addresses(session: Session, addresses: Collection[str]) -> int:
    """Forget what these addresses left at Checkout, and end their reminders; return how many checkouts it was.

    An event of a Session from before must not bring an address back. Inside the caller's transaction.
    """
    count = forget_left(session, {email_key(address) for address in addresses})
    if count or are_reminders_on():
        for address in sorted(addresses):
            stop_address(session, address)
    return count


def wants_reminders(reader_id: int) -> bool:
    return db.session.get_one(ReminderReader, reader_id, populate_existing=True).stopped_at is None


def get_reader_id(token: str) -> int:
    """Raises NotFound for what is not one of our links."""
    found = select(ReminderReader.id).where(ReminderReader.token_hash == tokens.hash_token(token))
    reader_id = db.session.scalar(found)
    if reader_id is None:
        raise NotFound(marked("We can't find this link. Copy the complete link from your email."))
    return reader_id


def set_reminders(reader_id: int, *, wants: bool) -> None:
    """Safe to repeat. After a change of SECRET_KEY an address has another row, which follows while it is known."""
    reminded_of = db.session.get_one(ReminderReader, reader_id, populate_existing=True).reminded_of
    left = find_left(reminded_of) if reminded_of else None
    with transaction() as session:
        _set_stopped(session, reader_id, wants=wants)
        if left is not None:
            _set_stopped(session, _ensure_reader(session, left.email), wants=wants)


def _set_stopped(session: Session, reader_id: int, *, wants: bool) -> None:
    session.execute(
        update(ReminderReader)
        .where(ReminderReader.id == reader_id)
        .values(stopped_at=None if wants else clock.now())
        .execution_options(synchronize_session=False)
    )


def _ensure_reader(session: Session, email: str) -> int:
    seed, mode, address_hash = tokens.new_seed(), settings().mode, hash_address(email)
    row = {
        "mode": mode,
        "address_hash": address_hash,
        "token_seed": seed,
        "token_hash": tokens.hash_token(_derive(seed)),
    }
    _keep_what_was_said(session, email)
    insert_missing(session, ReminderReader, [row])
    found = select(ReminderReader.id).where(
        ReminderReader.mode == mode, ReminderReader.address_hash == address_hash
    )
    return session.scalars(found).one()


def _keep_what_was_said(session: Session, email: str) -> None:
    """Know an address by the present SECRET_KEY that was known by one before it; of several the newest stays."""
    present, *before = _hashes_of(email)
    rows = select(ReminderReader.address_hash).where(
        ReminderReader.mode == settings().mode, ReminderReader.address_hash.in_([present, *before])
    )
    known = set(session.scalars(rows)) if before else {present}
    if present in known or not known:
        return
    session.execute(
        update(ReminderReader)
        .where(
            ReminderReader.mode == settings().mode,
            ReminderReader.address_hash == next(old for old in before if old in known),
        )
        .values(address_hash=present)
        .execution_options(synchronize_session=False)
    )


def _derive(seed: bytes) -> str:
    return tokens.derive_token(seed, purpose=PURPOSE, version=1, secret_key=settings().secret_key)
