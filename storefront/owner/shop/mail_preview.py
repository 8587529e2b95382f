"""A receipt as it would look with words that are not saved yet."""

from collections.abc import Mapping
from dataclasses import replace

from flask import render_template

from storefront.mail.inlined import inline_styles
from storefront.owner.shop.sample_purchase import sample_mail
from storefront.shop.profile.change import RULES, read_written
from storefront.shop.profile.read import profile_of, read_profile, showing

LONGEST_PREVIEW = 4000  # characters of a text: what cannot be saved is shown all the same, within reason
SHEET = '<table class="frame"'


def preview_receipt(typed: Mapping[str, str], *, email: str) -> str:
    """Return the mail's HTML below its head: sender, where answers go, subject."""
    words = {name: _plain(typed[name]) for name in RULES if name in typed}
    with showing(replace(profile_of(read_written() | words), looks=read_profile().looks)):
        values = sample_mail(email) | {"is_to_buyer": True}
        subject = " ".join(render_template("messages/receipt/subject.txt", **values).split())
        head = render_template("messages/_head.html", subject=subject, email=email)
        mail = render_template("messages/receipt/body.html", **values)
    return inline_styles(mail.replace(SHEET, head + SHEET, 1))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()[:LONGEST_PREVIEW]
