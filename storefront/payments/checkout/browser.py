"""Which browser starts a checkout: an id in its signed cookie."""

from flask import session

from storefront.core import tokens

KEY = "browser"
FORM_TOKEN = "csrf_token"  # noqa: S105 - the name under which Flask-WTF keeps what all its form tokens are made of


def browser_id() -> str:
    """Return the same id for two requests that left with one cookie, before the first was answered.

    So it is not drawn but derived from what every cookie has whose forms we take. Only a browser that has been
    shown no form yet gets a random one.
    """
    if KEY not in session:
        shown = session.get(FORM_TOKEN)
        session[KEY] = tokens.hash_token(f"browser:{shown}")[:32] if shown else tokens.new_token()
        session.permanent = True
    return str(session[KEY])
