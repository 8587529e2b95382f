"""What Stripe.js may change of an open session: one group of parameters for each action of the Elements SDK."""

from collections.abc import Callable, Mapping

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.parameter_types import INTEGER, TEXT, Kind, Spec
from storefront.devtools.sandbox.checkout.collected import ADDRESSES, TEXTS, contact, keep, keep_email
from storefront.devtools.sandbox.checkout.currency_choice import choose_currency
from storefront.devtools.sandbox.checkout.line_items import get_line
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.buyer_details import take_region

_CAN_BE_EMPTY = Spec(kind=Kind.STRING, can_be_empty=True)
_ADDRESS = Spec(
    kind=Kind.HASH,
    fields=dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), _CAN_BE_EMPTY),
)
_CONTACT = Spec(
    kind=Kind.HASH, fields={"name": _CAN_BE_EMPTY, "address": _ADDRESS}, required=("address",), can_be_empty=True
)
GROUPS: Mapping[str, Spec] = {
    **dict.fromkeys(TEXTS, _CAN_BE_EMPTY),
    **dict.fromkeys(ADDRESSES, _CONTACT),
    "buyer_email": _CAN_BE_EMPTY,
    "updated_currency": TEXT,
    "updated_line_item_quantity": Spec(
        kind=Kind.HASH,
        fields={
            "fail_update_on_discount_error": Spec(kind=Kind.BOOLEAN),
            "line_item_id": TEXT,
            "quantity": INTEGER,
        },
        required=("line_item_id", "quantity"),
    ),
}


def apply_groups(work: UnitOfWork, session: Record, params: Json) -> None:
    """Apply what the call names, in the order of the table; the totals are counted afterwards."""
    for name in GROUPS:
        if name in params:
            _APPLY.get(name, _keep_text)(work, session, name, params[name])


def set_quantity(session: Record, line_id: str, quantity: int, name: str) -> None:
    """Change how many of a line are bought, within the limits that the shop has set."""
    line = get_line(session, line_id, f"{name}[id]")
    limits = line["adjustable"]
    if limits is None:
        raise invalid("The quantity of this item cannot be changed.", param=f"{name}[quantity]")
    if not limits["minimum"] <= quantity <= limits["maximum"]:
        raise invalid(
            f"Please choose a quantity from {limits['minimum']} to {limits['maximum']}.",
            param=f"{name}[quantity]",
        )
    line["quantity"] = quantity


def _keep_text(_work: UnitOfWork, session: Record, name: str, value: Json | str) -> None:
    keep(session, {name: value or None})


def _keep_shipping(_work: UnitOfWork, session: Record, name: str, value: Json | str) -> None:
    keep(session, {name: contact(value)})


def _keep_billing(_work: UnitOfWork, session: Record, name: str, value: Json | str) -> None:
    """Keep the address, and count the tax for it."""
    address = contact(value)
    keep(session, {name: address})
    take_region(session, address["address"] if address else {})


def _keep_email(work: UnitOfWork, session: Record, _name: str, value: Json | str) -> None:
    keep_email(work, session, str(value))


def _choose_currency(work: UnitOfWork, session: Record, _name: str, value: Json | str) -> None:
    choose_currency(work, session, str(value))


def _set_quantity(_work: UnitOfWork, session: Record, name: str, value: Json | str) -> None:
    if isinstance(value, dict):
        set_quantity(session, value["line_item_id"], value["quantity"], name)


_APPLY: Mapping[str, Callable[[UnitOfWork, Record, str, Json | str], None]] = {
    "billing_address": _keep_billing,
    "buyer_email": _keep_email,
    "shipping_address": _keep_shipping,
    "updated_currency": _choose_currency,
    "updated_line_item_quantity": _set_quantity,
}
