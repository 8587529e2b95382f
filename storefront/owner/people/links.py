"""Links that let a person in once: an invitation, or one that was made at the machine."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.queue import nudge
from storefront.customers.models import AddressProof, ProofPurpose
from storefront.customers.proofs import derive, derive_known_link
from storefront.owner.people.locks import lock_person
from storefront.owner.people.models import Person, PersonLink
from storefront.owner.people.security_notices import tell_person

INVITATION = timedelta(days=7)
AT_THE_MACHINE = timedelta(hours=1)
KEPT = timedelta(days=7)  # after they expired
PURPOSE = "person-link"
FOR_EVER = datetime.max.replace(tzinfo=UTC)


def add_link(changes: Session, person_id: int, *, lifetime: timedelta) -> tuple[str, str]:
    """Return the token, which is stored nowhere, and its hash.

    Older links of the person end, but not one that is open for longer: a link for an hour leaves an invitation.
    """
    lock_person(changes, Person.id == person_id)
    end_links(changes, person_id, until=clock.now() + lifetime)
    seed = tokens.new_seed()
    token = derive(seed, PURPOSE).hex()[:32]  # 128 bits
    link_hash = tokens.hash_token(token)
    changes.add(PersonLink(person_id=person_id, seed=seed, link_hash=link_hash, expires_at=clock.now() + lifetime))
    return token, link_hash


def end_links(changes: Session, person_id: int, *, until: datetime = FOR_EVER) -> bool:
    """Let those expire that would have by then; return whether one was still open.

    The rows stay: of who never came they say that they were invited once (see `invitations.py`).
    """
    now = clock.now()
    ended = (
        update(PersonLink)
        .where(PersonLink.person_id == person_id, PersonLink.expires_at > now, PersonLink.expires_at <= until)
        .values(expires_at=now)
        .returning(PersonLink.used_at)
        .execution_options(synchronize_session=False)
    )
    return None in changes.scalars(ended).all()


def end_unused_links(changes: Session, person_id: int) -> None:
    """Let those expire that nobody has used: who used one may click on it once more."""
    now = clock.now()
    unused = PersonLink.person_id == person_id, PersonLink.used_at.is_(None), PersonLink.expires_at > now
    ending = update(PersonLink).where(*unused).values(expires_at=now)
    changes.execute(ending.execution_options(synchronize_session=False))


def end_ways_in(changes: Session, person_id: int) -> bool:
    """End links and mailed codes that would let somebody in; return whether one was still open.

    After the person is locked, and before their sessions end (see `locks.py`).
    """
    had_link = end_links(changes, person_id)
    keys = select(Person.email_key).where(Person.id == person_id)
    ended = (
        update(AddressProof)
        .where(
            AddressProof.email_key.in_(keys),
            AddressProof.purpose.in_((ProofPurpose.PERSON_SIGN_IN, ProofPurpose.PERSON_CONFIRM)),
            AddressProof.expires_at > clock.now(),
        )
        .values(expires_at=clock.now())
        .returning(AddressProof.spent_at)
        .execution_options(synchronize_session=False)
    )
    return None in changes.scalars(ended).all() or had_link


def link_token(link: PersonLink) -> str:
    """Return the token of a link, whichever SECRET_KEY was the present one when it was made."""
    return derive_known_link(link.seed, PURPOSE, link.link_hash)


def make_link(person_id: int, *, lifetime: timedelta = AT_THE_MACHINE) -> str:
    """Make a link for when mail or a passkey is not to be had; return its token. An email tells the person."""
    with transaction() as changes:
        token, _ = add_link(changes, person_id, lifetime=lifetime)
        tell_person(changes, changes.get_one(Person, person_id), "person.link_made")
    nudge("outbox")
    return token


def find_link(token: str, *, browser: str) -> tuple[Person, PersonLink] | None:
    """Find a link for a page with a button, which uses up nothing. None for an unknown, expired or used one."""
    row = db.session.execute(
        select(Person, PersonLink)
        .join(PersonLink, PersonLink.person_id == Person.id)
        .where(PersonLink.link_hash == _hash(token), PersonLink.expires_at > clock.now())
    ).one_or_none()
    return (row[0], row[1]) if row is not None and row[1].used_by in (None, browser) else None


def lock_person_of(changes: Session, token: str) -> Person | None:
    """Lock who a link is for, before `spend_link`."""
    named = select(PersonLink.person_id).where(PersonLink.link_hash == _hash(token))
    return lock_person(changes, Person.id.in_(named))


def spend_link(changes: Session, token: str, *, browser: str) -> tuple[PersonLink, bool] | None:
    """Return the link and whether this browser used it before; None as `find_link`."""
    locked = select(PersonLink).where(PersonLink.link_hash == _hash(token), PersonLink.expires_at > clock.now())
    link = changes.scalars(locked.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if link is None or link.used_by not in (None, browser):
        return None
    is_again = link.used_at is not None
    link.used_at, link.used_by = link.used_at or clock.now(), browser
    return link, is_again


def _hash(token: str) -> str:
    return tokens.hash_token(token) if tokens.is_token(token) else ""


def forget_links() -> None:
    """Forget what expired a week ago; not of who never came in, where it says that they were invited once."""
    came = select(Person.id).where(Person.came_at.is_not(None))
    is_old = PersonLink.expires_at < clock.now() - KEPT
    with transaction() as changes:
        forgotten = delete(PersonLink).where(is_old, PersonLink.person_id.in_(came))
        changes.execute(forgotten.execution_options(synchronize_session=False))
