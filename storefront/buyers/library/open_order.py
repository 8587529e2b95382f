"""A mailed code opens an order, as long as it belongs to the customer with the address it was mailed to."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.customers import signed_in_browsers
from storefront.customers.models import Customer, ProofPurpose
from storefront.customers.proofs import Proof, derive
from storefront.customers.spend_proofs import CodeResult, Reader, Spent, find_by_link, spend_code, spend_link
from storefront.customers.unproven import unproven_key
from storefront.orders.gift_links import Opened
from storefront.orders.gifts import find_gift
from storefront.orders.models import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The browser that opens: how it reads, what it is in words, and the token that it has."""

    reader: Reader
    words: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHere:
    """`token` is the browser's from now on."""

    opened: Opened
    token: str


def reader_of(opened: Opened) -> str:
    """Return where its code goes: to the address on file, which the order's own may be another spelling of."""
    return db.session.get_one(Customer, opened.reader_id).email


def open_by_code(proof_id: int, code: str, *, order_id: int, here: Here) -> tuple[CodeResult, OpenedHere | None]:
    """Open the order in this browser; PROVEN without one where it belongs to somebody else by now."""
    with transaction() as session:
        _share(session, order_id)
        result, spent = spend_code(session, proof_id, code, purpose=ProofPurpose.OPEN_ORDER, reader=here.reader)
        if spent is None or spent.proof.about != str(order_id):
            return result, None
        return _open(session, spent, here)


def open_by_link(token: str, *, here: Here) -> tuple[CodeResult, OpenedHere | None]:
    """As `open_by_code`, for the button behind a mailed link."""
    with transaction() as session:
        proof = find_by_link(token, browser=here.reader.browser)
        _share(session, int(proof.about or 0) if proof and proof.purpose is ProofPurpose.OPEN_ORDER else 0)
        spent = spend_link(session, token, reader=here.reader)
        return _open(session, spent, here) if spent else (CodeResult.EXPIRED, None)


def _share(session: Session, order_id: int) -> None:
    """Lock the order, then its customers, as a row that names them does: who erases them waits, or ends first.

    Without it that row would come after the proof, and erasing takes them the other way round.
    """
    order = select(Order.customer_id, Order.holder_id).where(Order.id == order_id)
    row = session.execute(order.with_for_update(read=True, key_share=True)).one_or_none()
    if row is not None:
        readers = select(Customer.id).where(Customer.id.in_([row.customer_id, row.holder_id]))
        session.execute(readers.order_by(Customer.id).with_for_update(read=True, key_share=True)).all()


def _open(session: Session, spent: Spent, here: Here) -> tuple[CodeResult, OpenedHere | None]:
    """Trust the browser in the transaction that uses the proof up, so that a second click finds it trusted.

    Its token is its own, or one that is the same for this proof and browser. EXPIRED where it used the proof
    before and is trusted no more: somebody signed it out.
    """
    opened = _find_proven(session, spent.proof)
    if opened is None:
        return CodeResult.PROVEN, None
    derived = derive(spent.seed, f"open-order:{here.reader.browser}").hex()[:32]
    if spent.is_again:
        token = next((token for token in (here.token, derived) if token and _is_trusted(opened, token)), "")
    elif here.token and _is_trusted(opened, here.token):
        token = here.token
    else:
        token = here.token if here.token and signed_in_browsers.has_any(here.token) else derived
        signed_in_browsers.begin(
            session, token=token, customer_id=opened.reader_id, order_id=opened.order.id, browser=here.words
        )
    return (CodeResult.PROVEN, OpenedHere(opened=opened, token=token)) if token else (CodeResult.EXPIRED, None)


def _is_trusted(opened: Opened, token: str) -> bool:
    customer_id, order_id = opened.reader_id, opened.order.id
    return signed_in_browsers.find_seen_with(token, customer_id=customer_id, order_id=order_id) is not None


def _find_proven(session: Session, proof: Proof) -> Opened | None:
    order = session.get(Order, int(proof.about or 0))
    if proof.purpose is not ProofPurpose.OPEN_ORDER or order is None:
        return None
    if order.erased_at is None and _is_of(session.get_one(Customer, order.customer_id), proof):
        return Opened(order)
    return _find_received(session, order, proof)


def _find_received(session: Session, order: Order, proof: Proof) -> Opened | None:
    received = Opened(order, find_gift(order))
    if received.gift is None or order.holder_id is None:
        return None
    return received if _is_of(session.get_one(Customer, received.reader_id), proof) else None


def _is_of(holder: Customer, proof: Proof) -> bool:
    """Tell whether a proof is of this order's customer.

    The code of a free order went to the customer beside it, who has their address in a spelling of its own.
    """
    return holder.email == proof.email or holder.email_key == unproven_key(proof.email)
