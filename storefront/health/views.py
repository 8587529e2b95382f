"""`/healthz` and `/readyz`: alive while the process runs; ready while it can serve, with warnings."""

from dataclasses import asdict

from flask import Blueprint
from flask.typing import ResponseReturnValue

from storefront.health.schema import find_problem
from storefront.health.trouble import read_trouble
from storefront.health.warnings import find_warnings
from storefront.web import settings

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> ResponseReturnValue:
    return {"status": "ok"}


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """503 only when this process cannot serve; the shop's other troubles are warnings."""
    problem = find_problem()
    if problem is not None:
        return {"status": "error", "problem": problem}, 503
    warnings = [asdict(warning) for warning in find_warnings(read_trouble())]
    return {"status": "ok", "mode": settings().mode, "warnings": warnings}
