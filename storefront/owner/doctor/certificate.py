"""The shop's address from outside: its certificate, the way from http to https, and HSTS."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from storefront.core import clock
from storefront.core.db import end_read
from storefront.owner.doctor.finding import Seen, fail, ok, warn

SECONDS = 5
SOON_DAYS = 14  # certbot renews 30 days before, so renewing has failed for two weeks


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`context` says whom to trust: whom this machine trusts, if nothing else is said."""

    host: str
    port: int = 443
    http_port: int = 80
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)


def look_at_address(address: Address) -> Iterator[Seen]:
    """Connect three times. A shop behind a router may not reach itself by its own name: that is no failure."""
    end_read()
    try:
        ends_at = _read_last_moment(address)
    except ssl.SSLError as error:
        why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason
        yield fail(f"Browsers refuse the certificate of {address.host} ({why}): renew it, with its whole chain.")
        return
    except OSError as error:
        yield warn(f"{address.host}:{address.port} doesn't answer from this machine ({type(error).__name__}).")
        return
    yield _judge_last_moment(address.host, ends_at)
    yield _look_at_hsts(address)
    yield _look_at_http(address)


def _read_last_moment(address: Address) -> datetime:
    with (
        socket.create_connection((address.host, address.port), timeout=SECONDS) as plain,
        address.context.wrap_socket(plain, server_hostname=address.host) as secured,
    ):
        certificate = secured.getpeercert() or {}
    return clock.from_unix(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def _judge_last_moment(host: str, ends_at: datetime) -> Seen:
    days = (ends_at - clock.now()).days
    text = f"The certificate of {host} is good until {ends_at:%Y-%m-%d}, {days} days"
    if days < SOON_DAYS:
        return warn(f"{text}: find why it isn't renewed.")
    return ok(f"{text}.")


def _look_at_hsts(address: Address) -> Seen:
    secure = http.client.HTTPSConnection(address.host, address.port, timeout=SECONDS, context=address.context)
    answer = _head(secure)
    if answer is None:
        return warn(f"https://{address.host} takes a connection and gives no answer.")
    if answer.getheader("Strict-Transport-Security"):
        return ok("Browsers are told to come by https only (HSTS).")
    return warn("Answers have no Strict-Transport-Security: the proxy takes it away, or the shop isn't live.")


def _look_at_http(address: Address) -> Seen:
    answer = _head(http.client.HTTPConnection(address.host, address.http_port, timeout=SECONDS))
    if answer is None:
        return warn(f"http://{address.host} doesn't answer: who types the name without https may find nothing.")
    if (answer.getheader("Location") or "").startswith("https://"):
        return ok("http leads to https.")
    return fail(f"http://{address.host} doesn't lead to https: let the proxy redirect it.")


def _head(connection: http.client.HTTPConnection) -> http.client.HTTPResponse | None:
    """Ask for the front page's headers. None without an answer."""
    try:
        connection.request("HEAD", "/")
        return connection.getresponse()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
