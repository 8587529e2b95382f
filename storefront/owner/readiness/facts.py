"""Facts that the list is made of: plain values, so that what follows from them can be tested as a table."""

from dataclasses import dataclass
from datetime import datetime

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.config.settings import Mode
from storefront.owner.health.trouble import Trouble
from storefront.owner.readiness.answers import Answer
from storefront.shop.editor.part_troubles import PartTrouble
from storefront.shop.pages.models import LegalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogFacts:
    """`mirrored` of the `prices` for sale are at Stripe already, in the running mode."""

    for_sale: int
    drafts: int
    prices: int
    mirrored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedMail:
    recipient: str
    state: str
    error: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFacts:
    """Owners who have come in, how many of them have a passkey that works, and how many only others."""

    owners: int
    with_passkey: int
    with_old_passkey: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxFacts:
    """`untaxed` are names of products for sale that lack a tax code or say not whether tax is in their prices."""

    answer: Answer | None
    untaxed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFacts:
    """Whether Stripe refused to ask buyers for consent, and whether it did ask within a month."""

    is_refused: bool
    has_asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Answers are None where nobody has asked yet."""

    mode: Mode
    base_url: str
    is_reachable: bool  # for Stripe's webhook
    placeholders: tuple[str, ...]  # names of settings that still say what an example said
    mail_from: str
    mail_server: str
    trusted_proxies: int
    files: str  # "folder" or "bucket"
    database: str  # "sqlite" or "postgresql"
    trouble: Trouble
    stripe: Answer | None
    webhook: Answer | None
    storage: Answer | None
    restored: Answer | None
    test_mail: TriedMail | None
    catalog: CatalogFacts
    people: PeopleFacts
    unpublished: tuple[LegalKind, ...]  # that no page of the shop says, and no setting leads to
    samples: tuple[LegalKind, ...]  # that still say what the sample shop said, outside the sandbox
    saw_proxy: bool  # a request came through one within the hour
    tax: TaxFacts | None = None  # of a shop that collects tax through Stripe
    checkout_ui: CheckoutUi = CheckoutUi.EMBEDDED
    reminders: ReminderFacts | None = None  # of a shop that sends any
    bundles: int = 0  # editions for sale that include something
    part_troubles: tuple[PartTrouble, ...] = ()
    currency_trouble: str = ""  # a main currency in which nothing has a price
