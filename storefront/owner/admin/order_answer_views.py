"""`/admin/orders/<number>/answer`: a prepared answer is chosen, changed, looked at and sent to who bought."""

from dataclasses import replace

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound, StorefrontError
from storefront.core.languages import Language, find_language
from storefront.core.tokens import new_token
from storefront.orders.lookup import get_order
from storefront.orders.sent_answers import OtherAnswer, Reader
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.email_views import TEXT_BODY_BYTES, as_mail
from storefront.owner.admin.order_views import order_done, order_page
from storefront.owner.admin.refused_saves import refusal_words
from storefront.owner.answers.prepare import language_of, prepare_answer, preview_answer
from storefront.owner.answers.send import send_answer
from storefront.owner.people.roles import Permission
from storefront.shop.answers.ours import FREE_TEXT
from storefront.shop.answers.queries import list_answers
from storefront.shop.answers.words import FIELDS, AnswerWords
from storefront.web.bodies import takes_bytes

LONGEST_FORM = 64
SENT_ALREADY = "This was sent already. To send it once more within the hour, change a word of it."


class AnswerGone(StorefrontError):
    code = "answer_gone"
    status = 409
    title = "This answer was deleted"


@admin.get("/orders/<number>/answer")
@needs(Permission.ORDERS)
def answer_order(number: str) -> ResponseReturnValue:
    """Choose an answer; with `answer` its form."""
    return _page(number)


def _page(number: str, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    order, asked = get_order(number), request.values
    key = _key(refusal)
    prepared = None
    if key:
        try:
            prepared = prepare_answer(order, key, language=find_language(asked.get("language")), reader=_reader())
        except StorefrontError as problem:
            return order_page(number, problem)
    if prepared is not None and refusal is not None:
        prepared = replace(prepared, words=_typed())
    page = render_template(
        "owner/orders/answer.html",
        number=order.number,
        answers=list_answers(),
        prepared=prepared,
        form=_form_name(refusal),
        **refusal_words(refusal),
    )
    return make_response(page, refusal.status if refusal else 200)


def _form_name(refusal: StorefrontError | None) -> str:
    """Return the one that was sent, where nothing came of it: it is sent once, however often it is refused."""
    known = "" if isinstance(refusal, OtherAnswer) else request.form.get("form", "")
    return known or new_token()


def _key(refusal: StorefrontError | None) -> str:
    """Return the answer that is shown: where it is gone, the one that fits every letter."""
    return FREE_TEXT if isinstance(refusal, AnswerGone) else request.values.get("answer", "")


def _reader() -> Reader:
    return Reader.RECEIVER if request.values.get("to") == Reader.RECEIVER else Reader.BUYER


def _language(number: str) -> Language:
    return find_language(request.form.get("language")) or language_of(get_order(number))


def _typed() -> AnswerWords:
    subject, body = (request.form.get(name, "").replace("\r\n", "\n") for name in FIELDS)
    return AnswerWords(subject=subject, body=body)


@admin.post("/orders/<number>/answer")
@needs(Permission.ORDERS)
@takes_bytes(TEXT_BODY_BYTES)
def send_order_answer(number: str) -> ResponseReturnValue:
    form = request.form.get("form", "")[:LONGEST_FORM]
    try:
        sent = send_answer(
            number,
            request.form.get("answer", ""),
            _typed(),
            language=_language(number),
            reader=_reader(),
            form=form,
        )
    except NotFound:  # the order is asked for again below
        gone = AnswerGone("This answer was deleted meanwhile. What you wrote is below: send it once more.")
        return _page(number, gone)
    except StorefrontError as refusal:
        return _page(number, refusal)
    words = f"Your email is on its way to {sent.recipient}." if sent.recipient else SENT_ALREADY
    return order_done(sent.number, words)


@admin.post("/orders/<number>/answer/preview")
@needs(Permission.ORDERS)
@takes_bytes(TEXT_BODY_BYTES)
def preview_order_answer(number: str) -> ResponseReturnValue:
    """Show what is typed as the email. Nothing on it can be sent anywhere."""
    order = get_order(number)
    return as_mail(preview_answer(order, _typed(), language=_language(number), reader=_reader()))
