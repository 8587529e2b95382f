"""Notes at an order, by who helps its buyer, for who helps next. No buyer sees them, and no program reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.audit.actor import Actor, current_actor
from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import Base, db, insert_missing, transaction
from storefront.core.errors import StorefrontError
from storefront.core.letters import kind_of
from storefront.core.tokens import new_token
from storefront.orders.lookup import is_named, not_found
from storefront.orders.models import Order

LONGEST = 2000  # characters
SAME_WITHIN = timedelta(hours=1)


class WrongNote(StorefrontError):
    code = "wrong_note"
    status = 400
    title = "That is no note"


class NotYours(StorefrontError):
    code = "not_yours"
    status = 403
    title = "Somebody else wrote this note"


class OtherNote(StorefrontError):
    code = "other_note"
    status = 409
    title = "This was sent already"


class OrderNote(Base):
    """`form` is drawn with the form that sends it, so that one that is sent twice is one note."""

    __tablename__ = "order_notes"
    __table_args__ = (UniqueConstraint("order_id", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    form: Mapped[str]
    author_kind: Mapped[str]  # an ActorKind
    author: Mapped[str]  # an address of who may come in at /admin, or a user of the machine
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`is_own`: whoever reads it wrote it, and may delete it."""

    id: int
    at: datetime
    author: str
    text: str
    is_own: bool


def add_note(reference: str, text: str, *, form: str | None) -> str:
    """Write a note; return the number of its order. The same from the same form again adds nothing.

    Nor do the same words by the same person within an hour: after Back they stand in a form that was drawn anew.
    None for a command, which has no form and no Back: it writes one each time.

    Raises:
        NotFound: no such order in the running mode.
        WrongNote: it is empty, too long, or has characters that cannot be shown.
        OtherNote: the form was sent with other words before.
    """
    text = _clean(text)
    actor = current_actor()
    with transaction() as session:
        order = _lock_order(session, reference)
        if form is not None and _is_noted(session, order, text, actor):
            return order.number
        own = new_token() if form is None else form
        row = {"order_id": order.id, "form": own, "author_kind": actor.kind.value, "author": actor.name}
        if insert_missing(session, OrderNote, [row | {"text": text, "at": clock.now()}]):
            record(session, "order.noted", subject_kind="order", subject=order.number)
        elif _text_of(session, order, own) != text:
            raise OtherNote(
                "This was sent already, with other words. Yours are still in the field: add them as one more note."
            )
        return order.number


def _is_noted(session: Session, order: Order, text: str, actor: Actor) -> bool:
    known = select(OrderNote.id).where(
        OrderNote.order_id == order.id,
        OrderNote.author_kind == actor.kind.value,
        OrderNote.author == actor.name,
        OrderNote.text == text,
        OrderNote.at > clock.now() - SAME_WITHIN,
    )
    return session.scalar(known.limit(1)) is not None


def delete_note(reference: str, note_id: int) -> bool:
    """Delete a note of one's own. False: it was gone already.

    Raises:
        NotFound: no such order in the running mode.
        NotYours: somebody else wrote it.
    """
    with transaction() as session:
        order = _lock_order(session, reference)
        row = session.scalars(
            select(OrderNote).where(OrderNote.id == note_id, OrderNote.order_id == order.id)
        ).one_or_none()
        if row is None:
            return False
        if not _is_own(row, current_actor()):
            raise NotYours("Only who wrote a note can delete it.")
        session.delete(row)
        record(session, "order.note_deleted", subject_kind="order", subject=order.number)
        return True


def read_notes(order: Order) -> tuple[Note, ...]:
    """Return them, newest first. One statement."""
    actor = current_actor()
    rows = db.session.scalars(
        select(OrderNote)
        .where(OrderNote.order_id == order.id)
        .order_by(OrderNote.id.desc())
        .execution_options(populate_existing=True)
    )
    return tuple(
        Note(id=row.id, at=row.at, author=row.author, text=row.text, is_own=_is_own(row, actor)) for row in rows
    )


def forget_notes_of(session: Session, order_ids: Sequence[int]) -> None:
    """Delete those of orders whose buyer is erased, inside the caller's transaction."""
    gone = delete(OrderNote).where(OrderNote.order_id.in_(order_ids))
    session.execute(gone.execution_options(synchronize_session=False))


def _lock_order(session: Session, reference: str) -> Order:
    order = session.scalars(select(Order).where(is_named(reference)).with_for_update()).first()
    if order is None:
        raise not_found(reference)
    return order


def _text_of(session: Session, order: Order, form: str) -> str | None:
    return session.scalar(select(OrderNote.text).where(OrderNote.order_id == order.id, OrderNote.form == form))


def _is_own(row: OrderNote, actor: Actor) -> bool:
    return (row.author_kind, row.author) == (actor.kind.value, actor.name)


def _is_shown(letter: str) -> bool:
    """Tell what a page can show: also the spaces that hold words together, as in French, tabs, and new emoji."""
    return letter.isprintable() or letter in "\t\n" or kind_of(letter) in ("Zs", "So")


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise WrongNote("Type a note.")
    if len(text) > LONGEST:
        raise WrongNote(f"A note has at most {LONGEST} characters; this one has {len(text)}.")
    if not all(map(_is_shown, text)):
        raise WrongNote("The note has characters that cannot be shown. Type it as plain text.")
    return text
