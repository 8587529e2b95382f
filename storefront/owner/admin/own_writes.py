"""Whoever saves something sees it in every list: until a replica has it, this browser's come from the primary."""

from flask import Response, request

from storefront.core.replica import ask_the_primary, has_replica
from storefront.core.runtime import settings
from storefront.owner.admin.blueprint import admin

NAME = "storefront_saved"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name() -> str:
    """As the cookie of /admin: over https one that only this host can set."""
    return f"__Host-{NAME}" if settings().is_https else NAME


@admin.before_request
def read_own_writes() -> None:
    if cookie_name() in request.cookies or request.method not in READING:
        ask_the_primary()


@admin.after_request
def note_write(response: Response) -> Response:
    """A replica that is asked is late by no more than the setting says, and a second for the clock."""
    if has_replica() and request.method not in READING:
        response.set_cookie(
            cookie_name(),
            "yes",
            max_age=settings().database_read_lag_seconds + 1,
            httponly=True,
            secure=settings().is_https,
            samesite="Lax",
        )
    return response
