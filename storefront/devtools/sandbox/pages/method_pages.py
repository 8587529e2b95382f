"""The pages that a way to pay brings along: a voucher, a bank's details, a page that asks yes or no."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.checkout.redirect import way_back
from storefront.devtools.sandbox.checkout.redirected import answer_redirect, waits_for_answer
from storefront.devtools.sandbox.money import plain
from storefront.devtools.sandbox.pages.notice import notice
from storefront.devtools.sandbox.pages.policy import PLAIN, protect
from storefront.devtools.sandbox.payments.kinds import KINDS
from storefront.devtools.sandbox.payments.vouchers import day_of, expires_at
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.store import current_store
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

method_pages = Blueprint("method_pages", __name__)
_TEMPLATE = "devtools/sandbox/method.html"


def _find_intent(work: UnitOfWork, intent_id: str) -> Record | None:
    return work.records.find("payment_intent", intent_id)


@method_pages.get("/vouchers/<intent_id>")
def voucher(intent_id: str) -> ResponseReturnValue:
    with current_store().work() as work:
        intent = _find_intent(work, intent_id)
        if intent is None or "voucher" not in intent.private:
            return notice("Voucher not found", "There is no voucher at this address.", 404)
        back_url = _back_url(work, intent)
    action = intent.private["voucher"]
    kind = action["type"].removesuffix("_display_details")
    is_open = intent.body["status"] == "requires_action"
    rows = [("Amount", _amount(intent)), *_voucher_rows(action[action["type"]])]
    if is_open:
        rows.append(("Pay until", day_of(expires_at(intent), kind)))
    message = "" if is_open else "This voucher cannot be paid any more."
    page = _page(f"{KINDS[kind].label} voucher", rows, back_url=back_url, message=message)
    return protect(page, PLAIN)


@method_pages.get("/transfers/<intent_id>")
def transfer(intent_id: str) -> ResponseReturnValue:
    with current_store().work() as work:
        intent = _find_intent(work, intent_id)
        action = (None if intent is None else intent.body["next_action"]) or {}
        shown = action.get("display_bank_transfer_instructions")
        if intent is None or shown is None:
            return notice("Nothing to send", "No bank transfer is waited for at this address.", 404)
        back_url = _back_url(work, intent)
    rows = [
        ("Still to send", plain(shown["amount_remaining"], shown["currency"])),
        ("Reference", shown["reference"]),
        *_address_rows(shown["financial_addresses"][0]),
    ]
    return protect(_page("Bank transfer", rows, back_url=back_url), PLAIN)


@method_pages.get("/mandates/<reference>")
def mandate(reference: str) -> ResponseReturnValue:
    return notice("Mandate", f"The mandate {reference} allows the shop to debit this account.", 200)


@method_pages.get("/redirects/<intent_id>")
def ask(intent_id: str) -> ResponseReturnValue:
    with current_store().work() as work:
        intent = _find_intent(work, intent_id)
        if intent is None or not waits_for_answer(intent):
            return notice("Nothing to approve", "This payment waits for no answer.", 404)
        method = work.records.get("payment_method", intent.body["payment_method"])
    back = urlsplit(intent.body["next_action"]["redirect_to_url"]["return_url"])
    page = _page(KINDS[method.body["type"]].label, [("Amount", _amount(intent))], asks=True)
    # A browser checks where a form's answer leads on to, so the way back must be allowed, too.
    allowed = f"form-action 'self' {back.scheme}://{back.netloc}"
    return protect(page, f"{PLAIN}; {allowed}")


@method_pages.post("/redirects/<intent_id>")
def answer(intent_id: str) -> ResponseReturnValue:
    """`answer=approve` or `refuse`; leads back in both cases, as Stripe does."""
    with current_store().work(base_url=request.host_url.rstrip("/")) as work:
        intent = _find_intent(work, intent_id)
        if intent is None or not waits_for_answer(intent):
            return notice("Nothing to approve", "This payment waits for no answer.", 404)
        url = answer_redirect(work, intent, approved=request.form.get("answer") == "approve")
    return redirect(url, 303)


def _page(
    title: str, rows: list[tuple[str, str]], *, back_url: str | None = None, message: str = "", asks: bool = False
) -> Response:
    return Response(
        render_template(_TEMPLATE, title=title, rows=rows, back_url=back_url, message=message, asks=asks)
    )


def _amount(intent: Record) -> str:
    return plain(intent.body["amount"], intent.body["currency"])


def _back_url(work: UnitOfWork, intent: Record) -> str | None:
    session = work.records.find("checkout.session", intent.private.get("session") or "")
    return None if session is None else way_back(session.body)


def _voucher_rows(details: Json) -> list[tuple[str, str]]:
    rows = [(name.capitalize(), details[name]) for name in ("entity", "reference", "number") if name in details]
    stores = hash_of(details, "stores")
    return rows + [(store.capitalize(), codes["payment_code"]) for store, codes in stores.items()]


def _address_rows(address: Json) -> list[tuple[str, str]]:
    """Return what a bank asks for, without the holder's postal address."""
    details = address[address["type"]]
    return [(_label(name), value) for name, value in details.items() if isinstance(value, str)]


def _label(name: str) -> str:
    known = {"bic": "BIC", "iban": "IBAN", "clabe": "CLABE"}
    return known.get(name, name.replace("_", " ").capitalize())
