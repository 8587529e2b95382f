"""A request's id, its line in the log and its count. Nothing here logs a path, because paths carry tokens."""

import base64
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request

from storefront.core import logs
from storefront.core.measurements import UNTRUSTED_PROXY_AT, measurements
from storefront.core.measurements import flush as flush_measurements
from storefront.core.page_addresses import in_language
from storefront.core.runtime import settings

log = logging.getLogger(__name__)

LONGEST_ID = 64  # characters


class Shop(Flask):
    """Flask's own words for a failed request hold its path. Links to pages keep the language of the address."""

    def url_for(self, endpoint: str, **values: Any) -> str:  # noqa: ANN401 - Flask's signature
        address = super().url_for(endpoint, **values)
        return in_language(address) if address.startswith("/") else address

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook of ours is asynchronous, and to ask each of them at every request costs a page 3 %."""
        return func

    def log_exception(self, exc_info: Any) -> None:  # noqa: ANN401 - Flask's signature
        log.error("request failed", exc_info=exc_info, extra={"endpoint": request.endpoint or "-"})


def start_request() -> None:
    """Set `g.request_id` (the caller's, if it is usable), `g.csp_nonce` and `g.started`."""
    sent_id = request.headers.get("X-Request-Id", "")
    random_bytes = secrets.token_bytes(24)  # once: each call to the system hands the interpreter to another thread
    g.request_id = sent_id if _is_usable(sent_id) else random_bytes[:8].hex()
    g.csp_nonce = base64.urlsafe_b64encode(random_bytes[8:]).rstrip(b"=").decode()
    g.started = time.perf_counter()
    logs.request_id.set(g.request_id)


def _is_usable(sent_id: str) -> bool:
    return sent_id.isascii() and sent_id.replace("-", "").isalnum() and len(sent_id) <= LONGEST_ID


def count_request(response: Response) -> None:
    if not settings().trusted_proxies and "HTTP_X_FORWARDED_FOR" in request.environ:
        measurements().see(UNTRUSTED_PROXY_AT)
    measurements().answer(has_failed=response.status_code >= 500)
    if "outage" not in g:  # a database in trouble would keep this answer, too
        flush_measurements()


def log_request(response: Response) -> None:
    log.info(
        "request answered",
        extra={
            "method": request.method,
            "endpoint": request.endpoint or "-",
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - g.started) * 1000),
        },
    )
