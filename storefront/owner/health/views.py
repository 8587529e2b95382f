"""`/healthz`, `/readyz` and `/metrics`: alive while it runs; ready while it can serve; figures for who may."""

import hmac
from dataclasses import asdict
from ipaddress import ip_address

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from storefront.core.measurements import flush
from storefront.core.runtime import settings
from storefront.migrations.state import find_problem
from storefront.owner.health.figures import read_figures
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.owner.health.writing import find_write_problem
from storefront.web.hosts import has_own_name

health = Blueprint("health", __name__)

SIGNS_OF_A_PROXY = (
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via",
)  # fmt: skip


@health.get("/healthz")
def alive() -> ResponseReturnValue:
    return {"status": "ok"}


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """503 only when this process cannot serve; the shop's other troubles are warnings, not for everybody."""
    problem = find_problem() or find_write_problem()
    if problem is not None:
        return {"status": "error", "problem": problem}, 503
    if not _may_measure():
        return {"status": "ok", "mode": settings().mode}
    warnings = [asdict(warning) for warning in find_warnings(read_trouble())]
    return {"status": "ok", "mode": settings().mode, "warnings": warnings}


@health.get("/metrics")
def metrics() -> ResponseReturnValue:
    if not _may_measure():
        abort(404)
    from storefront.owner.health.metrics import CONTENT_TYPE, to_text  # noqa: PLC0415 - few shops are watched so

    flush(only_when_due=False)  # of this process: what the others have is a minute old at most
    figures = read_figures()
    return Response(to_text(figures, find_warnings(figures.trouble)), content_type=CONTENT_TYPE)


def _may_measure() -> bool:
    """Tell whether somebody asks from this machine, or holds the token: no page in a browser here may."""
    token = settings().metrics_token
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    return _is_near(request.remote_addr or "") and has_own_name() and not _is_behind_a_proxy()


def _is_near(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_behind_a_proxy() -> bool:
    """There everybody may seem to ask from this machine. One that is not declared (TRUSTED_PROXIES) gives itself
    away by the headers that proxies add; one that is declared and tells of nobody is mistaken.
    """
    return settings().trusted_proxies > 0 or any(name in request.headers for name in SIGNS_OF_A_PROXY)
