"""What time it is at Stripe, by the Date of any answer. Needs no key, and no library that hides it."""

import http.client
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from storefront.core.db import end_read

SECONDS = 5


def read_stripe_time(api_base: str) -> datetime | None:
    """Return the moment to the second; None where nobody answers, or without a date."""
    end_read()
    parts = urlsplit(api_base)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("HEAD", "/")
        return _read(connection.getresponse().getheader("Date"))
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _read(date: str | None) -> datetime | None:
    """Read RFC 9110's date. One in another form is none."""
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
