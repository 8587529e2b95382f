"""`/sign-in…`: an address proves itself by a mailed code or link. The answer is the same for every address."""

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core.email_addresses import is_address
from storefront.core.texts import marked
from storefront.customers import proofs
from storefront.customers.browser_session import (
    browser_here,
    find_signed_in,
    keep_token,
    reader_here,
    sign_out,
    sign_out_everywhere,
    token_here,
)
from storefront.customers.models import ProofPurpose
from storefront.customers.proofs import Proof
from storefront.customers.sign_in import sign_in_by_code, sign_in_by_link
from storefront.customers.spend_proofs import CODE_SENTENCES, find_by_link
from storefront.web.flashes import flash
from storefront.web.limits import limiter

# Open: whoever signs in is not signed in yet.
customers = Blueprint("customers", __name__)

PROOF_KEY = "proof"
EMAIL_KEY = "proof_email"


@customers.get("/sign-in")
def enter_address() -> ResponseReturnValue:
    if find_signed_in() is not None:
        return redirect("/library")
    reader_here()
    return render_template("customers/sign_in.html", email=session.get(EMAIL_KEY, ""), error="")


@customers.post("/sign-in")
@limiter.limit("5/minute;20/hour")
def send_code() -> ResponseReturnValue:
    email = request.form.get("email", "").strip()
    if not is_address(email):
        error = marked("That doesn't look like an email address. Check it for typos.")
        page = render_template("customers/sign_in.html", email=email[:254], error=error)
        return make_response(page, 400)
    session[PROOF_KEY] = proofs.start_proof(
        purpose=ProofPurpose.SIGN_IN, email=email, asked_by=reader_here().browser
    )
    session[EMAIL_KEY] = email
    return redirect(url_for("customers.enter_code"), 303)


@customers.get("/sign-in/code")
def enter_code() -> ResponseReturnValue:
    if PROOF_KEY not in session:
        return redirect(url_for("customers.enter_address"))
    return _code_page()


def _code_page(error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template("customers/code.html", email=session.get(EMAIL_KEY, ""), error=error)
    return make_response(page, status)


@customers.post("/sign-in/code")
@limiter.limit("10/minute;60/hour")
def check_code() -> ResponseReturnValue:
    if PROOF_KEY not in session:
        return redirect(url_for("customers.enter_address"), 303)
    result, token = sign_in_by_code(
        session[PROOF_KEY],
        request.form.get("code", ""),
        reader=reader_here(),
        browser=browser_here(),
        before=token_here(),
    )
    if not token:
        return _code_page(CODE_SENTENCES[result], 400)
    return _enter(token)


@customers.get("/sign-in/link/<token>")
@limiter.limit("30/minute")
def open_link(token: str) -> ResponseReturnValue:
    """Show a page with a button: programs that open links in emails before people do sign nobody in."""
    return _link_page(token, _find_proof(token))


def _link_page(token: str, proof: Proof | None) -> ResponseReturnValue:
    page = render_template("customers/link.html", token=token, email=proof.email if proof else None)
    answer = make_response(page, 200 if proof else 404)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _find_proof(token: str) -> Proof | None:
    proof = find_by_link(token, browser=reader_here().browser)
    return proof if proof is not None and proof.purpose is ProofPurpose.SIGN_IN else None


@customers.post("/sign-in/link/<token>")
@limiter.limit("30/minute")
def use_link(token: str) -> ResponseReturnValue:
    proof = _find_proof(token)
    if proof is None:
        return redirect(url_for("customers.open_link", token=token), 303)
    new_token = sign_in_by_link(
        token, proof.email, reader=reader_here(), browser=browser_here(), before=token_here()
    )
    return _enter(new_token) if new_token else _link_page(token, None)


def _enter(token: str) -> ResponseReturnValue:
    session.pop(PROOF_KEY, None)
    session.pop(EMAIL_KEY, None)
    keep_token(token)
    return redirect("/library", 303)


@customers.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Sign out this browser, or all of them."""
    customer = find_signed_in()
    if customer is not None and "everywhere" in request.form:
        sign_out_everywhere(customer)
    sign_out()
    flash(marked("You are signed out."), "good")
    return redirect("/", 303)
