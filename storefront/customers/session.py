"""Who is signed in: an id in the signed cookie, and a version that signs every browser out when it is raised."""

from flask import session
from sqlalchemy import select, update

from storefront import clock
from storefront.customers.models import AddressProof, Customer, email_key
from storefront.db import db, transaction
from storefront.web import settings

KEY = "customer"
# What somebody signed in has begun, by ids of proofs. It ends with the signing in of anybody, and signing out.
CHANGE_KEY = "change"
ERASE_KEY = "erase"


def find_customer(email: str) -> Customer | None:
    return db.session.scalars(
        select(Customer).where(
            Customer.mode == settings().mode, Customer.email_key == email_key(email), Customer.erased_at.is_(None)
        )
    ).one_or_none()


def get_customer_now(customer_id: int) -> Customer:
    """Who has that id, or who it became part of. Raises NoResultFound for an unknown one."""
    found = db.session.get_one(Customer, customer_id, populate_existing=True)
    while found.moved_to_id is not None:
        found = db.session.get_one(Customer, found.moved_to_id, populate_existing=True)
    return found


def sign_in(customer: Customer) -> None:
    """For 30 days, in this browser. Its cart stays."""
    sign_out()
    session[KEY] = [customer.id, customer.session_version]
    session.permanent = True


def sign_out() -> None:
    for name in (KEY, CHANGE_KEY, ERASE_KEY):
        session.pop(name, None)


def find_signed_in() -> Customer | None:
    """None for nobody, and for a cookie from before "sign out everywhere"."""
    kept = session.get(KEY)
    if not isinstance(kept, list) or len(kept) != 2:
        return None
    row = db.session.get(Customer, kept[0])
    if row is None or row.mode != settings().mode or row.erased_at is not None or row.session_version != kept[1]:
        return None
    return row


def sign_out_everywhere(customer: Customer) -> None:
    """Codes and links that were mailed end, too: whoever reads the mailbox could come back with one."""
    customer_id, mode, key = customer.id, customer.mode, customer.email_key
    with transaction() as changes:
        changes.execute(
            update(Customer).where(Customer.id == customer_id).values(session_version=Customer.session_version + 1)
        )
        changes.execute(
            update(AddressProof)
            .where(AddressProof.mode == mode, AddressProof.email_key == key, AddressProof.expires_at > clock.now())
            .values(expires_at=clock.now())
        )
