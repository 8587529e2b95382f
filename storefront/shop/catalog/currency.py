"""The currency that a visitor wants to see prices in: of a link that was followed, remembered in the session."""

import re

from flask import request, session

CURRENCY_KEY = "currency"
CODE = re.compile(r"[a-z]{3}")


def chosen_currency() -> str:
    """Return a code of three small letters, or nothing where nobody chose. Products know whether they have it."""
    asked = request.args.get("currency", "").lower()
    if CODE.fullmatch(asked):
        if session.get(CURRENCY_KEY) != asked:
            session[CURRENCY_KEY] = asked
            session.permanent = True
        return asked
    remembered = session.get(CURRENCY_KEY)
    return remembered if isinstance(remembered, str) else ""
