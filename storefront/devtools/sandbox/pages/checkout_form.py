"""The Checkout form, embedded in a shop's page or on a page of its own."""

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.money import exponent
from storefront.devtools.sandbox.pages.checkout_words import LANGUAGES, language_of, words_in
from storefront.devtools.sandbox.pages.policy import SCRIPTED, protect
from storefront.devtools.sandbox.payments.kinds import KINDS
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.store import find_session, find_session_by_client_secret, publishable_key

checkout_form = Blueprint("checkout_form", __name__)


@checkout_form.get("/embedded/<session_id>")
def embedded(session_id: str) -> ResponseReturnValue:
    """Show the form inside a shop's frame; the client secret is in the fragment, which only scripts can read."""
    # Any shop may frame it.
    return protect(_form(session_id, is_embedded=True), SCRIPTED)


@checkout_form.post("/embedded/<session_id>/open")
def check_client_secret(session_id: str) -> ResponseReturnValue:
    """Let the frame prove that its shop holds the Session's client secret."""
    session = find_session_by_client_secret(request.form.get("client_secret", ""))
    if session is None or session["id"] != session_id:
        return jsonify(error={"message": "The client secret does not belong to this Checkout Session."}), 403
    return jsonify(status=session["status"])


@checkout_form.get("/c/pay/<session_id>")
def hosted(session_id: str) -> ResponseReturnValue:
    return protect(_form(session_id, is_embedded=False), f"{SCRIPTED}; frame-ancestors 'none'")


def _form(session_id: str, *, is_embedded: bool) -> Response:
    session = find_session(session_id)
    if session is None:
        return Response(_render("", {}, is_embedded=is_embedded), status=404)
    return Response(_render(session_id, session, is_embedded=is_embedded))


def _render(session_id: str, session: Json, *, is_embedded: bool) -> str:
    language = language_of(session, request.accept_languages.best_match(["en", *LANGUAGES]))
    words = words_in(language)
    return render_template(
        "devtools/sandbox/checkout.html",
        language=language,
        words=words,
        say=lambda text: words.get(text, text),
        session_id=session_id,
        key=publishable_key(),
        methods=[(kind.name, kind.label) for kind in KINDS.values()],
        is_embedded=is_embedded,
        digits=exponent(session.get("currency") or "usd"),
        cancel_url=session.get("cancel_url"),
    )
