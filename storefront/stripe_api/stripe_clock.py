"""What time it is at Stripe, by the Date of any answer. Needs no key, and no library that hides it."""

import http.client
from datetime import datetime
from urllib.parse import urlsplit

from storefront.core.db import end_read
from storefront.core.http_dates import read_http_date

SECONDS = 5


def read_stripe_time(api_base: str) -> datetime | None:
    """Return the moment to the second; None where nobody answers, or without a date."""
    end_read()
    parts = urlsplit(api_base)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("HEAD", "/")
        return read_http_date(connection.getresponse().getheader("Date"))
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
