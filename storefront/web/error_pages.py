"""Refusals and errors, each as a page for people or JSON for programs."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, TooManyRequests

from storefront.core.errors import StorefrontError
from storefront.core.languages import say
from storefront.core.runtime import Part
from storefront.core.texts import marked
from storefront.web.limits import seconds_to_wait
from storefront.web.programs import wants_json

log = logging.getLogger(__name__)

# status: the code that programs read, and the title of the page
ERROR_TITLES = {
    400: ("bad_request", marked("Something was wrong with that request")),
    403: ("forbidden", marked("Not available here")),
    404: ("not_found", marked("Page not found")),
    405: ("method_not_allowed", marked("This page can't do that")),
    413: ("too_large", marked("Too large")),
    429: ("too_many_requests", marked("Please wait a minute")),
    500: ("internal_error", marked("Sorry, something went wrong on our side")),
}
KEPT_HEADERS = ("Allow", "Content-Range")  # of 405 and 416
PAGE = "web/error.html"

MakeBody = Callable[[int, str], dict[str, Any]]  # from status and message
FindPage = Callable[[int], str]  # a template, by the status
# By the prefix of the addresses whose errors have such a body.
ERROR_BODIES: Part[dict[str, MakeBody]] = Part("error bodies", dict)
ERROR_PAGES: Part[dict[str, FindPage]] = Part("error pages", dict)  # the same for pages


def error_answer(
    *,
    status: int,
    code: str,
    title: str,
    message: str,
    retry_after: int | None = None,
    may_repeat: bool = False,
) -> Response:
    """Make a refusal a page or JSON: `{"error": {"code", "message", "request_id"}}`.

    With `may_repeat` the page asks to try the same address again. `retry_after` is in seconds.
    An API whose programs know another form puts its own into ERROR_BODIES; pages with a frame of their own put
    theirs into ERROR_PAGES.
    """
    if wants_json():
        response = jsonify(_error_body(status, code, say(message)))
    else:
        g.is_error_page = True  # it asks the database nothing that it can say without
        page = render_template(
            _find_page(status), status=status, title=title, message=message, may_repeat=may_repeat
        )
        response = make_response(page)
    response.status_code = status
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _find_page(status: int) -> str:
    for prefix, find_page in ERROR_PAGES.get().items():
        if f"{request.path}/".startswith(prefix):
            return find_page(status)
    return PAGE


def _error_body(status: int, code: str, message: str) -> dict[str, Any]:
    for prefix, make_body in ERROR_BODIES.get().items():
        if request.path.startswith(prefix):
            return make_body(status, message)
    return {"error": {"code": code, "message": message, "request_id": g.get("request_id", "-")}}


def answer_refusal(error: StorefrontError) -> ResponseReturnValue:
    log.info("request refused", extra={"code": error.code, "endpoint": request.endpoint or "-"})
    return error_answer(
        status=error.status,
        code=error.code,
        title=error.title,
        message=error.message,
        retry_after=error.retry_after_seconds,
    )


def _answer_too_many_requests(_error: TooManyRequests) -> ResponseReturnValue:
    code, title = ERROR_TITLES[429]
    message = marked(
        "Too many attempts. Please wait a minute and try again. Nothing is lost, and your cart is as you left it."
    )
    return error_answer(status=429, code=code, title=title, message=message, retry_after=seconds_to_wait())


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    code, title, message = _describe(error, error.code)
    answer = error_answer(status=error.code, code=code, title=title, message=message)
    for name, value in error.get_headers():
        if name in KEPT_HEADERS:
            answer.headers[name] = value
    return answer


def _describe(error: HTTPException, status: int) -> tuple[str, str, str]:
    """Return code, title and message."""
    if isinstance(error, CSRFError):
        return "csrf", marked("This form has expired"), _how_to_send_again()
    code, title = ERROR_TITLES.get(status, ("error", HTTPStatus(status).phrase))
    if status == 500:
        number = g.get("request_id", "-")
        return (
            code,
            title,
            marked(
                "Please try again. If it keeps happening, tell the shop this number: %(number)s", number=number
            ),
        )
    if status == 404:
        message = marked("There's nothing at this address. It may have moved, or the link isn't complete.")
        return code, title, message
    if status == 405 and not wants_json():
        return code, title, marked("This address only works from a button on a page. Go back and press it there.")
    return code, title, error.description or title


def _how_to_send_again() -> str:
    """Return it in words. Without a cookie no form is ever good, however often its page is loaded."""
    if request.cookies:
        return marked("Go back, reload the page and send the form again.")
    return marked("Allow cookies for this shop. Then go back, reload the page and send the form again.")


def set_up_error_pages(app: Flask) -> None:
    app.register_error_handler(StorefrontError, answer_refusal)
    app.register_error_handler(TooManyRequests, _answer_too_many_requests)
    app.register_error_handler(HTTPException, answer_http_error)
