"""One order of locks: the person first; then links, proofs, challenges, passkeys and, last, sessions of theirs.

Who signs in and who removes them at that moment wait for each other, and neither fails by a deadlock. A row that
names a person locks theirs as well, so it is written after this too.
"""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storefront.owner.people.models import Person


def lock_person(changes: Session, which: ColumnElement[bool]) -> Person | None:
    """Lock the one that `which` names, as they are now. None: not there, or removed a moment ago."""
    named = select(Person).where(which).with_for_update(key_share=True)
    return changes.scalars(named.execution_options(populate_existing=True)).one_or_none()
