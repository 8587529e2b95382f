"""Reads the facts of the list: settings, a few small statements, and what was asked before. No network."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select

from storefront.core import clock
from storefront.core.config.settings import Mode, Settings
from storefront.core.config.strength import is_nobodys
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.models import MailKind, OutboxMessage
from storefront.orders.notices import NoticeKind, list_open_notices
from storefront.owner.health.trouble import Trouble, read_trouble
from storefront.owner.people.models import Passkey, Person, Role
from storefront.owner.people.moved_passkeys import works_here
from storefront.owner.readiness.answers import Answer, read_answers
from storefront.owner.readiness.facts import CatalogFacts, Facts, PeopleFacts, ReminderFacts, TaxFacts, TriedMail
from storefront.owner.readiness.models import Question
from storefront.owner.readiness.point import Point
from storefront.owner.readiness.points import find_points
from storefront.payments.checkout.models import Checkout
from storefront.payments.webhook.endpoint import is_reachable
from storefront.shop.catalog.currency import main_currency
from storefront.shop.catalog.mirrors import in_running_mode, is_taxed_as_now
from storefront.shop.catalog.models import FOR_SALE, Edition, Price, Product, ProductState, StripeMirror
from storefront.shop.catalog.parts import includes_something
from storefront.shop.catalog.queries import is_for_sale
from storefront.shop.editor.part_troubles import PartTrouble, find_part_troubles
from storefront.shop.pages.models import LegalKind, Page
from storefront.shop.pages.words import SAMPLE_MARK
from storefront.shop.profile.main_currency import find_currency_trouble, list_priced
from storefront.shop.profile.read import read_profile

PROXY_SEEN = timedelta(hours=1)
ASKED_SINCE = timedelta(days=30)
EXAMPLE_NAMES = ("Storefront", "Your shop")
ELLIPSIS = "…"


def read_points(trouble: Trouble | None = None) -> list[Point]:
    """Return the list as it is now; `trouble` where the caller has read it already."""
    return find_points(read_facts(trouble or read_trouble()))


def read_facts(trouble: Trouble) -> Facts:
    shop, answers = settings(), read_answers()
    seen = trouble.untrusted_proxy_at
    return Facts(
        mode=shop.mode,
        base_url=shop.base_url,
        is_reachable=is_reachable(shop.mode, shop.base_url),
        placeholders=find_placeholders(shop),
        mail_from=shop.mail_from.address,
        mail_server=shop.mail_server,
        trusted_proxies=shop.trusted_proxies,
        files="folder" if shop.is_folder else "bucket",
        database=shop.database_url.partition(":")[0].partition("+")[0],
        trouble=trouble,
        stripe=answers.get(Question.STRIPE),
        webhook=answers.get(Question.WEBHOOK),
        storage=answers.get(Question.STORAGE),
        restored=answers.get(Question.RESTORED),
        test_mail=_read_test_mail(answers),
        catalog=_read_catalog(),
        people=_read_people(),
        unpublished=find_unpublished(shop),
        samples=_find_samples(shop),
        saw_proxy=seen is not None and clock.now() - seen <= PROXY_SEEN,
        tax=_read_tax(answers) if shop.stripe_tax else None,
        checkout_ui=shop.checkout_ui,
        reminders=_read_reminders() if read_profile().sends_reminders else None,
        bundles=(bundles := _count_bundles()),
        part_troubles=_read_part_troubles() if bundles else (),
        currency_trouble=_read_currency_trouble(),
    )


def _count_bundles() -> int:
    sold = Product.state.in_(FOR_SALE) & Edition.is_active & includes_something()
    editions = select(func.count(Edition.id)).join(Product, Product.id == Edition.product_id)
    return db.session.scalar(editions.where(sold)) or 0


def _read_part_troubles() -> tuple[PartTrouble, ...]:
    return tuple(trouble for trouble in find_part_troubles(db.session()) if trouble.is_for_sale)


def _read_currency_trouble() -> str:
    """Ask for prices only where an owner chose a main currency."""
    main = main_currency()
    return find_currency_trouble(main, list_priced(db.session())) if main else ""


def find_placeholders(shop: Settings) -> tuple[str, ...]:
    """Return the names of settings that README's example left behind; secrets are refused at the start."""
    contact = shop.security_contact if shop.security_contact != shop.mail_from.address else None
    found = {
        "SHOP_NAME": read_profile().name in EXAMPLE_NAMES,
        "BASE_URL": is_nobodys(urlsplit(shop.base_url).hostname),
        "MAIL_SERVER": is_nobodys(shop.mail_server),
        "MAIL_USERNAME": shop.mail_username == ELLIPSIS or is_nobodys(shop.mail_username),
        "MAIL_PASSWORD": shop.mail_password == ELLIPSIS,
        "MAIL_FROM": is_nobodys(shop.mail_from.address),
        "OWNER_EMAIL": is_nobodys(shop.owner_email),
        "TRUSTED_HOSTS": any(map(is_nobodys, shop.trusted_hosts)),
        "TERMS_URL": is_nobodys(urlsplit(shop.terms_url or "").hostname),
        "SECURITY_CONTACT": is_nobodys(urlsplit(contact or "").hostname or contact),
    }
    return tuple(name for name, is_of_example in found.items() if is_of_example)


