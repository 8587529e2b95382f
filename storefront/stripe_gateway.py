"""The only importer of `stripe`: asks and tells Stripe, and returns small dataclasses of our own.

Every call first ends the read transaction and refuses to run inside a write transaction.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from flask import Flask, current_app

from storefront import clock
from storefront.config import Settings
from storefront.db import end_read
from storefront.errors import StorefrontError, StripeFault, StripeMissing, StripeRefused, StripeUnavailable

log = logging.getLogger(__name__)

EXPANDED_LINES = 10  # Stripe puts at most this many into an expanded list
LINES_PER_PAGE = 100
EXPAND = ["line_items.data.price.product", "payment_intent.latest_charge"]


class BadSignature(StorefrontError):
    code = "bad_signature"
    status = 400
    title = "The signature does not match"


class BadPayload(StorefrontError):
    code = "bad_payload"
    status = 400
    title = "The body is not a Stripe event"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLine:
    """A line of a Checkout Session; amounts in minor units of the session's currency."""

    id: str
    description: str
    quantity: int
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    stripe_price_id: str | None
    stripe_product_id: str | None
    metadata: dict[str, str]  # of product and price together


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPayment:
    """`status` is the PaymentIntent's; the rest is of its latest charge."""

    id: str
    status: str
    method_type: str | None
    refunded_minor: int
    is_disputed: bool
    dispute_status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCheckout:
    """What Stripe says of a Checkout Session now. `payment` is None where nothing had to be paid."""

    id: str
    mode: str
    status: str
    payment_status: str
    ui_mode: str
    url: str | None
    client_secret: str | None
    livemode: bool
    created_at: datetime
    expires_at: datetime
    metadata: dict[str, str]
    payment_link_id: str | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    presentment_minor: int | None
    presentment_currency: str | None
    email: str | None
    name: str | None
    country: str | None
    tax_ids: list[dict[str, str]]
    payment: SeenPayment | None
    lines: tuple[SeenLine, ...]

    @property
    def is_paid(self) -> bool:
        """Stripe's rule: anything but `unpaid` is to be fulfilled (guide "Fulfill orders")."""
        return self.status == "complete" and self.payment_status != "unpaid"

    @property
    def has_failed(self) -> bool:
        """The form was completed with a delayed method and the bank said no: final for this Session."""
        failed = self.payment is not None and self.payment.status in ("requires_payment_method", "canceled")
        return self.status == "complete" and self.payment_status == "unpaid" and failed


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """A verified webhook delivery: which object to look at again. Its body is never believed.

    `object_id` is the payment's where the event is about one (charge, refund, dispute, fraud warning).
    """

    id: str
    type: str
    object_id: str
    created_at: datetime
    livemode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Time limits in seconds: `connect` and `read` for each try, `retries` after the first."""

    connect: float
    read: float
    retries: int


FOR_PAGES = Patience(connect=2, read=4, retries=1)
FOR_WORKERS = Patience(connect=3, read=20, retries=2)


@contextmanager
def _refusals() -> Iterator[None]:
    """Stripe's exceptions as ours.

    A 500 is definite for this idempotency key: Stripe stores and replays it for 24 hours. No answer, 409 and
    429 are not: the same request with the same key is to be sent again.
    """
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        log.warning("stripe does not answer", extra={"kind": type(error).__name__})
        raise StripeUnavailable from error
    except stripe.APIError as error:
        log.warning("stripe failed", extra={"status": error.http_status, "stripe_request": error.request_id})
        raise (StripeUnavailable() if error.http_status == 409 else StripeFault()) from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        code = error.error.code if error.error else None
        kind = StripeMissing if code == "resource_missing" else StripeRefused
        log.warning("stripe refused", extra={"stripe_code": code, "stripe_request": error.request_id})
        raise kind(
            error.user_message or "Stripe refused the request.",
            stripe_code=code,
            param=getattr(error, "param", None),
        ) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.exception("stripe does not accept the key", extra={"stripe_request": error.request_id})
        raise StripeRefused("The shop's payment settings are not complete.", stripe_code="key") from error


class Gateway:
    def __init__(self, settings: Settings, patience: Patience) -> None:
        stripe.enable_telemetry = False
        self._secrets = settings.stripe_webhook_secrets
        self._client = stripe.StripeClient(
            settings.stripe_secret_key,
            base_addresses={"api": settings.stripe_api_base},
            max_network_retries=patience.retries,
            http_client=stripe.RequestsClient(timeout=(patience.connect, patience.read)),
        )
        self._account_id: str | None = None

    def _ask(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - Stripe's objects, turned into ours by the caller
        end_read()
        with _refusals():
            return call()

    def account_id(self) -> str:
        """The key's account, asked once a process; "unknown" for a restricted key that may not ask."""
        if self._account_id is None:
            try:
                self._account_id = str(self._ask(self._client.v1.accounts.retrieve_current).id)
            except StripeRefused:
                self._account_id = "unknown"
        return self._account_id

    def get_checkout(self, session_id: str) -> SeenCheckout:
        """The Session with every line, its payment, its latest charge, and the dispute if there is one.

        Raises:
            StripeMissing: Stripe does not know the id.
            StripeUnavailable: no usable answer.
        """
        params: Any = {"expand": EXPAND}
        session = self._ask(lambda: self._client.v1.checkout.sessions.retrieve(session_id, params))
        raw: dict[str, Any] = session.to_dict(for_json=True)
        lines = list(raw["line_items"]["data"])
        more = raw["line_items"]["has_more"]
        while more:
            page = self._line_page(session_id, after=lines[-1]["id"])
            lines += page["data"]
            more = page["has_more"]
        charge = (raw["payment_intent"] or {}).get("latest_charge") or {}
        dispute_status = self._find_dispute_status(charge["id"]) if charge.get("disputed") else None
        return _seen_checkout(raw, lines, dispute_status)

    def _line_page(self, session_id: str, *, after: str) -> dict[str, Any]:
        params: Any = {
            "limit": LINES_PER_PAGE,
            "starting_after": after,
            "expand": ["data.price.product"],
        }
        page = self._ask(lambda: self._client.v1.checkout.sessions.line_items.list(session_id, params))
        raw: dict[str, Any] = page.to_dict(for_json=True)
        return raw

    def _find_dispute_status(self, charge_id: str) -> str | None:
        params: Any = {"charge": charge_id, "limit": 1}
        page = self._ask(lambda: self._client.v1.disputes.list(params))
        return str(page.data[0].status) if page.data else None

    def create_checkout(self, body: dict[str, Any], *, idempotency_key: str) -> SeenCheckout:
        options: Any = {"idempotency_key": idempotency_key}
        params: Any = body
        session = self._ask(lambda: self._client.v1.checkout.sessions.create(params, options))
        return _seen_checkout(session.to_dict(for_json=True), [], None)

    def expire_checkout(self, session_id: str) -> bool:
        """False when it could not be expired because it is not open any more (paid meanwhile, or expired)."""
        try:
            self._ask(lambda: self._client.v1.checkout.sessions.expire(session_id))
        except StripeMissing:
            return True
        except StripeRefused:
            return False
        return True

    def create_product(self, *, name: str, metadata: dict[str, str], idempotency_key: str) -> str:
        params: Any = {"name": name, "metadata": metadata}
        options: Any = {"idempotency_key": idempotency_key}
        return str(self._ask(lambda: self._client.v1.products.create(params, options)).id)

    def create_price(
        self,
        *,
        product_id: str,
        edition: str,
        amount_minor: int,
        currency: str,
        metadata: dict[str, str],
        idempotency_key: str,
    ) -> str:
        params: Any = {
            "product": product_id,
            "nickname": edition,
            "unit_amount": amount_minor,
            "currency": currency,
            "metadata": metadata,
        }
        options: Any = {"idempotency_key": idempotency_key}
        return str(self._ask(lambda: self._client.v1.prices.create(params, options)).id)

    def verify_event(self, payload: bytes, signature: str) -> SeenEvent:
        """Check the signature over the raw body with each secret (several while one is rotated).

        Raises:
            BadSignature: no secret matches, or the timestamp is older than 5 minutes.
            BadPayload: signed, but not a snapshot event.
        """
        try:
            text = payload.decode()
        except UnicodeDecodeError as error:
            raise BadPayload from error
        # A non-ASCII header would make the SDK's comparison raise TypeError.
        if not signature.isascii() or not any(_is_signed(text, signature, secret) for secret in self._secrets):
            raise BadSignature("The Stripe-Signature header does not match the body with any webhook secret.")
        return _seen_event(text)


