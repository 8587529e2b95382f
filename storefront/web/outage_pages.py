"""What people and programs read while the database, or Stripe, is in trouble. None of it asks the database."""

import logging

from flask import Flask, current_app, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.errors import StorefrontError
from storefront.core.languages import say
from storefront.core.outages import DatabaseUnavailable
from storefront.core.texts import marked
from storefront.migrations.state import find_trouble
from storefront.web.error_pages import error_answer
from storefront.web.programs import wants_json

log = logging.getLogger(__name__)

# Pages that somebody may open who has just paid.
AFTER_PAYING = frozenset({"checkout.form", "checkout.returned", "library.order"})
SAFE = marked("Your payment is safe")


def _answer_database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    """Tell trouble from a bug, here and nowhere else. A blueprint may have its own answer for trouble."""
    outage = find_trouble(error)
    if outage is None:
        raise error
    g.outage = True  # so that nothing else waits for this database before the answer leaves
    log.error(
        "database unavailable",
        extra={"why": outage.why, "kind": type(error).__name__, "endpoint": request.endpoint or "-"},
    )
    return current_app.handle_user_exception(outage)


def answer_outage(outage: DatabaseUnavailable) -> ResponseReturnValue:
    if request.endpoint in AFTER_PAYING and request.method == "GET":
        return payment_is_safe(outage, title=SAFE, message=marked("The shop cannot reach its data right now."))
    return error_answer(
        status=outage.status,
        code=outage.code,
        title=outage.title,
        message=outage.message,
        retry_after=outage.retry_after_seconds,
        may_repeat=request.method == "GET",
    )


def payment_is_safe(error: StorefrontError, *, title: str, message: str) -> ResponseReturnValue:
    """Show a page without a pay button that looks again by itself: whoever reads it may have paid."""
    if wants_json():
        error_body = {"code": error.code, "message": say(error.message), "request_id": g.get("request_id", "-")}
        answer = jsonify(state="checked", error=error_body)
    else:
        page = render_template(
            "web/payment_safe.html", title=title, message=message, again_seconds=error.retry_after_seconds
        )
        answer = make_response(page)
    answer.status_code = error.status
    answer.headers["Retry-After"] = str(error.retry_after_seconds)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def set_up_outage_pages(app: Flask) -> None:
    app.register_error_handler(SQLAlchemyError, _answer_database_error)
    app.register_error_handler(DatabaseUnavailable, answer_outage)