def find_unpublished(shop: Settings) -> tuple[LegalKind, ...]:
    """Return what of a shop's legal pages nobody can read yet; terms may be elsewhere, by TERMS_URL."""
    published = {page.legal_kind for page in read_profile().pages}
    published |= {LegalKind.TERMS} if shop.terms_url else set()
    return tuple(kind for kind in LegalKind if kind not in published)


def _find_samples(shop: Settings) -> tuple[LegalKind, ...]:
    """Return the legal pages that came with the sample shop. In the sandbox they do no harm."""
    if shop.mode is Mode.SANDBOX:
        return ()
    says_so = Page.body_markdown.startswith(SAMPLE_MARK, autoescape=True)
    kinds = select(Page.legal_kind).where(Page.is_published, Page.legal_kind.is_not(None), says_so)
    return tuple(kind for kind in db.session.scalars(kinds.order_by(Page.position)) if kind is not None)


def _read_test_mail(answers: Mapping[Question, Answer]) -> TriedMail | None:
    if Question.TEST_MAIL not in answers:
        return None
    about = answers[Question.TEST_MAIL].body["about"]
    row = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == MailKind.TEST_MAIL, OutboxMessage.about == about)
    ).one_or_none()
    if row is None:
        return None
    return TriedMail(
        recipient=row.recipient,
        state=row.state.value,
        error=row.last_error,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )


def _read_catalog() -> CatalogFacts:
    prices = (
        select(
            func.count(func.distinct(Edition.product_id)).label("for_sale"),
            func.count(func.distinct(Price.id)).label("prices"),
            func.count(func.distinct(StripeMirror.price_id)).label("mirrored"),
        )
        .select_from(Price)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .outerjoin(StripeMirror, (StripeMirror.price_id == Price.id) & in_running_mode() & is_taxed_as_now())
        .where(is_for_sale())
    )
    row = db.session.execute(prices).one()
    drafts = select(func.count()).select_from(Product).where(Product.state == ProductState.DRAFT)
    return CatalogFacts(
        for_sale=row.for_sale,
        prices=row.prices,
        mirrored=row.mirrored,
        drafts=db.session.scalar(drafts) or 0,
    )


def _read_tax(answers: Mapping[Question, Answer]) -> TaxFacts:
    is_silent = (Product.tax_code == "") | (Product.tax_behavior == "")
    names = (
        select(Product.name).where(Product.state.in_(FOR_SALE), is_silent).order_by(Product.position, Product.id)
    )
    return TaxFacts(answer=answers.get(Question.TAX), untaxed=tuple(db.session.scalars(names)))


def _read_reminders() -> ReminderFacts:
    refusals = {notice.kind for notice in list_open_notices()}
    asked = (
        select(Checkout.id)
        .where(
            Checkout.mode == settings().mode,
            Checkout.checkout_session_id.is_not(None),
            Checkout.created_at > clock.now() - ASKED_SINCE,
            Checkout.body["consent_collection"]["promotions"].as_string() == "auto",
        )
        .limit(1)
    )
    return ReminderFacts(
        is_refused=NoticeKind.REMINDERS_REFUSED in refusals,
        has_asked=db.session.scalar(asked) is not None,
    )


def _read_people() -> PeopleFacts:
    rows = db.session.execute(
        select(Person.id, Passkey.rp_id)
        .outerjoin(Passkey, Passkey.person_id == Person.id)
        .where(Person.role == Role.OWNER, Person.came_at.is_not(None))
    ).all()
    with_passkey = {row.id for row in rows if row.rp_id is not None and works_here(row.rp_id)}
    return PeopleFacts(
        owners=len({row.id for row in rows}),
        with_passkey=len(with_passkey),
        with_old_passkey=len({row.id for row in rows if row.rp_id is not None} - with_passkey),
    )
