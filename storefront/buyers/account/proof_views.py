"""`/confirm/<token>`: the link of a mailed code. `/orders/<token>/code`: an order's page asks for one."""

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.account.change_address import ENDS, find_change, prove_by_link
from storefront.buyers.account.erase import erase_by_link
from storefront.buyers.library.open_order import Here, OpenedHere, open_by_code, open_by_link, reader_of
from storefront.core.texts import marked
from storefront.customers import proofs
from storefront.customers.browser_session import browser_here, keep_order_token, reader_here, token_here
from storefront.customers.models import ProofPurpose
from storefront.customers.proofs import Proof
from storefront.customers.spend_proofs import CODE_SENTENCES, CodeResult, find_by_link
from storefront.orders.browsers import is_trusted
from storefront.orders.gift_links import gift_token, open_by_token
from storefront.orders.links import order_token
from storefront.web.flashes import flash
from storefront.web.limits import limiter

# Open: the token in the address is the permission, or the first half of it.
confirm = Blueprint("confirm", __name__)

ORDER_KEY = "order_proof"  # the order's id and its proof's
CONFIRMED_HERE = (ProofPurpose.OPEN_ORDER, ProofPurpose.ERASE, *ENDS)  # others have pages of their own


@confirm.get("/confirm/<token>")
@limiter.limit("30/minute")
def open_link(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links in mails before people do changes nothing."""
    proof = _find_proof(token)
    change = find_change(int(proof.about or 0)) if proof and proof.purpose in ENDS else None
    purpose = proof.purpose if proof else None
    page = render_template("buyers/account/confirm.html", token=token, purpose=purpose, change=change)
    return _unlisted(page, 200 if proof else 404)


def _unlisted(page: str, status: int) -> ResponseReturnValue:
    answer = make_response(page, status)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _find_proof(token: str) -> Proof | None:
    proof = find_by_link(token, browser=reader_here().browser)
    return proof if proof and proof.purpose in CONFIRMED_HERE else None


@confirm.post("/confirm/<token>")
@limiter.limit("30/minute")
def use_link(token: str) -> ResponseReturnValue:
    proof = _find_proof(token)
    if proof is None:
        return redirect(url_for("confirm.open_link", token=token), 303)
    if proof.purpose is ProofPurpose.OPEN_ORDER:
        result, opened = open_by_link(token, here=_here())
        return _ended_page(token) if result is CodeResult.EXPIRED else _open_order(opened)
    if proof.purpose is ProofPurpose.ERASE:
        return _erase(token, proof)
    return _change_address(token, proof)


def _ended_page(token: str) -> ResponseReturnValue:
    return _unlisted(render_template("buyers/account/confirm.html", token=token, purpose=None, change=None), 404)


def _here() -> Here:
    return Here(reader=reader_here(), words=browser_here(), token=token_here())


def _open_order(here: OpenedHere | None) -> ResponseReturnValue:
    if here is None:
        flash(marked("This order now belongs to another email address."), "bad")
        return redirect("/", 303)
    keep_order_token(here.token)
    order, gift = here.opened.order, here.opened.gift
    token = order_token(order) if gift is None else gift_token(order, gift)
    return redirect(url_for("library.order", token=token), 303)


def _erase(token: str, proof: Proof) -> ResponseReturnValue:
    if not erase_by_link(token, proof.email, reader=reader_here()):
        return redirect(url_for("confirm.open_link", token=token), 303)
    session.clear()
    flash(marked("Your data is erased. Your license keys keep working."), "good")
    return redirect("/", 303)


def _change_address(token: str, proof: Proof) -> ResponseReturnValue:
    change = prove_by_link(token, int(proof.about or 0), reader=reader_here())
    if change is None:
        flash(marked("That change has expired, because your email address has changed since."), "bad")
    elif change.is_done:
        flash(
            marked(
                "Everything bought now belongs to %(email)s. Sign in with it to see it.",
                email=change.new_email,
            ),
            "good",
        )
    else:
        flash(marked("Address confirmed. We emailed the other one, too. Both must be confirmed."), "good")
    return redirect("/", 303)


@confirm.get("/orders/<token>/code")
def ask_for_code(token: str) -> ResponseReturnValue:
    opened = open_by_token(token)
    if is_trusted(opened):
        return redirect(url_for("library.order", token=token), 303)
    reader_here()
    return _code_page(token, is_mailed=session.get(ORDER_KEY, [None])[0] == opened.order.id)


def _code_page(token: str, *, is_mailed: bool, error: str = "") -> ResponseReturnValue:
    page = render_template("buyers/library/order_code.html", token=token, is_mailed=is_mailed, error=error)
    return _unlisted(page, 400 if error else 200)


@confirm.post("/orders/<token>/code")
@limiter.limit("5/minute;20/hour")
def mail_code(token: str) -> ResponseReturnValue:
    """To the order's address, which the page does not say: the link may have been found."""
    opened = open_by_token(token)
    if is_trusted(opened):
        return redirect(url_for("library.order", token=token), 303)
    order_id, email, reader = opened.order.id, reader_of(opened), reader_here()
    proof_id = proofs.start_proof(
        purpose=ProofPurpose.OPEN_ORDER, email=email, about=str(order_id), asked_by=reader.browser
    )
    session[ORDER_KEY] = [order_id, proof_id]
    return redirect(url_for("confirm.ask_for_code", token=token), 303)


@confirm.post("/orders/<token>/code/check")
@limiter.limit("10/minute;60/hour")
def check_code(token: str) -> ResponseReturnValue:
    kept = session.get(ORDER_KEY, [None, 0])
    order_id = open_by_token(token).order.id
    if kept[0] != order_id:
        return redirect(url_for("confirm.ask_for_code", token=token), 303)
    result, opened = open_by_code(kept[1], request.form.get("code", ""), order_id=order_id, here=_here())
    if result is not CodeResult.PROVEN:
        return _code_page(token, is_mailed=True, error=CODE_SENTENCES[result])
    session.pop(ORDER_KEY)
    return _open_order(opened)


@confirm.get("/orders/<token>/code/check")
def type_again(token: str) -> ResponseReturnValue:
    """Lead back from the address of a code that was refused."""
    return redirect(url_for("confirm.ask_for_code", token=token), 303)
