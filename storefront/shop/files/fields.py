"""Every field that a file may have, in the order in which it is written: for reading, writing and the schema."""

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.shop.catalog.amounts import Amount, write_amount
from storefront.shop.catalog.models import KeySource, ProductState
from storefront.shop.catalog.releases import ReleaseState
from storefront.shop.catalog.tax import BEHAVIORS
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.editor.product_settings import PRODUCT_FIELDS
from storefront.shop.editor.texts import EDITION_RULES, RULES, TextRule
from storefront.shop.emails.words import RULES as EMAIL_RULES
from storefront.shop.files.quotes import quotes
from storefront.shop.files.shop_values import accent, address, consent, currency
from storefront.shop.files.values import (
    Field,
    choice,
    flag,
    last_day,
    moment,
    number,
    parts,
    prefix,
    questions,
    slug,
    slugs,
    tags,
    text,
    upgrades,
    word,
)
from storefront.shop.files.yaml_text import Plain
from storefront.shop.looks.files import LooksFile
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.media.words import ALT, TITLE
from storefront.shop.pages.consent import RULES as CONSENT
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.words import RULES as PAGE_RULES
from storefront.shop.profile.change import RULES as PROFILE

DESCRIPTION = text("description", RULES["description_markdown"], column="description_markdown")
STATES = tuple(state.value for state in ProductState)
FILENAME = TextRule(label="The file name", longest=180, is_needed=True)

PRODUCT = (
    text("name", RULES["name"]),
    text("tagline", RULES["summary"], column="summary"),
    choice("state", STATES),
    tags("tags"),
    text("search_title", RULES["search_title"]),
    text("search_text", RULES["search_text"]),
    text("requirements", RULES["requirements"]),
    questions("questions"),
    quotes("quotes"),
    text("first_steps", RULES["first_steps"]),
    flag("grants_license"),
    flag("grants_download"),
    choice("key_source", tuple(source.value for source in KeySource)),
    prefix("license_prefix"),
    flag("one_key_per_order_item"),
    number("activation_limit"),
    number("seats"),
    number("license_days"),
    last_day("license_until"),
    number("update_days"),
    number("download_limit"),
    number("download_days"),
    number("pool_low_at", may_be_none=False),
    number("pool_very_low_at", may_be_none=False),
    number("most_in_form"),
    slugs("offered_beside"),
    choice("checkout_ui", tuple(CheckoutUi), may_be_none=True),
    word("tax_code", pattern=r"txcd_[0-9]{8}"),
    word("tax_behavior", pattern="|".join(BEHAVIORS)),
    slug("first_slug"),
    slugs("aliases"),
)
EDITION = (
    text("name", EDITION_RULES["name"]),
    text("line", EDITION_RULES["line"]),
    flag("is_active"),
    number("activation_limit"),
    number("seats"),
    number("update_days"),
    upgrades("upgrades_from", EDITION_RULES["upgrades_from"]),
    parts(INCLUDES),
)
PICTURE = (text("alt", ALT), text("filename", FILENAME))
SAMPLE = (text("title", TITLE), text("filename", FILENAME))
RELEASE = (
    choice("state", tuple(state.value for state in ReleaseState)),
    moment("published_at"),
)
OF_SHOP = {"support_email": address, "main_currency": currency}
SHOP = (
    *(OF_SHOP.get(name, text)(name, rule) for name, rule in PROFILE.items()),
    accent("accent"),
    choice("type_pairing", tuple(pairing.value for pairing in TypePairing)),
    flag("font_for_text"),
    flag("asks_consent"),
    consent("consent_text", CONSENT["consent_text"]),
    flag("sends_reminders"),
    flag("saves_cards"),
    flag("ignores_referrers"),
    slugs("order"),
    slugs("page_order"),
)
PAGE = (
    text("title", PAGE_RULES["title"]),
    choice("legal_kind", tuple(kind.value for kind in LegalKind), may_be_none=True),
    flag("is_published"),
)
BODY = text("text", PAGE_RULES["body_markdown"], column="body_markdown")
EMAIL = (text("subject", EMAIL_RULES["subject"]), text("heading", EMAIL_RULES["heading"]))
EMAIL_BODY = text("text", EMAIL_RULES["body"], column="body")
LOOKS = tuple(kind.value for kind in LooksFile)  # files beside shop.toml, by what they are there for

SETTINGS = frozenset(PRODUCT_FIELDS)  # of a product: everything else of it is a text, or has an act of its own
LISTS = ("editions", "pictures", "samples")  # of a product: things of their own


def by_name(fields: tuple[Field, ...]) -> dict[str, Field]:
    return {field.name: field for field in fields}


def write_price(amount: Amount, currency: str) -> Plain:
    return Plain(write_amount(amount, currency))
