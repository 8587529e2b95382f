"""The receipt by email on the smallest screens: its labels stay whole in each language."""

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.mail.letter import Mail
from storefront.mail.models import MailKind, OutboxMessage
from storefront.messages.compose import compose
from tests.support.rows import change_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# How many lines each label of the receipt fills: of number, day and way to pay.
LINES = """() => [...document.querySelectorAll("td.label")].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return [cell.innerText, range.getClientRects().length];
})"""


def receipt_in(app: Flask, language: Language) -> str:
    change_rows(app, "UPDATE orders SET language = :language", language=language.value)
    with app.app_context():
        message = db.session.query(OutboxMessage).filter_by(kind=MailKind.RECEIPT).one()
        mail = compose(message)
        db.session.remove()
    assert isinstance(mail, Mail)
    return mail.html


@pytest.mark.parametrize("width", [320, 375])
def test_keeps_labels_whole_on_a_phone(app: Flask, sandbox: SandboxClient, chromium: Browser, width: int) -> None:
    sell(app, sandbox)
    viewport: Any = {"width": width, "height": 740}
    page = chromium.new_page(viewport=viewport)
    for language in Language:
        page.set_content(receipt_in(app, language))
        lines = page.evaluate(LINES)
        assert len(lines) == 3, lines
        assert {count for _label, count in lines} == {1}, lines
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
