"""Which ways to pay a Checkout Session offers for its amount of now."""

from storefront.devtools.sandbox.payments.kinds import KINDS
from storefront.devtools.sandbox.storage.records import Json, Record


def offered_types(session: Record) -> list[str]:
    """Return the types that take the session's amount; a code or a quantity may change it later."""
    body = session.body
    return [
        name for name in body["payment_method_types"] if KINDS[name].takes(body["currency"], body["amount_total"])
    ]


def offered_methods(session: Record) -> list[Json]:
    """Return what a page needs to draw each: its name for people, its course, and the fields it asks for."""
    return [
        {"type": name, "label": KINDS[name].label, "course": KINDS[name].course, "fields": KINDS[name].fields}
        for name in offered_types(session)
    ]
