"""The mailbox's pages and its JSON list. No cookies, no accounts: loopback only."""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from storefront.devtools.front import STATIC, TEMPLATES
from storefront.devtools.loopback import refuse_foreign_hosts
from storefront.devtools.mailbox.store import Mail, MailStore

PAGE_SIZE = 50

pages = Blueprint("mailbox", __name__)


def _store() -> MailStore:
    store: MailStore = current_app.extensions["mail_store"]
    return store


def _mail(mail_id: int) -> Mail:
    mail = _store().get(mail_id)
    if mail is None:
        abort(404)
    return mail


@pages.before_request
def refuse_other_sites() -> None:
    """Let no page of another site in the same browser clear the mailbox."""
    if request.method not in ("GET", "HEAD") and _is_from_elsewhere(request.headers.get("Origin")):
        abort(403)


def _is_from_elsewhere(origin: str | None) -> bool:
    return urlsplit(origin).netloc != request.host if origin else False


@pages.get("/")
def inbox() -> str:
    to = request.args.get("to", "")
    page = max(1, request.args.get("page", 1, type=int))
    mails = _store().find(to=to, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "devtools/mailbox/inbox.html", mails=mails[:PAGE_SIZE], to=to, page=page, has_more=len(mails) > PAGE_SIZE
    )


@pages.get("/messages/<int:mail_id>")
def message(mail_id: int) -> str:
    mail = _mail(mail_id)
    wanted = request.args.get("view", "html" if mail.html else "text")
    view = wanted if wanted in ("html", "text", "source") else "text"
    source = mail.raw.decode("utf-8", errors="replace") if view == "source" else ""
    return render_template("devtools/mailbox/message.html", mail=mail, view=view, source=source)


@pages.get("/messages/<int:mail_id>/html")
def html_body(mail_id: int) -> Response:
    """Show a mail in the page's frame: nothing in it may run, load or submit; links open in a new tab."""
    # The doctype keeps the mail out of quirks mode, which no mail program shows it in.
    body = f'<!doctype html><base target="_blank">{_mail(mail_id).html}'
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
        " allow-popups-to-escape-sandbox; frame-ancestors 'self'"
    )
    return answer


@pages.get("/messages.json")
def messages() -> Response:
    """`{"data": [{"id", "received_at", "from", "to", "subject", "text", "html", …}]}`, newest first."""
    limit = min(1000, max(1, request.args.get("limit", 1000, type=int)))
    return jsonify(data=[mail.to_json() for mail in _store().find(to=request.args.get("to", ""), limit=limit)])


@pages.delete("/messages")
def clear() -> Response:
    _store().clear()
    return jsonify(status="ok")


@pages.post("/clear")
def clear_by_form() -> ResponseReturnValue:
    _store().clear()
    return redirect(url_for("mailbox.inbox"), 303)


def _secure(answer: Response) -> Response:
    answer.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'",
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def create_web(store: MailStore, *, from_anywhere: bool = False) -> Flask:
    app = Flask(
        "mailbox",
        template_folder=str(TEMPLATES),
        static_folder=str(STATIC),
        static_url_path="/assets",
    )
    app.extensions["mail_store"] = store
    refuse_foreign_hosts(app, from_anywhere=from_anywhere)
    app.register_blueprint(pages)
    app.after_request(_secure)
    return app
