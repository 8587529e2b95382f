"""The owner's fields and the phone number, as Stripe's form takes them."""

from collections.abc import Sequence
from typing import Any

from storefront.shop.profile.form_fields import FieldKind, FormField

TYPES = {FieldKind.TEXT: "text", FieldKind.NUMBER: "numeric", FieldKind.CHOICE: "dropdown"}


def asked_in_form(fields: Sequence[FormField]) -> dict[str, Any]:
    """Return the parameters; Stripe's own form alone has room for these fields."""
    body: dict[str, Any] = {}
    typed = [field for field in fields if field.kind is not FieldKind.PHONE]
    if typed:
        body["custom_fields"] = [_field(place, field) for place, field in enumerate(typed, start=1)]
    if len(typed) < len(fields):
        body["phone_number_collection"] = {"enabled": True}
    return body


def _field(place: int, field: FormField) -> dict[str, Any]:
    """Keys and values are letters and digits at Stripe: labels tell what they are."""
    made: dict[str, Any] = {
        "key": f"field{place}",
        "label": {"type": "custom", "custom": field.label},
        "type": TYPES[field.kind],
        "optional": field.is_optional,
    }
    if field.choices:
        options = [{"label": choice, "value": f"option{number}"} for number, choice in enumerate(field.choices, 1)]
        made["dropdown"] = {"options": options}
    return made
