"""Reads the forms of the product editor. A field that the form does not send is left as it is."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.shop.catalog.last_day import end_of_day
from storefront.shop.catalog.models import KeySource
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.stale import THEIRS
from storefront.shop.editor.texts import RULES

SHOWN, SEEN, KEEP = "shown-", "seen-", "keep-"
YOURS = "yours"
LIMITS = {
    "activation_limit": "Devices",
    "seats": "People",
    "license_days": "Days that a key works",
    "update_days": "Days of updates",
    "download_limit": "Downloads of each file",
    "download_days": "Days that downloads work",
    "most_in_form": "Copies inside Checkout",
    "pool_low_at": "The first warning",
    "pool_very_low_at": "The second warning",
}
NEEDED = ("pool_low_at", "pool_very_low_at")
SWITCHES = ("grants_license", "grants_download", "one_key_per_order_item")
MOST_DIGITS = 9
MOST_DIGITS_OF_PLACE = 6


def shown_digests(form: Mapping[str, str]) -> dict[str, str]:
    """Return the digest of what each field was shown with, by its name.

    After a choice to keep one's own, it is that of what somebody else had saved, and was seen beside it.
    """
    shown = {name.removeprefix(SHOWN): value for name, value in form.items() if name.startswith(SHOWN)}
    return {name: _chosen(form, name) or digest for name, digest in shown.items()}


def _chosen(form: Mapping[str, str], name: str) -> str:
    choice = form.get(KEEP + name)
    if choice == THEIRS:
        return THEIRS
    return form.get(SEEN + name, "") if choice == YOURS else ""


def read_place(form: Mapping[str, str], *, first: str) -> int:
    """Return the place to move something to. `first` is what stands at place 1, in words.

    Raises:
        ProductRefused: it is no whole number.
    """
    typed = form.get("position", "").strip()
    if typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS_OF_PLACE:
        return int(typed)
    raise ProductRefused({"position": f"Place: write a whole number, like 1 for {first}."})


def shown_order(form: Mapping[str, str]) -> str | None:
    """Return the digest of the order that the form was shown in."""
    return form.get(SHOWN + "order")


def read_texts(form: MultiDict[str, str]) -> dict[str, Any]:
    texts: dict[str, Any] = {name: form[name] for name in RULES if name in form}
    if "question" in form:
        texts["questions"] = _rows(form, "question", "answer")
    if "quote" in form:
        texts["quotes"] = _rows(form, "quote", "quote_who", "quote_link")
    if "tags" in form:
        texts["tags"] = list(map(str.strip, form["tags"].split(",")))
    return texts


def _rows(form: MultiDict[str, str], *names: str) -> list[list[str]]:
    """Return what stands beside each other in fields that the form has several times."""
    return list(map(list, zip_longest(*map(form.getlist, names), fillvalue="")))


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def read_limits(form: Mapping[str, str], names: Iterable[str]) -> dict[str, int | None]:
    """Return whole numbers by name, of those that the form sends; an empty field is no limit.

    Raises:
        ProductRefused: with a sentence for each field that is no whole number.
    """
    limits: dict[str, int | None] = {}
    problems: dict[str, str] = {}
    for name in filter(form.__contains__, names):
        text = form[name].strip()
        if _is_whole(text):
            limits[name] = int(text)
        elif text or name in NEEDED:
            problems[name] = f"{LIMITS[name]}: write a whole number, like 3."
        else:
            limits[name] = None
    if problems:
        raise ProductRefused(problems)
    return limits


def _read_slugs(text: str) -> list[str]:
    return [slug for slug in re.split(r"[\s,]+", text) if slug]


def read_settings(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that the form sends. A box without its tick is not sent, its digest is.

    Raises:
        ProductRefused: with a sentence for each field that cannot be read.
    """
    values: dict[str, Any] = {
        name: form.get(name) == "yes" for name in SWITCHES if name in form or SHOWN + name in form
    }
    values |= read_limits(form, LIMITS)
    readers: dict[str, Callable[[str], Any]] = {
        "license_prefix": str.upper,
        "license_until": _read_last_day,
        "key_source": _read_key_source,
        "checkout_ui": _read_checkout_ui,
        "tax_code": str,
        "tax_behavior": str,
        "offered_beside": _read_slugs,
    }
    return values | {name: read(form[name].strip()) for name, read in readers.items() if name in form}


def _read_last_day(text: str) -> datetime | None:
    try:
        return end_of_day(text) if text else None
    except ValueError as error:
        raise ProductRefused({"license_until": "Last day: write a day like 2027-12-31."}) from error


def _read_key_source(word: str) -> KeySource:
    try:
        return KeySource(word)
    except ValueError as error:
        raise ProductRefused({"key_source": "Choose where keys come from."}) from error


def _read_checkout_ui(word: str) -> CheckoutUi | None:
    try:
        return CheckoutUi(word) if word else None
    except ValueError as error:
        raise ProductRefused({"checkout_ui": "Choose where it is paid."}) from error


def typed() -> dict[str, str]:
    """Return what was typed into the form that is answered, to be shown again. A bundle's parts are no text."""
    return {name: value for name, value in request.form.items() if name not in ("csrf_token", INCLUDES)}
