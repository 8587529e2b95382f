"""Which browser starts a checkout: an id in its signed cookie."""

from flask import request, session

from storefront.core import tokens

KEY = "browser"
FORM_TOKEN = "csrf_token"  # noqa: S105 - the name under which Flask-WTF keeps what all its form tokens are made of

DRAWN_LETTERS = 22  # 128 bits, as `new_token` has; static/buy.js draws as many in more letters


def browser_id() -> str:
    """Return the same id for two requests that left with one cookie, before the first was answered.

    So it is not drawn but derived from what every cookie has whose forms we take, or from the one-time value that
    a page without a cookie drew itself. Only a browser that sends neither gets a random one.
    """
    if KEY not in session:
        shown = session.get(FORM_TOKEN) or _drawn_by_the_page()
        session[KEY] = tokens.hash_token(f"browser:{shown}")[:32] if shown else tokens.new_token()
        session.permanent = True
    return str(session[KEY])


def sent_nonce() -> str:
    """Return the one-time value of the form; nothing where it has none, or one that could not be ours."""
    nonce = request.form.get("nonce", "")
    return nonce if tokens.is_token(nonce) else ""


def _drawn_by_the_page() -> str:
    drawn = sent_nonce()
    return drawn if len(drawn) >= DRAWN_LETTERS else ""
