"""The shop's words above its own pay button, and whether their box was ticked: kept in the Session's metadata.

Stripe takes `custom_text` and its own box only where it shows the form itself.
"""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

LINK = re.compile(r"\[([^\]\[]+)\]\((https?://[^\s()]+)\)")
LONGEST_VALUE = 500  # https://docs.stripe.com/api/metadata
TEXT = "checkout_text_{}"
BOX = "checkout_box"
ASKED, ACCEPTED = "asked", "accepted"


def write_words(text: str, *, has_box: bool) -> dict[str, str]:
    """Return entries of metadata, none where there is nothing to say."""
    pieces = [text[start : start + LONGEST_VALUE] for start in range(0, len(text), LONGEST_VALUE)]
    entries = {TEXT.format(number): piece for number, piece in enumerate(pieces, start=1)}
    return entries | ({BOX: ASKED} if has_box and entries else {})


def accept_words() -> dict[str, str]:
    """Return what changes when the box is ticked."""
    return {BOX: ACCEPTED}


def read_words(metadata: Mapping[str, str]) -> str | None:
    pieces: list[str] = []
    while (name := TEXT.format(len(pieces) + 1)) in metadata:
        pieces.append(metadata[name])
    return "".join(pieces) or None


def has_box(metadata: Mapping[str, str]) -> bool:
    return BOX in metadata


def has_accepted(metadata: Mapping[str, str]) -> bool:
    return metadata.get(BOX) == ACCEPTED


def spell_words(text: str) -> str:
    """Return the words where no link can be: `terms (https://…)`."""
    return LINK.sub(r"\1 (\2)", text)


def link_words(text: str) -> Markup:
    """Return the words with their links, `[terms](https://…)`, as Stripe's form shows them."""
    html, place = Markup(), 0
    for link in LINK.finditer(text):
        html += escape(text[place : link.start()])
        html += Markup('<a href="{1}" target="_blank" rel="noopener">{0}</a>').format(*link.groups())
        place = link.end()
    return html + escape(text[place:])
