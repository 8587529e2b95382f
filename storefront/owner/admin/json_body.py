"""The JSON that a page's script sends. It comes from a browser, so it may be anything."""

from typing import Any

from flask import request

from storefront.owner.people.passkeys import UNREADABLE, PasskeyRefused


def read_answer(member: str | None = None) -> dict[str, Any]:
    """Return the body, or one member of it, where it is an object.

    Raises:
        PasskeyRefused: it is none, or is nested so deep that nobody can read it.
    """
    try:
        sent = request.get_json()
    except RecursionError as error:
        raise PasskeyRefused(UNREADABLE) from error
    answer = sent.get(member) if member and isinstance(sent, dict) else sent
    if not isinstance(answer, dict):
        raise PasskeyRefused(UNREADABLE)
    return answer
