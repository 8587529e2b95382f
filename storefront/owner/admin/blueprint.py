"""The blueprint of /admin and its guard: every view names the permission that it needs, or nobody gets in."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError

from storefront.audit.actor import Actor, act_as
from storefront.audit.models import ActorKind
from storefront.core.errors import StorefrontError
from storefront.customers.browser_session import browser_here
from storefront.owner.admin.cookie import token_here
from storefront.owner.people import sessions
from storefront.owner.people.roles import Permission, may
from storefront.owner.people.sessions import SignedIn
from storefront.web.error_pages import ERROR_PAGES, PAGE, answer_http_error
from storefront.web.first_forms import is_from_here
from storefront.web.limits import client

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., object])
MARK = "needed_permission"
FRESH_MARK = "needs_fresh_proof"
WORTH_A_LOOK = 80  # characters: a text that somebody would not like to write again


class NotAllowed(StorefrontError):
    code = "not_allowed"
    status = 403
    title = "Your role may not do this"


def needs(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """Mark a view, below its route. `fresh`: who does this has proven within minutes that it is them."""

    def mark(view: View) -> View:
        setattr(view, MARK, permission)
        setattr(view, FRESH_MARK, fresh)
        return view

    return mark


admin = Blueprint("admin", __name__, url_prefix="/admin")


@admin.before_request
def guard() -> ResponseReturnValue | None:
    """Raises NotAllowed. Sets `g.here` (SignedIn), and who the audit log names."""
    view = current_app.view_functions[request.endpoint or ""]
    permission = getattr(view, MARK, None)
    if permission is Permission.OPEN:
        return None
    here = find_here()
    if here is None:
        return _send_to_sign_in()
    g.here = here
    if not may(here.role, permission):
        log.warning("admin page refused", extra={"person": here.person_id, "endpoint": request.endpoint})
        raise NotAllowed(f"You are signed in as {here.role.value}. Ask an owner of the shop.")
    if getattr(view, FRESH_MARK, False) and not here.is_fresh:
        return redirect(url_for("admin.confirm", next=next_after_confirming()), 303)
    sessions.see(token_here(), here.last_seen_at)
    act_as(Actor(kind=ActorKind.PERSON, name=here.email, client=client(), browser=browser_here()))
    return None


def may_open(path: str) -> bool:
    """Tell whether who is here may open a page of /admin: no link leads to a refusal."""
    endpoint, _values = current_app.url_map.bind("").match(path.partition("#")[0], method="GET")
    return may(here().role, getattr(current_app.view_functions[endpoint], MARK, None))


@admin.record_once
def _answer_errors_here(state: BlueprintSetupState) -> None:
    """Answer all errors alike, also those that no view of ours sees: an unknown address, another method."""
    ERROR_PAGES.get(state.app)["/admin/"] = find_error_page


def find_error_page(status: int) -> str:
    """Find the frame of these pages for who is signed in: it has the ways to what they may open."""
    if "here" not in g and status < 500:  # else the database may be in trouble
        _find_who_reads_the_error()
    return "owner/admin/error.html" if "here" in g and status != 500 else PAGE  # the bug may be in that frame


def _find_who_reads_the_error() -> None:
    with suppress(SQLAlchemyError):
        if here := find_here():
            g.here = here


def find_here() -> SignedIn | None:
    token = token_here()
    return sessions.find_signed_in(token) if token else None


def _send_to_sign_in() -> ResponseReturnValue:
    """Back to a page that was asked for; what a form would have done is not done later."""
    if _is_sent_from_a_page():
        return _hold_what_was_sent(is_signed_out=True)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("admin.sign_in", next=wanted or None), 303)


def _is_sent_from_a_page() -> bool:
    """Tell whether a person pressed a button: scripts look for the sign-in page. A file cannot be held."""
    is_page = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    return request.method == "POST" and is_page and not any(file.filename for file in request.files.values())


@admin.errorhandler(CSRFError)
def hold_what_expired(error: CSRFError) -> ResponseReturnValue:
    """Do nothing yet, and lose nothing: two tabs of a restarted browser have two tokens, and one of them counts.

    Only what a page of the shop sent is held. A page elsewhere gets no form with a token that counts.
    """
    is_signed_out = find_here() is None
    if "token" not in (error.description or ""):  # over https also a form without Referer, which no press mends
        return answer_http_error(error)
    if is_from_here() and _is_sent_from_a_page() and not (is_signed_out and _is_open()):
        return _hold_what_was_sent(is_signed_out=is_signed_out)
    return answer_http_error(error)


def _is_open() -> bool:
    return getattr(current_app.view_functions[request.endpoint or ""], MARK, None) is Permission.OPEN


def _hold_what_was_sent(*, is_signed_out: bool) -> ResponseReturnValue:
    """Answer with a form that has it all: a session may end while somebody writes for an hour."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    page = render_template(
        "owner/admin/held.html",
        is_signed_out=is_signed_out,
        action=request.full_path.rstrip("?"),
        enctype=request.mimetype,
        fields=fields,
        texts=[value for _name, value in fields if len(value) >= WORTH_A_LOOK],
    )
    return make_response(page, 403 if is_signed_out else 400)


def next_after_confirming() -> str:
    """Return the page whose form was sent: it is filled in again, and sent by who reads it."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.form.get("page", "/admin")


def safe_next(wanted: str) -> str:
    """Return a page of /admin, or its first one: a link from elsewhere cannot lead away."""
    is_ours = wanted == "/admin" or wanted.startswith(("/admin/", "/admin?"))
    return wanted if is_ours and "\\" not in wanted and "//" not in wanted else "/admin"


def here() -> SignedIn:
    signed_in: SignedIn = g.here
    return signed_in
