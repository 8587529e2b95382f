"""Changes the shop's profile: what it is called, what it says of itself, how its mails begin and end."""

from collections.abc import Mapping
from typing import Any

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, insert_missing, transaction
from storefront.core.email_addresses import find_address, is_address
from storefront.shop.editor.refusals import FieldsRefused
from storefront.shop.editor.stale import pick_changes
from storefront.shop.editor.texts import TextRule, clean_texts
from storefront.shop.profile.form_fields import read_fields
from storefront.shop.profile.models import THE_ONE, ShopProfile

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
    "form_fields": TextRule(label="What Checkout asks", longest=4000, is_line=False),
}


class ProfileRefused(FieldsRefused):
    code = "profile_refused"


def change_profile(submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None) -> list[str]:
    """Write what changed; see `pick_changes` for `shown`. Returns the names of the fields.

    An empty text takes it away; the name is then what the setting SHOP_NAME says.

    Raises:
        ProfileRefused: a text cannot be stored; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    cleaned = clean_profile(submitted)
    with transaction() as session:
        changed = write_profile(session, cleaned, shown=shown)
    g.pop("profile", None)
    return changed


def write_profile(
    session: Session, cleaned: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Do as `change_profile` does, with clean texts, inside the caller's transaction."""
    profile = lock_profile(session)
    current = read_words(profile)
    changes = pick_changes(current, cleaned, shown)
    for name, value in changes.items():
        setattr(profile, name, value)
    if changes:
        before = {name: current[name] for name in changes}
        record(session, "shop.changed", subject_kind="shop", subject="shop", before=before, after=changes)
    return list(changes)


def clean_profile(submitted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts as they are stored. Raises ProfileRefused."""
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    try:
        cleaned = clean_texts(submitted, RULES, refused=ProfileRefused)
    except ProfileRefused as refused:
        problems = refused.problems
    address = str(submitted.get("support_email", "")).strip()
    if address and not is_address(address):
        problems["support_email"] = "The support address is no email address: write one like help@example.com."
    elif not address.partition("@")[0].isascii():  # not every mail server takes more in a header
        problems["support_email"] = "The support address needs plain letters before the @."
    try:
        read_fields(cleaned.get("form_fields", ""))
    except ValueError as error:
        problems["form_fields"] = str(error)
    if problems:
        raise ProfileRefused({name: problems[name] for name in RULES if name in problems})
    if address:
        cleaned["support_email"] = find_address(address)
    return cleaned


def read_words(profile: ShopProfile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in RULES}


def read_written() -> dict[str, Any]:
    """Return what the owner wrote, by the names of fields: empty where the settings, or nothing, count."""
    profile = db.session.get(ShopProfile, THE_ONE, populate_existing=True)
    return read_words(profile) if profile else dict.fromkeys(RULES, "")


def lock_profile(session: Session) -> ShopProfile:
    """Return the one row, made where it is gone, locked until the transaction ends."""
    insert_missing(session, ShopProfile, [{"id": THE_ONE} | dict.fromkeys(RULES, "")])
    row = select(ShopProfile).where(ShopProfile.id == THE_ONE).with_for_update()
    return session.scalars(row.execution_options(populate_existing=True)).one()
