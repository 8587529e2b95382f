"""What a broadcast's email is made of: for its readers, for a test, and for the preview."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template

from storefront.core import clock
from storefront.core.errors import NotFound
from storefront.core.languages import Language, speaking
from storefront.core.runtime import absolute_url
from storefront.mail.inlined import inline_styles
from storefront.owner.broadcasts.read import find_text
from storefront.owner.shop.mail_preview import SHEET
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.markdown_text import write_plain

FOLDER = "messages/broadcast"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedBroadcast:
    subject: str
    html: str


def write_letter(
    broadcast_id: int, language: Language, *, agreed_at: datetime | None = None, stop_url: str = ""
) -> dict[str, Any]:
    """Return what the templates get. Without a reader it is a sample, whose way out leads to the account page.

    Raises:
        NotFound: it says nothing.
    """
    found = find_text(broadcast_id, language)
    if found is None:
        raise NotFound(f"There is no broadcast {broadcast_id}.")
    subject, body = found
    return {
        "subject": subject,
        "words_html": render_markdown(body),
        "words": write_plain(body),
        "agreed_at": agreed_at or clock.now(),
        "stop_url": stop_url or absolute_url("account.settings"),
    }


def preview_broadcast(broadcast_id: int, language: Language, *, email: str) -> PreviewedBroadcast:
    """Return it as it is saved. Raises NotFound."""
    with speaking(language):
        context: Mapping[str, Any] = write_letter(broadcast_id, language) | {"is_to_buyer": True, "own": None}
        head = render_template("messages/_head.html", subject=context["subject"], email=email)
        html = render_template(f"{FOLDER}/body.html", **context).replace(SHEET, head + SHEET, 1)
    return PreviewedBroadcast(subject=context["subject"], html=inline_styles(html))
