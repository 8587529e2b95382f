"""An email as it would look with words that are not saved, about things that nobody bought."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template

from storefront.core.languages import Language, speaking
from storefront.mail.inlined import inline_styles
from storefront.owner.emails.samples import sample_of
from storefront.owner.emails.values import fill_words
from storefront.owner.shop.mail_preview import SHEET
from storefront.shop.emails.editable import get_editable
from storefront.shop.emails.queries import find_words
from storefront.shop.emails.words import RULES, Words

LONGEST_PREVIEW = 20_000  # characters of a text: what cannot be saved is shown all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedEmail:
    subject: str
    text: str
    html: str


def preview_email(
    kind: str, language: Language, typed: Mapping[str, str] | None = None, *, email: str
) -> PreviewedEmail:
    """Return an email with what is typed; as it would leave now where nothing is. Raises NotFound."""
    get_editable(kind)
    with speaking(language):
        context = sample_of(kind, email) | {"is_to_buyer": True}
        words = _read(typed) if typed else find_words(kind, language)
        own = None if words is None else fill_words(words, kind, context)
        context["own"] = own
        folder = f"messages/{kind}"
        subject = own.subject if own else render_template(f"{folder}/subject.txt", **context)
        subject = " ".join(subject.split())
        head = render_template("messages/_head.html", subject=subject, email=email)
        html = render_template(f"{folder}/body.html", **context).replace(SHEET, head + SHEET, 1)
        text = render_template(f"{folder}/body.txt", **context)
    return PreviewedEmail(subject=subject, text=text, html=inline_styles(html))


def _read(typed: Mapping[str, str]) -> Words:
    texts = {name: typed.get(name, "").replace("\r\n", "\n")[:LONGEST_PREVIEW] for name in RULES}
    return Words(**texts)
