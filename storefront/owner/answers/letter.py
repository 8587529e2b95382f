"""An answer as an email: the same words for who looks at it, and for who gets it."""

from collections.abc import Mapping
from dataclasses import replace

from flask import render_template

from storefront.mail.inlined import inline_styles
from storefront.owner.shop.mail_preview import SHEET
from storefront.shop.answers.words import AnswerWords
from storefront.shop.emails.words import Filled, Words, fill

FOLDER = "messages/answer"


def fill_letter(words: AnswerWords, values: Mapping[str, str]) -> Filled:
    """Put the links into the body. The subject stays as it is written: no link is ever filled into one."""
    letter = fill(Words(subject="", heading="", body=words.body), values)
    return replace(letter, subject=words.subject)


def show_letter(words: AnswerWords, values: Mapping[str, str], *, email: str, number: str) -> str:
    """Return the email's HTML in the language of now, below its head: sender, where answers go, subject."""
    letter = fill_letter(words, values)
    head = render_template("messages/_head.html", subject=" ".join(letter.subject.split()), email=email)
    html = render_template(f"{FOLDER}/body.html", letter=letter, number=number, is_to_buyer=True)
    return inline_styles(html.replace(SHEET, head + SHEET, 1))
