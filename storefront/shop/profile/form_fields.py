"""What an owner asks of buyers inside Checkout: up to three fields and a phone number, a line each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_FIELDS = 3  # https://docs.stripe.com/api/checkout/sessions/create, custom_fields
LONGEST_LABEL = 50
MOST_CHOICES = 200
LONGEST_CHOICE = 100


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    label: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    is_optional: bool = False


def read_fields(text: str) -> tuple[FormField, ...]:
    """Read `Company | text | optional`, `Size | choice | S / M / L`, `Phone | phone`: a line each.

    Raises:
        ValueError: with a sentence that names the line and the cure.
    """
    fields = tuple(_read_line(line) for line in text.splitlines() if line.strip())
    _check_number(fields)
    labels = {field.label.casefold() for field in fields}
    if len(labels) < len(fields):
        raise ValueError("Two fields have the same label: call them differently.")
    return fields


def _check_number(fields: Sequence[FormField]) -> None:
    phones = sum(field.kind is FieldKind.PHONE for field in fields)
    if len(fields) - phones > MOST_FIELDS:
        raise ValueError(f"Stripe takes {MOST_FIELDS} fields, and a phone number besides.")
    if phones > 1:
        raise ValueError("Ask for one phone number.")


def _take_optional(parts: list[str]) -> bool:
    is_optional = bool(parts) and parts[-1].lower() == "optional"
    if is_optional:
        parts.pop()
    return is_optional


def _read_kind(label: str, written: str) -> FieldKind:
    word = written.lower()
    if word not in tuple(FieldKind):
        raise ValueError(f"{label}: {word!r} is none of {', '.join(FieldKind)}.")
    return FieldKind(word)


def _check_choices(label: str, choices: tuple[str, ...]) -> None:
    are_different = len(set(choices)) == len(choices)
    longest = max(map(len, choices), default=0)
    if len(choices) > MOST_CHOICES or not are_different or longest > LONGEST_CHOICE:
        raise ValueError(f"{label}: up to {MOST_CHOICES} different options of up to {LONGEST_CHOICE} characters.")


def _read_line(line: str) -> FormField:
    label, *parts = map(str.strip, line.split("|"))
    if not label or len(label) > LONGEST_LABEL:
        raise ValueError(f"{line.strip()!r}: begin with a label of up to {LONGEST_LABEL} characters.")
    is_optional = _take_optional(parts)
    kind = _read_kind(label, parts.pop(0) if parts else FieldKind.TEXT)
    choices = _read_choices(label, kind, parts)
    if kind is FieldKind.PHONE and is_optional:
        raise ValueError(f"{label}: Stripe's form has no optional phone number.")
    return FormField(label=label, kind=kind, choices=choices, is_optional=is_optional)


def _read_choices(label: str, kind: FieldKind, parts: list[str]) -> tuple[str, ...]:
    choices = tuple(filter(None, re.split(r"\s*/\s*", parts[0]))) if parts else ()
    if len(parts) > 1 or (kind is FieldKind.CHOICE) != bool(choices):
        raise ValueError(f"{label}: only a choice has options, like {label} | choice | S / M / L.")
    _check_choices(label, choices)
    return choices
