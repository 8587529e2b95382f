"""When an invitation counts no more: who never came in comes in by a code only while a link of theirs is open."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.people.models import Person, PersonLink, Role

EXPIRED = (
    "Your invitation has expired. Ask an owner for a new one, "
    "or run `storefront owner link` on the shop's machine."
)


def is_expired() -> ColumnElement[bool]:
    """Select people who never came in and have no link that is open.

    An owner whom a program made gets no link. Until an owner has come, they come in without one.
    """
    own_link = PersonLink.person_id == Person.id
    somebody = aliased(Person)
    owner_came = exists().where(somebody.role == Role.OWNER, somebody.came_at.is_not(None))
    was_invited = (Person.role != Role.OWNER) | exists().where(own_link) | owner_came
    is_open = exists().where(own_link, PersonLink.expires_at > clock.now())
    return Person.came_at.is_(None) & ~is_open & was_invited


def has_expired(person_id: int) -> bool:
    return db.session.scalar(select(Person.id).where(Person.id == person_id, is_expired())) is not None


def find_expired() -> frozenset[int]:
    return frozenset(db.session.scalars(select(Person.id).where(is_expired())))
