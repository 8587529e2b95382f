"""A mailed code opens an order, as long as it belongs to the customer with the address it was mailed to."""

from sqlalchemy.orm import Session

from storefront.core.db import db, transaction
from storefront.customers.models import Customer, ProofPurpose
from storefront.customers.proofs import Proof
from storefront.customers.spend_proofs import CodeResult, Reader, spend_code, spend_link
from storefront.customers.unproven import unproven_key
from storefront.orders.gift_links import Opened
from storefront.orders.gifts import find_gift
from storefront.orders.models import Order


def reader_of(opened: Opened) -> str:
    """Return where its code goes: to the address on file, which the order's own may be another spelling of."""
    return db.session.get_one(Customer, opened.reader_id).email


def open_by_code(proof_id: int, code: str, *, order_id: int, reader: Reader) -> tuple[CodeResult, Opened | None]:
    with transaction() as session:
        result, spent = spend_code(session, proof_id, code, purpose=ProofPurpose.OPEN_ORDER, reader=reader)
        opened = _find_proven(session, spent.proof) if spent else None
        return result, opened if opened is not None and opened.order.id == order_id else None


def open_by_link(token: str, *, reader: Reader) -> Opened | None:
    with transaction() as session:
        spent = spend_link(session, token, reader=reader)
        return _find_proven(session, spent.proof) if spent else None


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
