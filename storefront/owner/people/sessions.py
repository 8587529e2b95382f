"""Rows of browsers that are signed in to /admin: begun, seen, proven again, ended."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import settings
from storefront.owner.people import links
from storefront.owner.people.locks import lock_person
from storefront.owner.people.models import Person, PersonSession, Role

log = logging.getLogger(__name__)

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)
FRESH = timedelta(minutes=10)  # how long a proof is good for what cannot be undone
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who is here, in which session; `is_fresh` shortly after a proof."""

    person_id: int
    email: str
    role: Role
    session_id: int
    last_seen_at: datetime
    is_fresh: bool

    @property
    def drafts_name(self) -> str:
        """Return 16 hex digits under which a browser keeps what this person typed, away from others."""
        return tokens.derive_token(
            str(self.person_id).encode(), purpose="drafts", version=1, secret_key=settings().secret_key
        )[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    id: int
    browser: str
    client: str
    created_at: datetime
    last_seen_at: datetime
    is_here: bool


def is_alive() -> ColumnElement[bool]:
    now = clock.now()
    return (PersonSession.last_seen_at > now - IDLE) & (PersonSession.created_at > now - LONGEST)


def _is_this(token: str) -> ColumnElement[bool]:
    return PersonSession.token_hash == tokens.hash_token(token)


def find_signed_in(token: str) -> SignedIn | None:
    row = db.session.execute(
        select(Person, PersonSession)
        .join(PersonSession, PersonSession.person_id == Person.id)
        .where(_is_this(token), is_alive())
    ).one_or_none()
    if row is None:
        return None
    person, session = row
    return SignedIn(
        person_id=person.id,
        email=person.email,
        role=person.role,
        session_id=session.id,
        last_seen_at=session.last_seen_at,
        is_fresh=clock.now() - session.proven_at < FRESH,
    )


def has_session(token: str) -> bool:
    return db.session.scalar(select(PersonSession.id).where(_is_this(token), is_alive())) is not None


def begin(changes: Session, *, token: str, person_id: int, browser: str, client: str, before: str = "") -> None:
    """Safe to repeat with the same token. The browser's session `before` ends."""
    row = {
        "token_hash": tokens.hash_token(token),
        "person_id": person_id,
        "browser": browser,
        "client": client,
    }
    insert_missing(changes, PersonSession, [row])
    if before and before != token:
        changes.execute(delete(PersonSession).where(_is_this(before)))


def see(token: str, last_seen_at: datetime) -> None:
    """Note that a browser is here, at most once a minute. A page opens without it, too."""
    now = clock.now()
    if now - last_seen_at < SEEN_EVERY:
        return
    try:
        with transaction() as changes:
            changes.execute(update(PersonSession).where(_is_this(token)).values(last_seen_at=now))
    except SQLAlchemyError as error:
        log.warning("admin session not noted as seen", extra={"kind": type(error).__name__})


def prove_again(changes: Session, session_id: int) -> None:
    changes.execute(update(PersonSession).where(PersonSession.id == session_id).values(proven_at=clock.now()))


def list_sessions(person_id: int, *, here: int) -> list[ListedSession]:
    """List the sessions of one person, this browser first and then the newest."""
    rows = db.session.scalars(
        select(PersonSession)
        .where(PersonSession.person_id == person_id, is_alive())
        .order_by(PersonSession.last_seen_at.desc(), PersonSession.id.desc())
    )
    listed = [
        ListedSession(
            id=row.id,
            browser=row.browser,
            client=row.client,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_here=row.id == here,
        )
        for row in rows
    ]
    return sorted(listed, key=lambda session: not session.is_here)


def end_all(changes: Session, person_id: int) -> int:
    """Return how many there were."""
    ended = delete(PersonSession).where(PersonSession.person_id == person_id).returning(PersonSession.id)
    return len(changes.scalars(ended).all())


def end(token: str) -> None:
    with transaction() as changes:
        changes.execute(delete(PersonSession).where(_is_this(token)))


def end_one(person_id: int, email: str, session_id: int) -> bool:
    """End one of this person's own; False for one that is not there any more."""
    with transaction() as changes:
        is_named = PersonSession.id == session_id, PersonSession.person_id == person_id
        is_there = changes.scalar(delete(PersonSession).where(*is_named).returning(PersonSession.id)) is not None
        if is_there:
            record(changes, "person.session_ended", subject_kind="person", subject=email)
    return is_there


def end_others(person_id: int, email: str, *, here: int) -> int:
    """End them, and links and mailed codes that would let somebody in."""
    with transaction() as changes:
        lock_person(changes, Person.id == person_id)
        had_way_in = links.end_ways_in(changes, person_id)
        others = PersonSession.person_id == person_id, PersonSession.id != here
        ended = len(changes.scalars(delete(PersonSession).where(*others).returning(PersonSession.id)).all())
        if ended or had_way_in:
            record(
                changes, "person.sessions_ended", subject_kind="person", subject=email, after={"sessions": ended}
            )
    return ended


def forget_ended() -> None:
    with transaction() as changes:
        changes.execute(delete(PersonSession).where(~is_alive()).execution_options(synchronize_session=False))
