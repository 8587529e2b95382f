"""Which rows of customers and of proofs count: those of the running mode, which is asked here."""

from sqlalchemy import ColumnElement

from storefront.core.runtime import settings
from storefront.customers.models import AddressProof, Customer


def is_known_customer() -> ColumnElement[bool]:
    """Select the customers of the running mode who were not erased."""
    return (Customer.mode == settings().mode) & Customer.erased_at.is_(None)


def proof_in_running_mode() -> ColumnElement[bool]:
    return AddressProof.mode == settings().mode
