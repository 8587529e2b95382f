"""What scripts say to buyers. Pages carry translations for their scripts, and nothing where they are English."""

import json
from collections.abc import Mapping

from markupsafe import Markup

from storefront.core.languages import Language, current_language, say
from storefront.core.texts import Marked, marked

SCRIPT_TEXTS: Mapping[str, tuple[Marked, ...]] = {
    "copy.js": (
        marked("Copied"),
        marked("Copy"),
        marked("Selected"),
        marked("The text is selected: copy it with your keyboard."),
    ),
    "elements.js": (
        marked("Nothing was charged. Check the card's number, date and code, and pay again."),
        marked("Nothing was charged. Try again and confirm with your bank, or pay another way."),
        marked("Nothing was charged. Try another card or another way to pay."),
        marked("Get it free"),
        marked("Pay {amount}"),
        marked("Thank you. One moment…"),
        marked("One moment…"),
        marked("The total is now {total}."),
        marked("Write your email: your receipt goes there."),
        marked("Write a whole email address, like ada@example.com."),
        marked("Tick this box to go on."),
        marked("That you agree could not be saved. Nothing was charged: try again in a moment."),
        marked("Tick the box first."),
        marked("The payment could not be sent. Check your connection, then pay again: nothing is paid twice."),
        marked("Write your code first."),
        marked("Check how it is written, or go on without it."),
        marked("That could not be changed. Check your connection and try again."),
        marked("Choose a whole number from {min} to {max}."),
    ),
    "elements_summary.js": (
        marked("Quantity of {name}"),
        marked("Subtotal"),
        marked("Remove"),
        marked("the code {code}"),
        marked("{tax}, included"),
        marked("Tax"),
        marked("after your address"),
        marked("Total"),
    ),
    "gallery.js": (
        marked("{number} of {total}"),
        marked("Pictures"),
        marked("Close"),
        marked("Previous picture"),
        marked("Next picture"),
    ),
    "player.js": (
        marked("{now} of {end}"),
        marked("{number} percent"),
        marked("Play {title}"),
        marked("Pause {title}"),
        marked("Position in {title}"),
    ),
    "waiting.js": (marked("Updating…"),),
}
# None of these can end a script element.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def script_texts(*names: str) -> Markup:
    """Return the element that these scripts read, by their English texts. Browsers run nothing of this type."""
    if current_language() is Language.ENGLISH:
        return Markup("")
    texts = {str(text): say(text) for name in names for text in SCRIPT_TEXTS[name]}
    # Escaped above: no text can leave the element.
    data = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    return Markup(f'<script type="application/json" data-texts>{data}</script>')  # noqa: S704 - as said
