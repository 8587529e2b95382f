"""The answers that every shop begins with, in the language of now, with variables in them."""

from collections.abc import Callable
from dataclasses import dataclass

from storefront.core.languages import Language, _, speaking
from storefront.shop.answers.words import AnswerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class OurAnswer:
    """`title` is for who helps, and English."""

    title: str
    make: Callable[[], AnswerWords]


def words_of_ours(key: str, language: Language) -> AnswerWords:
    with speaking(language):
        return OURS[key].make()


def blank_words(language: Language) -> AnswerWords:
    """Return what an answer of the owner's begins with."""
    with speaking(language):
        return _free_text()


def _letter(subject: str, *paragraphs: str) -> AnswerWords:
    return AnswerWords(subject=subject, body="\n\n".join(("{hello}", *paragraphs)))


def _open_order() -> str:
    words = _("Open your order")
    return f"[{words}]({{order_url}})"


def _free_text() -> AnswerWords:
    return _letter(_("Your order %(number)s", number="{number}"), "{text}")


def _download() -> AnswerWords:
    return _letter(
        _("Your downloads, order %(number)s", number="{number}"),
        _("Your files are on your order page. It works on any device:"),
        _open_order(),
        _("If a download doesn't start, try another browser, and reply with what you see."),
    )


def _key() -> AnswerWords:
    return _letter(
        _("Your license key, order %(number)s", number="{number}"),
        _("Please copy the key from your order page and paste it, so that no letter gets lost:"),
        _open_order(),
        _("If too many devices use it, deactivate one there that you no longer need, and try again."),
        _("If it still doesn't work, please reply with what the program says."),
    )


def _new_computer() -> AnswerWords:
    return _letter(
        _("Your license on a new computer, order %(number)s", number="{number}"),
        _("Deactivate the old computer on your order page. You can do that without having it at hand:"),
        _open_order(),
        _("Then install on the new computer and enter the same key."),
    )


def _address() -> AnswerWords:
    return _letter(
        _("Your order %(number)s is at this address now", number="{number}"),
        _(
            "We corrected the address of your order. From now on its emails come to %(email)s.",
            email="{email}",
        ),
        _open_order(),
    )


def _invoice() -> AnswerWords:
    words = _("Open the receipt")
    return _letter(
        _("Your invoice, order %(number)s", number="{number}"),
        _("Here is your receipt with all taxes, to print or to save as a PDF:"),
        f"[{words}]({{receipt_url}})",
        _("If your company or tax ID is missing, please reply with both and your country."),
    )


def _upgrade() -> AnswerWords:
    return _letter(
        _("About your upgrade, order %(number)s", number="{number}"),
        _("Where an upgrade is on offer, your order page shows it with its price:"),
        _open_order(),
        _("If you don't see the one you want, please reply and tell us which."),
    )


def _refund_made() -> AnswerWords:
    return _letter(
        _("Your refund, order %(number)s", number="{number}"),
        _("We have refunded your order. The money goes back the way you paid."),
        _("Your bank may take five to ten business days to show it."),
        "{text}",
    )


def _refund_refused() -> AnswerWords:
    return _letter(
        _("Your refund request, order %(number)s", number="{number}"),
        _("We looked at your request, and we can't refund this order. The reason:"),
        "{reason}",
        _("If we missed something, please reply."),
    )


FREE_TEXT = "free-text"  # fits every letter
OURS: dict[str, OurAnswer] = {
    FREE_TEXT: OurAnswer(title="Write to the buyer", make=_free_text),
    "download": OurAnswer(title="Can't find the download", make=_download),
    "key": OurAnswer(title="Key doesn't work, or too many devices", make=_key),
    "new-computer": OurAnswer(title="License for a new computer", make=_new_computer),
    "address": OurAnswer(title="Wrong address corrected", make=_address),
    "invoice": OurAnswer(title="Invoice or tax ID wanted", make=_invoice),
    "upgrade": OurAnswer(title="Question about an upgrade", make=_upgrade),
    "refund-made": OurAnswer(title="Refund made", make=_refund_made),
    "refund-refused": OurAnswer(title="Refund refused, and why", make=_refund_refused),
}
