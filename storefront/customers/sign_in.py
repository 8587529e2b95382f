"""Signing in: a mailed code or link is used up and the browser's row begins, both or nothing."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core.db import transaction
from storefront.customers import signed_in_browsers
from storefront.customers.models import AddressProof, Customer, ProofPurpose, email_key
from storefront.customers.proofs import derive
from storefront.customers.queries import is_known_customer
from storefront.customers.spend_proofs import CodeResult, Reader, Spent, spend_code, spend_link
from storefront.customers.unproven import prove, unproven_key


def sign_in_by_code(
    proof_id: int, code: str, *, reader: Reader, browser: str, before: str
) -> tuple[CodeResult, str]:
    """Return the result, and the browser's new token where it is PROVEN. `before` is the token it had."""
    with transaction() as changes:
        asked = changes.get(AddressProof, proof_id)
        customer = _lock_customer(changes, asked.email if asked else "")
        result, spent = spend_code(changes, proof_id, code, purpose=ProofPurpose.SIGN_IN, reader=reader)
        if spent is None:
            return result, ""
        token = _begin(changes, customer, spent, reader=reader, browser=browser, before=before)
    return (CodeResult.PROVEN, token) if token else (CodeResult.EXPIRED, "")


def sign_in_by_link(link: str, email: str, *, reader: Reader, browser: str, before: str) -> str:
    """Return the browser's new token; empty for a link that does not sign in. `email` is what its proof says."""
    with transaction() as changes:
        customer = _lock_customer(changes, email)
        spent = spend_link(changes, link, reader=reader)
        if spent is None or spent.proof.purpose is not ProofPurpose.SIGN_IN:
            return ""
        return _begin(changes, customer, spent, reader=reader, browser=browser, before=before)


def _lock_customer(changes: Session, email: str) -> Customer | None:
    """Lock the customer before the proof, as erasing and moving do it.

    FOR NO KEY UPDATE: a new order holds its customer's key.
    """
    for key in (email_key(email), unproven_key(email)):
        known = select(Customer).where(is_known_customer(), Customer.email_key == key)
        known = known.with_for_update(key_share=True).execution_options(populate_existing=True)
        customer = changes.scalars(known).one_or_none()
        if customer is not None:
            return customer
    return None


def _begin(
    changes: Session, customer: Customer | None, spent: Spent, *, reader: Reader, browser: str, before: str
) -> str:
    """Return the browser's token.

    For one proof and browser it is always the same: who clicks twice is signed in by either answer.

    Empty where the mail went to another spelling than the one on file, and where this browser signed out again.
    """
    if customer is None or customer.email != spent.proof.email:
        return ""
    token = derive(spent.seed, f"sign-in:{reader.browser}").hex()[:32]
    if spent.is_again:
        return token if signed_in_browsers.has_any(token) else ""
    prove(changes, customer)
    signed_in_browsers.begin(changes, token=token, customer_id=customer.id, browser=browser, before=before)
    return token
