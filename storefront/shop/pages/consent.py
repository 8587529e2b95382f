"""Whether buyers are asked to agree to immediate delivery, and the words that Stripe's form shows for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from storefront.core.languages import Language, _, offered, say, speaking
from storefront.core.runtime import absolute_url, settings
from storefront.core.texts import marked
from storefront.shop.editor.texts import TextRule, clean_texts
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.refusals import PageRefused
from storefront.shop.profile.form_fields import FormField, read_fields
from storefront.shop.profile.read import read_profile, read_told_profile
from storefront.shop.profile.row import ProfilePart, change_part, read_part

LONGEST_AT_STRIPE = 1200  # https://docs.stripe.com/api/checkout/sessions/create, custom_text
PROPOSED = marked(
    "I agree that delivery begins right after my order, before the withdrawal period has ended, "
    "and I know that I lose my right of withdrawal with that."
)
DEFAULT_TEXT = str(PROPOSED)
CONSENT = ProfilePart(verb="shop.changed", columns={"asks_consent": False, "consent_text": DEFAULT_TEXT})
RULES = {"consent_text": TextRule(label="The text", longest=LONGEST_AT_STRIPE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutWords:
    """What Stripe's form says and asks besides the price. An empty `consent` asks for nothing.

    `asks_for_news`: whether the shop may write to the buyer, as it has to be asked before a reminder.
    """

    terms_url: str | None
    consent: str
    fields: tuple[FormField, ...] = ()
    asks_for_news: bool = False

    @property
    def beside_box(self) -> str:
        """Return the words beside the box that a buyer ticks."""
        terms = _("I accept the [terms](%(address)s).", address=self.terms_url) + " " if self.terms_url else ""
        return _fitting(terms, self.consent)

    @property
    def above_button(self) -> str:
        """Return the words above the pay button where there is no box; empty where there is nothing to say."""
        terms = (
            _("By paying you accept our [terms](%(address)s).", address=self.terms_url) if self.terms_url else ""
        )
        if not self.consent:
            return terms
        return _fitting(f"{terms} ".lstrip(), _("By paying you declare: %(words)s", words=self.consent))


def _fitting(first: str, text: str) -> str:
    """Leave out what comes first where both do not fit, as after a change of BASE_URL."""
    whole = first + text
    return (whole if len(whole) <= LONGEST_AT_STRIPE else text)[:LONGEST_AT_STRIPE]


def read_checkout_words() -> CheckoutWords:
    """Return what counts for a checkout that begins now."""
    profile = read_told_profile()
    consent = _in_language(profile.consent_text) if profile.asks_consent else ""
    fields = read_fields(profile.form_fields)
    return CheckoutWords(
        terms_url=find_terms_url(), consent=consent, fields=fields, asks_for_news=profile.sends_reminders
    )


def _in_language(text: str) -> str:
    """Return the owner's words, or those that the shop proposes in the language of the buyer."""
    return say(PROPOSED) if text in ("", DEFAULT_TEXT) else text


def find_terms_url() -> str | None:
    """Return what the setting TERMS_URL says, or else the address of the shop's own published terms."""
    slug = next((page.slug for page in read_profile().pages if page.legal_kind is LegalKind.TERMS), None)
    return settings().terms_url or (absolute_url("pages.page", slug=slug) if slug else None)


def read_consent() -> dict[str, Any]:
    """Return the switch and the words, by column; the words that the shop proposes where none were saved."""
    return read_part(CONSENT)


def change_consent(submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None) -> list[str]:
    """Write what changed of the switch (`asks_consent`) and the words. Returns the names of the fields.

    It counts for checkouts that begin from now on; Payment Links keep the words that they were made with. Without
    words, those that the shop proposes count.

    Raises:
        PageRefused: words that cannot be, or that are too long beside the link to the terms.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    return change_part(CONSENT, dict(submitted) | _clean_words(submitted), shown=shown)


def _clean_words(submitted: Mapping[str, Any]) -> dict[str, Any]:
    if "consent_text" not in submitted:
        return {}
    cleaned = clean_texts({"consent_text": submitted["consent_text"]}, RULES, refused=PageRefused)
    try:
        if cleaned["consent_text"] != read_consent()["consent_text"]:  # what is there already is let be
            check_room(cleaned["consent_text"], offered().languages)
    except ValueError as error:
        raise PageRefused({"consent_text": str(error)}) from error
    return cleaned if cleaned["consent_text"] else {"consent_text": DEFAULT_TEXT}


def check_room(text: str, languages: Iterable[Language]) -> None:
    """Raises ValueError: these words do not fit beside the link to the terms, in one of these languages."""
    if not text:
        return
    room = min(map(_find_room, languages))
    if len(text) > room:
        raise ValueError(f"The text has {len(text):,} characters, and {room:,} fit.")


def _find_room(language: Language) -> int:
    with speaking(language):
        words = CheckoutWords(terms_url=find_terms_url(), consent=".")
        return LONGEST_AT_STRIPE + 1 - max(len(words.beside_box), len(words.above_button))
