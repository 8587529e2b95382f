"""Changes the shop's profile: what it is called, what it says of itself, how its mails begin and end."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import g
from sqlalchemy.orm import Session

from storefront.core.days import find_zone
from storefront.core.db import transaction
from storefront.core.email_addresses import find_address, is_address
from storefront.core.languages import Language
from storefront.shop.editor.refusals import FieldsRefused
from storefront.shop.editor.texts import TextRule, clean_texts
from storefront.shop.profile.form_fields import read_fields
from storefront.shop.profile.languages import read_languages
from storefront.shop.profile.main_currency import find_currency_trouble, list_priced, read_currency
from storefront.shop.profile.new_languages import check_languages
from storefront.shop.profile.origins import clean_origins
from storefront.shop.profile.row import ProfilePart, lock_profile, read_part, write_part

RULES = {
    "name": TextRule(label="The name", longest=60),
    "tagline": TextRule(label="The tagline", longest=120),
    "about": TextRule(label="What you say about the shop", longest=10_000, is_line=False),
    "announcement": TextRule(label="The announcement", longest=160),
    "support_email": TextRule(label="The support address", longest=254),
    "mail_sender_name": TextRule(label="The sender's name", longest=60),
    "mail_greeting": TextRule(label="The greeting", longest=300, is_line=False),
    "mail_signature": TextRule(label="The signature", longest=300, is_line=False),
    "mail_footer": TextRule(label="The footer", longest=1000, is_line=False),
    "languages": TextRule(label="The languages", longest=60),
    "legal_name": TextRule(label="The legal name", longest=120),
    "postal_address": TextRule(label="The postal address", longest=400, is_line=False),
    "tax_id": TextRule(label="The tax ID", longest=60),
    "time_zone": TextRule(label="The time zone", longest=60),
    "main_currency": TextRule(label="The main currency", longest=3),
    "form_fields": TextRule(label="What Checkout asks", longest=4000, is_line=False),
    "frame_origins": TextRule(label="The sites that may show your checkout", longest=4000, is_line=False),
}


def check_zone(name: str) -> None:
    """Raises ValueError with a sentence."""
    if find_zone(name.strip()) is None:
        raise ValueError("No time zone has this name: write one like Europe/Berlin or America/New_York.")


# Texts that say more than words, each with what refuses one that cannot be read; a folder asks the same.
READERS: dict[str, Callable[[str], object]] = {
    "form_fields": read_fields,
    "frame_origins": clean_origins,
    "languages": read_languages,
    "main_currency": read_currency,
    "time_zone": check_zone,
}
WORDS = ProfilePart(verb="shop.changed", columns=dict.fromkeys(RULES, ""))


class ProfileRefused(FieldsRefused):
    code = "profile_refused"


def change_profile(
    submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None, may_hide: Language | None = None
) -> list[str]:
    """Write what changed; see `pick_changes` for `shown`. Returns the names of the fields.

    An empty text takes it away; the name is then what the setting SHOP_NAME says. See `check_languages` for
    `may_hide`.

    Raises:
        ProfileRefused: a text cannot be stored; nothing is changed.
        LanguagesRefused: see `check_languages`; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    cleaned = clean_profile(submitted)
    with transaction() as session:
        before = lock_profile(session).languages
        changed = write_part(session, WORDS, cleaned, shown=shown)
        if "languages" in changed:
            check_languages(session, before, cleaned["languages"], may_hide=may_hide)
        if "main_currency" in changed:
            _check_main_currency(session, cleaned["main_currency"])
    g.pop("profile", None)
    return changed


def _check_main_currency(session: Session, currency: str) -> None:
    """Raises ProfileRefused. A folder may name one whose prices are to come."""
    priced = list_priced(session)
    if find_currency_trouble(currency, priced):
        known = f"one of {', '.join(priced).upper()}" if priced else "none, until something has a price"
        words = f"Nothing has a price in {currency.upper()}: the main currency is {known}."
        raise ProfileRefused({"main_currency": words})


def find_address_trouble(address: str) -> str | None:
    """Return a sentence about a support address that cannot be; nothing of an empty one."""
    if address and not is_address(address):
        return "The support address is no email address: write one like help@example.com."
    if not address.partition("@")[0].isascii():  # not every mail server takes more in a header
        return "The support address needs plain letters before the @."
    return None


def clean_profile(submitted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts as they are stored. Raises ProfileRefused."""
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    try:
        cleaned = clean_texts(submitted, RULES, refused=ProfileRefused)
    except ProfileRefused as refused:
        problems = refused.problems
    address = str(submitted.get("support_email", "")).strip()
    if trouble := find_address_trouble(address):
        problems["support_email"] = trouble
    problems |= _unreadable(cleaned)
    if problems:
        raise ProfileRefused({name: problems[name] for name in RULES if name in problems})
    if address:
        cleaned["support_email"] = find_address(address)
    if "frame_origins" in cleaned:
        cleaned["frame_origins"] = clean_origins(cleaned["frame_origins"])
    if "main_currency" in cleaned:
        cleaned["main_currency"] = read_currency(cleaned["main_currency"])
    return cleaned


def _unreadable(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with texts that say more than words."""
    problems = {}
    for name, read in READERS.items():
        try:
            read(cleaned.get(name, ""))
        except ValueError as error:
            problems[name] = str(error)
    return problems


def read_written() -> dict[str, Any]:
    """Return what the owner wrote, by the names of fields: empty where the settings, or nothing, count."""
    return read_part(WORDS)
