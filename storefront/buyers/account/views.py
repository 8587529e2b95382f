"""`/library` and `/account`: everything bought with the address that is signed in, and that address itself."""

import json
from collections.abc import Callable

from flask import (
    Blueprint,
    Response,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from storefront.buyers.account.change_address import (
    AddressRefused,
    Change,
    find_change,
    prove_by_code,
    start_change,
)
from storefront.buyers.account.erase import NotYet, erase_by_code
from storefront.buyers.account.export import export_customer
from storefront.buyers.account.saved_cards import list_cards, may_have_cards, remove_card
from storefront.buyers.account.signed_in import end_signed_in, read_signed_in
from storefront.buyers.library.all_orders import read_owned
from storefront.buyers.library.by_product import read_products
from storefront.buyers.library.news import set_news
from storefront.buyers.offers.agree import say_offers
from storefront.buyers.offers.views import AGREED, STOPPED
from storefront.core.db import db
from storefront.core.errors import StripeRefused, StripeUnavailable
from storefront.core.texts import marked
from storefront.customers import proofs
from storefront.customers.browser_session import (
    CHANGE_KEY,
    ERASE_KEY,
    find_signed_in,
    reader_here,
    sign_in,
    sign_out,
    token_here,
)
from storefront.customers.ceilings import TooManyMails
from storefront.customers.models import Customer, ProofPurpose
from storefront.customers.offers import ConsentPlace
from storefront.customers.spend_proofs import CODE_SENTENCES, CodeResult
from storefront.orders.unproven import count_waiting
from storefront.shop.profile.saved_cards import may_save_cards
from storefront.stripe_api.saved_cards import SavedCard
from storefront.web.flashes import flash
from storefront.web.limits import limiter

account = Blueprint("account", __name__)

ENDS = {"old": (ProofPurpose.LEAVE_ADDRESS, 1), "new": (ProofPurpose.TAKE_ADDRESS, 2)}


@account.before_request
def demand_sign_in() -> ResponseReturnValue | None:
    customer = find_signed_in()
    if customer is None:
        return redirect(url_for("customers.enter_address"), 303)
    g.customer = customer
    return None


@account.after_request
def keep_out_of_searches(answer: Response) -> Response:
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@account.get("/library")
def library() -> ResponseReturnValue:
    return _show_owned("buyers/library/products.html", read_products)


@account.get("/library/orders")
def orders() -> ResponseReturnValue:
    return _show_owned("buyers/library/orders.html", read_owned)


def _show_owned(template: str, read: Callable[..., object]) -> ResponseReturnValue:
    """Show what somebody owns, as it is read for a query and a page of it."""
    query, page = _asked()
    return render_template(
        template,
        owned=read(g.customer.id, query=query, page=page),
        query=query,
        email=g.customer.email,
        waiting=count_waiting(g.customer),
    )


def _asked() -> tuple[str, int]:
    page = request.args.get("page", "1")
    return request.args.get("q", "").strip()[:100], int(page) if page.isdecimal() and len(page) < 6 else 1


@account.get("/account")
def settings() -> ResponseReturnValue:
    return _account_page()


def _account_page(*, new_email: str = "", error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "buyers/account/account.html",
        customer=g.customer,
        sessions=read_signed_in(g.customer.id, token=token_here()),
        has_cards=may_have_cards(g.customer.id),
        new_email=new_email,
        error=error,
    )
    return make_response(page, status)


@account.get("/account/cards")
@limiter.limit("30/minute")
def cards() -> ResponseReturnValue:
    try:
        saved = list_cards(g.customer.id)
    except (StripeUnavailable, StripeRefused) as error:
        return _cards_page([], is_unknown=True, status=error.status)
    return _cards_page(saved)


def _cards_page(saved: list[SavedCard], *, is_unknown: bool = False, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "buyers/account/cards.html", cards=saved, is_unknown=is_unknown, may_save=may_save_cards()
    )
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@account.post("/account/cards/remove")
@limiter.limit("10/minute")
def remove_saved_card() -> ResponseReturnValue:
    try:
        card = remove_card(g.customer.id, request.form.get("card", ""))
    except (StripeUnavailable, StripeRefused):
        flash(
            marked("The payment service gave no answer: your card is still saved. Try again in a moment."), "bad"
        )
        return redirect(url_for("account.cards"), 303)
    flash(
        marked("%(brand)s %(last4)s is removed.", brand=card.brand, last4=card.last4)
        if card
        else marked("That card has been removed already."),
        "good",
    )
    return redirect(url_for("account.cards"), 303)


@account.post("/account/news")
def choose_news() -> ResponseReturnValue:
    wants = "wants" in request.form
    set_news(g.customer.id, wants=wants)
    flash(
        marked("You get update emails.") if wants else marked("No more update emails. Receipts still come."),
        "good",
    )
    return redirect(url_for("account.settings"), 303)


@account.post("/account/offers")
def choose_offers() -> ResponseReturnValue:
    """Without a tick nothing is agreed to."""
    stops = "stops" in request.form
    if stops or "agrees" in request.form:
        say_offers(g.customer.id, ConsentPlace.ACCOUNT, agrees=not stops)
        flash(STOPPED if stops else AGREED, "good")
    return redirect(url_for("account.settings"), 303)


@account.post("/account/sessions/<row:sign_in_id>/end")
@limiter.limit("60/minute")
def end_session(sign_in_id: int) -> ResponseReturnValue:
    """Another browser's: a lost phone, a library's computer. Of this one `/sign-out` does it."""
    browser = end_signed_in(g.customer.id, sign_in_id)
    if browser is None:
        flash(marked("That session had already ended."), "good")
    else:
        flash(marked("%(browser)s is signed out.", browser=browser), "good")
    return redirect(url_for("account.settings") + "#sessions", 303)


@account.post("/account/address")
@limiter.limit("5/minute;20/hour")
def begin_change() -> ResponseReturnValue:
    new_email = request.form.get("new_email", "")
    try:
        started = start_change(g.customer.id, new_email, asked_by=reader_here().browser)
    except (AddressRefused, TooManyMails) as error:
        return _account_page(new_email=new_email[:254], error=error.message, status=error.status)
    # The change, both proofs, and whether this browser has proven that its owner reads the new mailbox.
    session[CHANGE_KEY] = [started.id, started.leave_id, started.take_id, False]
    return redirect(url_for("account.change_address"), 303)


def _find_own_change() -> Change | None:
    change = find_change(session[CHANGE_KEY][0]) if CHANGE_KEY in session else None
    return change if change and change.customer_id == g.customer.id else None


@account.get("/account/address")
def change_address() -> ResponseReturnValue:
    change = _find_own_change()
    if change is None or change.is_done:
        return redirect(url_for("account.settings"))
    return _change_page(change)


def _change_page(change: Change, *, end: str = "", error: str = "") -> ResponseReturnValue:
    page = render_template(
        "buyers/account/change_address.html", change=change, old_email=g.customer.email, which=end, error=error
    )
    return make_response(page, 400 if error else 200)


@account.post("/account/address/<any(old, new):end>")
@limiter.limit("10/minute;60/hour")
def prove_address(end: str) -> ResponseReturnValue:
    change = _find_own_change()
    if change is None:
        return redirect(url_for("account.settings"), 303)
    purpose, position = ENDS[end]
    kept = session[CHANGE_KEY]
    code = request.form.get("code", "")
    result, proven = prove_by_code(change.id, kept[position], code, purpose=purpose, reader=reader_here())
    if result is not CodeResult.PROVEN:
        return _change_page(change, end=end, error=CODE_SENTENCES[result])
    reads_new = kept[-1] or purpose is ProofPurpose.TAKE_ADDRESS
    if proven is not None and not proven.is_done:
        session[CHANGE_KEY] = [*kept[:-1], reads_new]
        return redirect(url_for("account.change_address"), 303)
    return _after_change(proven, reads_new=reads_new)


@account.get("/account/address/<any(old, new):end>")
def prove_address_again(end: str) -> ResponseReturnValue:  # noqa: ARG001 - both codes are typed on one page
    """Lead back from the address of a code that was refused."""
    return redirect(url_for("account.change_address"), 303)


def _after_change(proven: Change | None, *, reads_new: bool) -> ResponseReturnValue:
    """Signed in is only who typed the new mailbox's code here: its owner's click elsewhere lets nobody else in."""
    if proven is None:
        session.pop(CHANGE_KEY, None)
        flash(marked("That change has expired, because your email address has changed since."), "bad")
        return redirect(url_for("account.settings"), 303)
    if not reads_new:
        sign_out()
        flash(
            marked(
                "Everything you bought now belongs to %(email)s. Sign in with it to see it.",
                email=proven.new_email,
            ),
            "good",
        )
        return redirect(url_for("customers.enter_address"), 303)
    sign_in(db.session.get_one(Customer, proven.customer_id, populate_existing=True))
    flash(
        marked(
            "Everything you bought now belongs to %(email)s. Other browsers are signed out.",
            email=proven.new_email,
        ),
        "good",
    )
    return redirect(url_for("account.settings"), 303)


@account.get("/account/export.json")
@limiter.limit("10/minute")
def export() -> ResponseReturnValue:
    """Everything the shop knows of this customer; see `export.py`."""
    answer = make_response(json.dumps(export_customer(g.customer.id), indent=2, ensure_ascii=False) + "\n")
    answer.mimetype = "application/json"
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@account.post("/account/erase")
@limiter.limit("5/minute;20/hour")
def begin_erasing() -> ResponseReturnValue:
    """Ask for a code once more: an open browser must not be enough to lose everything."""
    session[ERASE_KEY] = proofs.start_proof(
        purpose=ProofPurpose.ERASE, email=g.customer.email, asked_by=reader_here().browser
    )
    return redirect(url_for("account.erase"), 303)


@account.get("/account/erase")
def erase() -> ResponseReturnValue:
    if ERASE_KEY not in session:
        return redirect(url_for("account.settings"))
    return _erase_page()


def _erase_page(error: str = "") -> ResponseReturnValue:
    page = render_template("buyers/account/erase.html", customer=g.customer, error=error)
    return make_response(page, 400 if error else 200)


@account.post("/account/erase/code")
@limiter.limit("10/minute;60/hour")
def finish_erasing() -> ResponseReturnValue:
    if ERASE_KEY not in session:
        return redirect(url_for("account.settings"), 303)
    code = request.form.get("code", "")
    try:
        result = erase_by_code(g.customer.id, session[ERASE_KEY], code, reader=reader_here())
    except NotYet as error:
        return _erase_page(error.message)
    if result is not CodeResult.PROVEN:
        return _erase_page(CODE_SENTENCES[result])
    session.clear()
    flash(marked("Your data is erased. Your license keys keep working."), "good")
    return redirect("/", 303)


@account.get("/account/erase/code")
def erase_again() -> ResponseReturnValue:
    """Lead back from the address of a code that was refused."""
    return redirect(url_for("account.erase"), 303)
