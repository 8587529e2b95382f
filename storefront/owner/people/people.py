"""The people who run the shop: invited, given another role, removed. There is always an owner."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.email_addresses import is_address
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.customers.models import email_key, spelling
from storefront.mail import outbox
from storefront.mail.models import MailKind
from storefront.owner.people import invitations, links
from storefront.owner.people.models import Passkey, Person, Role
from storefront.owner.people.sessions import end_all


class PersonRefused(StorefrontError):
    code = "person_refused"
    title = "That was not changed"


class NoSuchPerson(StorefrontError):
    code = "no_such_person"
    status = 404
    title = "Nobody with that address"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """`came_at` is None for who never came in; `is_expired` where they need a new invitation for it."""

    id: int
    email: str
    role: Role
    passkeys: int
    created_at: datetime
    came_at: datetime | None
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    person_id: int
    email: str
    role: Role
    link: str  # the token


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """`sessions`: how many ended; `had_way_in` where a link or a mailed code was open.

    `needs_invitation`: they never came, and a mailed code lets them in no more.
    """

    email: str
    sessions: int
    had_way_in: bool
    needs_invitation: bool


def list_people() -> list[ListedPerson]:
    keys: dict[int, int] = {}
    for person_id in db.session.scalars(select(Passkey.person_id)):
        keys[person_id] = keys.get(person_id, 0) + 1
    expired = invitations.find_expired()
    return [
        ListedPerson(
            id=person.id,
            email=person.email,
            role=person.role,
            passkeys=keys.get(person.id, 0),
            created_at=person.created_at,
            came_at=person.came_at,
            is_expired=person.id in expired,
        )
        for person in db.session.scalars(select(Person).order_by(Person.id))
    ]


def find_person(email: str) -> Person | None:
    return db.session.scalars(select(Person).where(Person.email_key == email_key(email))).one_or_none()


def get_person(email: str) -> Person:
    """Raises NoSuchPerson."""
    person = find_person(email)
    if person is None:
        raise NoSuchPerson(f"Nobody with the address {email} may come in. `storefront owner list` shows who may.")
    return person


def get_person_or_only(email: str | None) -> Person:
    """Return the person with that address; without one the only owner that there is.

    Raises:
        NoSuchPerson: there is nobody, or there are several owners to choose from.
    """
    if email is not None:
        return get_person(email)
    owners = db.session.scalars(select(Person).where(Person.role == Role.OWNER).limit(2)).all()
    if len(owners) == 1:
        return owners[0]
    raise NoSuchPerson(
        "There are several owners: say which one, `storefront owner link EMAIL`."
        if owners
        else "Nobody may come in yet: `storefront owner invite EMAIL` makes the first owner."
    )


def invite(email: str, role: Role) -> Invited:
    """Make a person, or a new invitation for one who has not come yet, and mail the link.

    Raises:
        PersonRefused: this is no address, they came already, or nobody else would be an owner.
    """
    if not is_address(email):
        raise PersonRefused(f"“{email[:80]}” does not look like an email address.")
    with transaction() as changes:
        new = {"email": spelling(email), "email_key": email_key(email), "role": role}
        insert_missing(changes, Person, [new])  # a second click may be at it
        person = _lock_with_owners(changes, _get_id(changes, email))
        if person.came_at is not None:
            raise PersonRefused(
                f"{person.email} may come in already, as {person.role.value}. Change the role there."
            )
        if role is not person.role:
            _demand_other_owner(changes, person)
        person.role = role
        link, link_hash = links.add_link(changes, person.id, lifetime=links.INVITATION)
        outbox.promise(
            changes,
            kind=MailKind.INVITATION,
            order_id=None,
            mode=settings().mode,
            recipient=person.email,
            about=link_hash,
            hold=False,
        )
        record(changes, "person.invited", subject_kind="person", subject=person.email, after={"role": role.value})
        invited = Invited(person_id=person.id, email=person.email, role=role, link=link)
    nudge("outbox")
    return invited


def make_first_owner(email: str) -> None:
    """Nothing where somebody may come in already. No mail: for shops that are set up by a program."""
    with transaction() as changes:
        if changes.scalar(select(Person.id).limit(1)) is not None:
            return
        changes.add(Person(email=spelling(email), email_key=email_key(email), role=Role.OWNER))
        record(changes, "person.invited", subject_kind="person", subject=email, after={"role": "owner"})


def get_first_owner_id() -> int:
    """Raises NoResultFound where there is none."""
    return db.session.scalars(
        select(Person.id).where(Person.role == Role.OWNER).order_by(Person.id).limit(1)
    ).one()


def change_role(person_id: int, role: Role) -> None:
    """Raises PersonRefused for the last owner, NoSuchPerson for an unknown id."""
    with transaction() as changes:
        person = _lock_with_owners(changes, person_id)
        if role is person.role:
            return
        if role is not Role.OWNER:
            _demand_other_owner(changes, person)
        record(
            changes,
            "person.role_changed",
            subject_kind="person",
            subject=person.email,
            before={"role": person.role.value},
            after={"role": role.value},
        )
        person.role = role


def remove(person_id: int) -> str:
    """End everything of them and return the address. Raises as `change_role` does."""
    with transaction() as changes:
        person = _lock_with_owners(changes, person_id)
        _demand_other_owner(changes, person)
        email, role = person.email, person.role
        changes.delete(person)  # their passkeys, sessions and links go with the row
        record(changes, "person.removed", subject_kind="person", subject=email, before={"role": role.value})
    return email


def sign_out(person_id: int) -> SignedOut:
    """End every browser of somebody, and links and mailed codes that would let one in.

    They may come in again: for a lost laptop. Who never came needs a new invitation. Safe to repeat. Raises
    NoSuchPerson.
    """
    with transaction() as changes:
        person = _lock_with_owners(changes, person_id)
        had_way_in = links.end_ways_in(changes, person_id)
        ended = end_all(changes, person.id)
        if had_way_in or ended:
            after = {"sessions": ended}
            record(changes, "person.signed_out", subject_kind="person", subject=person.email, after=after)
        needs_one = invitations.has_expired(person.id)
        return SignedOut(email=person.email, sessions=ended, had_way_in=had_way_in, needs_invitation=needs_one)


def _get_id(changes: Session, email: str) -> int:
    """Raises NoSuchPerson where somebody removes them in this moment."""
    person_id = changes.scalar(select(Person.id).where(Person.email_key == email_key(email)))
    if person_id is None:
        raise NoSuchPerson("This person is not there any more.")
    return person_id


def _lock_with_owners(changes: Session, person_id: int) -> Person:
    """Lock a person and all owners, in one order: of two who remove each other at the same moment one stays."""
    wanted = select(Person).where((Person.role == Role.OWNER) | (Person.id == person_id)).order_by(Person.id)
    rows = changes.scalars(wanted.with_for_update().execution_options(populate_existing=True)).all()
    for person in rows:
        if person.id == person_id:
            return person
    raise NoSuchPerson("This person is not there any more.")


def _demand_other_owner(changes: Session, person: Person) -> None:
    if person.role is not Role.OWNER:
        return
    others = select(Person.id).where(
        Person.role == Role.OWNER, Person.id != person.id, Person.came_at.is_not(None)
    )
    if changes.scalar(others.limit(1)) is None:
        raise PersonRefused(
            f"{person.email} is the last owner who can come in. Make somebody else an owner first, "
            "and let them sign in once."
        )


def note_coming(person: Person) -> None:
    person.came_at = person.came_at or clock.now()
