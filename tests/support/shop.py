"""A buyer with a cookie jar, a running shop, and questions to the database that tests ask."""

import hashlib
import hmac
import html
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.shop.catalog.models import Edition, Price, Product
from storefront.web.sessions import Sessions
from storefront.worker import deliver_outbox
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient

if TYPE_CHECKING:
    from storefront.devtools.mailbox.server import MailboxServer

# How long something may take on a busy machine before it counts as not happening, and a server's start.
PATIENCE_SECONDS = 60
START_SECONDS = 300
ADA = "ada@example.com"  # who buys, unless a test says who


class Buyer:
    """One browser without JavaScript: follows the forms that the pages show."""

    def __init__(self, app: Flask, *, address: str = "127.0.0.1") -> None:
        self.app = app
        self.client = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.base_url: str = runtime(app).settings.base_url

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        if "/downloads/" in path:
            kwargs.setdefault("follow_redirects", True)  # from the permanent address to a short-lived one
        return self.client.get(path.removeprefix(self.base_url), base_url=self.base_url, **kwargs)

    def post(self, path: str, **form: Any) -> TestResponse:
        """With this browser's CSRF token, as a form on any page would carry it."""
        form = {"csrf_token": self.csrf_token(), **form}
        return self.client.post(path, data=form, base_url=self.base_url, headers={"Referer": self.base_url + "/"})

    def csrf_token(self) -> str:
        """As each form of this session has it. Where it has none yet, one begins as by a page with a form."""
        signer = URLSafeTimedSerializer(str(self.app.secret_key), salt="wtf-csrf-token")
        return str(signer.dumps(self._session().get("csrf_token") or self._begin_session()))

    def _begin_session(self) -> str:
        token = secrets.token_hex(20)
        with self.client.session_transaction(base_url=self.base_url) as session:
            session["csrf_token"] = token
        return token

    def _session(self) -> dict[str, Any]:
        host = urlsplit(self.base_url).hostname or "localhost"
        cookie = self.client.get_cookie(self.app.config["SESSION_COOKIE_NAME"], domain=host)
        signer = Sessions().get_signing_serializer(self.app)
        try:
            return dict(signer.loads(cookie.value)) if cookie and signer else {}
        except BadSignature:  # a cookie of another SECRET_KEY: the shop begins a new session
            return {}

    def nonce(self) -> str:
        field = re.search(r'name="nonce"[^>]*value="([^"]+)"', self.get("/cart").text)
        assert field, "the cart page has no checkout form"
        return field[1]

    def add(self, slug: str = "twinspot", edition: str = "", quantity: int = 1) -> int:
        price_id = find_price(self.app, slug, edition)
        assert self.post("/cart/add", price_id=price_id, quantity=quantity).status_code == 303
        return price_id

    def check_out(self) -> str:
        """From the cart to an open Checkout Session, on Stripe's page or the shop's; returns its id.

        The form of the cart and the page with Stripe's form are left out: tests of their own walk through them.
        """
        answer = self.post("/checkout")
        assert answer.status_code == 303, answer.text
        if hosted := re.search(r"/(cs_test_\w+)", answer.location):
            return hosted[1]
        assert "/checkout/" in answer.location, answer.location
        asked = "SELECT checkout_session_id AS id FROM checkouts WHERE token = :token"
        return str(read_rows(self.app, asked, token=answer.location.rpartition("/")[2])[0]["id"])

    def session_on(self, page: TestResponse) -> str:
        secret = re.search(r"(cs_test_[A-Za-z0-9]+)_secret_", page.text)
        assert secret, "no client secret on the page"
        return secret[1]

    def land(self, session_id: str, **kwargs: Any) -> TestResponse:
        return self.get(f"/checkout/return?session_id={session_id}", **kwargs)

    def state(self, session_id: str) -> str:
        answer = self.land(session_id, headers={"Accept": "application/json"})
        return str(answer.get_json()["state"])


def keys_on(page: str) -> list[str]:
    """License keys as a reader sees them, in order, each once."""
    shown = html.unescape(re.sub(r"<[^>]+>", " ", page))
    return list(dict.fromkeys(re.findall(r"\b[A-Z]{4}(?:-[0-9A-Z]{5}){4}\b", shown)))


def find_price(app: Flask, slug: str, edition: str = "") -> int:
    with app.app_context():
        prices = (
            select(Price.id)
            .join(Edition, Edition.id == Price.edition_id)
            .join(Product, Product.id == Edition.product_id)
            .where(Product.slug == slug)
        )
        if edition:
            prices = prices.where(Edition.name == edition)
        price_id = db.session.scalars(prices.order_by(Edition.position, Edition.id, Price.id)).first()
        db.session.remove()
    assert price_id is not None
    return price_id


def run_worker_once(app: Flask) -> None:
    """What the worker's outbox job does, here and now."""
    with app.app_context():
        deliver_outbox()
        db.session.remove()


def sign(settings: Settings, payload: bytes, *, at: int | None = None, secret: str | None = None) -> str:
    """A `Stripe-Signature` header by Stripe's documented scheme, independent of the SDK and the sandbox."""
    when = int(time.time()) if at is None else at
    key = (secret or settings.stripe_webhook_secrets[0]).encode()
    digest = hmac.new(key, f"{when}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={when},v1={digest}"


def post_event(app: Flask, event: dict[str, Any], **signing: Any) -> TestResponse:
    """Deliver an event to `/webhook` as Stripe would."""
    settings: Settings = runtime(app).settings
    payload = json.dumps(event, indent=2).encode()
    headers = {"Stripe-Signature": sign(settings, payload, **signing), "Content-Type": "application/json"}
    return app.test_client().post("/webhook", data=payload, headers=headers)


def make_event(kind: str, object_id: str, *, event_id: str = "", livemode: bool = False) -> dict[str, Any]:
    """The few fields a snapshot event must have; the shop believes nothing else of it."""
    return {
        "id": event_id or f"evt_{hashlib.sha256((kind + object_id).encode()).hexdigest()[:24]}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": {"id": object_id, "object": "checkout.session"}},
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def wait_for(found: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Poll until `found()` is true; the last value. Real servers answer in their own time.

    What takes long is asked for less often: asking takes time from what is waited for.
    """
    begun = time.monotonic()
    while not (value := found()):
        waited = time.monotonic() - begun
        assert waited < seconds, f"did not happen within {seconds} s"
        time.sleep(min(max(0.02, waited / 10), 0.3))
    return value


@dataclass(slots=True, kw_only=True)
class Shop:
    app: Flask
    url: str
    sandbox: SandboxClient
    mailbox: "MailboxServer"

    def work(self) -> None:
        """What the worker does, once all webhooks of what happened so far are in: a late one dates mails anew."""
        self.sandbox.wait_until_delivered()
        run_worker_once(self.app)

    def mails(self, *, to: str = "") -> list[dict[str, Any]]:
        messages: Iterable[dict[str, Any]] = self.mailbox.messages()
        return [message for message in messages if not to or to in message["to"]]

    def handled(self, kind: str) -> list[dict[str, Any]]:
        """Ledger rows of a type that are done."""
        return read_rows(
            self.app,
            "SELECT id, outcome, attempts FROM stripe_events WHERE type = :kind AND handled_at IS NOT NULL",
            kind=kind,
        )

    def wait_for_event(self, kind: str, *, count: int = 1) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = wait_for(lambda: found if len(found := self.handled(kind)) >= count else None)
        return rows