def _is_signed(text: str, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(text, signature, secret, tolerance=stripe.Webhook.DEFAULT_TOLERANCE)
    except stripe.SignatureVerificationError:
        return False
    return True


def _seen_event(text: str) -> SeenEvent:
    try:
        event = json.loads(text)
        if event["object"] != "event":
            raise BadPayload("Only snapshot events are understood here.")
        return SeenEvent(
            id=str(event["id"]),
            type=str(event["type"]),
            object_id=_pointer(event["data"]["object"]),
            created_at=clock.from_unix(int(event["created"])),
            livemode=bool(event["livemode"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadPayload from error


def _pointer(body: dict[str, Any]) -> str:
    payment = body.get("payment_intent")
    is_about_payment = body.get("object") != "checkout.session" and isinstance(payment, str)
    return str(payment if is_about_payment else body.get("id", ""))


def _seen_line(raw: dict[str, Any]) -> SeenLine:
    price = raw["price"] or {}
    product = price.get("product")
    expanded = product if isinstance(product, dict) else {}
    return SeenLine(
        id=raw["id"],
        description=raw["description"] or expanded.get("name") or "",
        quantity=raw["quantity"] or 1,
        currency=raw["currency"],
        subtotal_minor=raw["amount_subtotal"],
        discount_minor=raw["amount_discount"],
        tax_minor=raw["amount_tax"],
        total_minor=raw["amount_total"],
        stripe_price_id=price.get("id"),
        stripe_product_id=expanded.get("id") or (product if isinstance(product, str) else None),
        metadata={**(expanded.get("metadata") or {}), **(price.get("metadata") or {})},
    )


def _seen_payment(raw: dict[str, Any] | None, dispute_status: str | None) -> SeenPayment | None:
    if not raw:
        return None
    charge = raw.get("latest_charge") or {}
    return SeenPayment(
        id=raw["id"],
        status=raw["status"],
        method_type=(charge.get("payment_method_details") or {}).get("type"),
        refunded_minor=charge.get("amount_refunded") or 0,
        is_disputed=bool(charge.get("disputed")),
        dispute_status=dispute_status,
    )


def _seen_checkout(raw: dict[str, Any], lines: list[dict[str, Any]], dispute_status: str | None) -> SeenCheckout:
    customer = raw["customer_details"] or {}
    totals = raw["total_details"] or {}
    presentment = raw.get("presentment_details") or {}
    payment = raw["payment_intent"]
    return SeenCheckout(
        id=raw["id"],
        mode=raw["mode"],
        status=raw["status"],
        payment_status=raw["payment_status"],
        ui_mode=raw["ui_mode"],
        url=raw["url"],
        client_secret=raw["client_secret"],
        livemode=raw["livemode"],
        created_at=clock.from_unix(raw["created"]),
        expires_at=clock.from_unix(raw["expires_at"]),
        metadata=raw["metadata"] or {},
        payment_link_id=raw["payment_link"],
        currency=raw["currency"] or "",
        subtotal_minor=raw["amount_subtotal"] or 0,
        discount_minor=totals.get("amount_discount", 0),
        tax_minor=totals.get("amount_tax", 0),
        total_minor=raw["amount_total"] or 0,
        presentment_minor=presentment.get("presentment_amount"),
        presentment_currency=presentment.get("presentment_currency"),
        email=customer.get("email"),
        name=customer.get("name"),
        country=(customer.get("address") or {}).get("country"),
        tax_ids=[{"type": tax["type"], "value": tax["value"]} for tax in customer.get("tax_ids") or []],
        payment=_seen_payment(payment, dispute_status) if isinstance(payment, dict) else None,
        lines=tuple(_seen_line(line) for line in lines),
    )


def set_up_gateway(app: Flask, settings: Settings, patience: Patience = FOR_PAGES) -> None:
    app.extensions["stripe_gateway"] = Gateway(settings, patience)


def gateway() -> Gateway:
    found: Gateway = current_app.extensions["stripe_gateway"]
    return found
