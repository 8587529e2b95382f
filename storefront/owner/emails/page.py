"""The list of emails with who wrote them in which language, and the editor of one."""

from collections.abc import Mapping
from dataclasses import dataclass

from storefront.core.languages import Language, offered
from storefront.shop.editor.stale import digest_of
from storefront.shop.emails.editable import EDITABLE, EditableEmail, get_editable
from storefront.shop.emails.queries import find_words, list_written
from storefront.shop.emails.starters import starter_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEmail:
    """`written` are the languages in which it says the owner's words."""

    kind: str
    about: EditableEmail
    written: tuple[Language, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailEditor:
    """`values` are fields by name, `shown` their digests. `others` are languages that say the shop's own words,
    `languages` all that the shop speaks, and this one."""

    kind: str
    about: EditableEmail
    language: Language
    languages: tuple[Language, ...]
    values: dict[str, str]
    shown: dict[str, str]
    is_written: bool
    others: tuple[Language, ...]


def list_emails() -> list[ListedEmail]:
    written = list_written()
    return [
        ListedEmail(kind=kind.value, about=about, written=tuple(written.get(kind, ())))
        for kind, about in EDITABLE.items()
    ]


def read_email_editor(kind: str, language: Language, shown_before: Mapping[str, str] | None = None) -> EmailEditor:
    """Return an email as committed now. `shown_before` are digests of a form that was refused. Raises NotFound."""
    about = get_editable(kind)
    words = find_words(kind, language)
    values = (words or starter_of(kind, language)).as_fields()
    spoken = (*offered().languages, *(() if language in offered().languages else (language,)))
    written = list_written().get(kind, [])
    return EmailEditor(
        kind=kind,
        about=about,
        language=language,
        languages=spoken,
        values=values,
        shown={name: digest_of(value) for name, value in values.items()} | dict(shown_before or {}),
        is_written=words is not None,
        others=tuple(other for other in spoken if other not in written),
    )
