"""`/.well-known/security.txt`: whom to tell of a hole (RFC 9116)."""

from datetime import timedelta
from urllib.parse import quote

from flask import Response, abort
from flask.typing import ResponseReturnValue

from storefront.core import clock
from storefront.core.runtime import absolute_url, settings
from storefront.owner.health.views import health

GOOD_FOR = timedelta(days=180)  # the RFC asks for less than a year; it is made anew at every request


@health.get("/.well-known/security.txt")
def security_txt() -> ResponseReturnValue:
    contact = settings().security_contact
    if contact is None:
        abort(404)
    where = contact if contact.startswith("https://") else f"mailto:{quote(contact, safe='@')}"
    lines = (
        f"Contact: {where}",
        f"Expires: {clock.now() + GOOD_FOR:%Y-%m-%dT00:00:00Z}",
        f"Canonical: {absolute_url('health.security_txt')}",
        "Preferred-Languages: en",
    )
    return Response("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
