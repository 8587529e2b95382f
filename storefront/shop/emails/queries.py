"""What owners wrote, as committed now."""

from sqlalchemy import Select, select

from storefront.core.db import db
from storefront.core.languages import Language, find_language
from storefront.shop.emails.models import EmailText
from storefront.shop.emails.words import Words


def find_words(kind: str, language: Language) -> Words | None:
    """Return the owner's words of an email; None where the shop says its own."""
    found = select(EmailText).where(EmailText.kind == kind, EmailText.language == language)
    row = db.session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    return None if row is None else words_of(row)


def list_written() -> dict[str, list[Language]]:
    """Return in which languages the owner has written each email, in the order of `Language`."""
    written: dict[str, list[Language]] = {}
    for kind, code in db.session.execute(select(EmailText.kind, EmailText.language)):
        language = find_language(code)
        if language is not None:
            written.setdefault(kind, []).append(language)
    order = list(Language)
    return {kind: sorted(languages, key=order.index) for kind, languages in written.items()}


def select_texts() -> Select[EmailText]:
    """Select all of them in one order, for a shop as files."""
    return select(EmailText).order_by(EmailText.kind, EmailText.language)


def words_of(row: EmailText) -> Words:
    return Words(subject=row.subject, heading=row.heading, body=row.body)
