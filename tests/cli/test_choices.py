"""What options take is written out, so that their help loads no model."""

from collections.abc import Iterable

import pytest

from storefront.cli import choices
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.languages import Language
from storefront.mail.models import MailState
from storefront.orders.access import Reason
from storefront.orders.models import Decision
from storefront.orders.sent_answers import Reader
from storefront.owner.accounting.csv_file import DecimalSign, Separator
from storefront.owner.accounting.export import FileFormat
from storefront.owner.disputes.files import KINDS
from storefront.owner.people.models import Role
from storefront.payments.fulfillment.refund import REASONS
from storefront.shop.catalog.models import KeySource
from storefront.shop.emails.editable import EDITABLE
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.pages.models import LegalKind


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (choices.ORDER_STATES, [reason for reason in Reason if reason is not Reason.ITEM_REFUNDED]),
        (choices.DECISIONS, Decision),
        (choices.MAIL_STATES, MailState),
        (choices.KEY_SOURCES, KeySource),
        (choices.CHECKOUT_UIS, CheckoutUi),
        (choices.LEGAL_KINDS, LegalKind),
        (choices.ROLES, Role),
        (choices.FILE_FORMATS, FileFormat),
        (choices.SEPARATORS, Separator),
        (choices.DECIMAL_SIGNS, DecimalSign),
        (choices.TYPE_PAIRINGS, TypePairing),
        (choices.EMAILS, EDITABLE),
        (choices.LANGUAGES, Language),
        (choices.READERS, Reader),
        (choices.REFUND_REASONS, REASONS),
    ],
    ids=[
        "order",
        "decision",
        "mail",
        "key",
        "checkout",
        "legal",
        "role",
        "file",
        "separator",
        "decimal",
        "type",
        "email",
        "language",
        "reader",
        "refund",
    ],
)
def test_offers_every_value_that_there_is(words: tuple[str, ...], meant: Iterable[str]) -> None:
    assert words == tuple(meant)


def test_offers_every_kind_of_evidence() -> None:
    assert tuple(KINDS) == choices.EVIDENCE_FILES
