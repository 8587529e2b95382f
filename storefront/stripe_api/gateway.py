"""Asks and tells Stripe, and returns small dataclasses of our own. Nothing outside `stripe_api/` imports `stripe`.

Every call first ends the read transaction and refuses to run inside a write transaction.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask

from storefront.core.config.settings import Settings
from storefront.core.db import end_read
from storefront.core.errors import StripeMissing, StripeRefused
from storefront.core.measurements import STRIPE_SECONDS, timed
from storefront.core.runtime import Part
from storefront.stripe_api.account import UNKNOWN, KeysAccount
from storefront.stripe_api.client import make_client
from storefront.stripe_api.own_words import accept_words
from storefront.stripe_api.raw import part, rows
from storefront.stripe_api.refusals import NO_KEY, Kinds, readable, refusals
from storefront.stripe_api.seen import (
    SeenAfterSale,
    SeenCheckout,
    SeenDiscount,
    SeenRefund,
    read_checkout,
    read_dispute,
    read_refund,
    read_warning,
)
from storefront.stripe_api.seen_balance import may_have_excess, read_excess_minor
from storefront.stripe_api.seen_event import BadPayload, SeenEvent, read_event
from storefront.stripe_api.seen_tax import SeenInvoice, read_invoice
from storefront.stripe_api.signatures import TOLERANCE_SECONDS, is_signed, refuse_signature
from storefront.stripe_api.turns import Turns

if TYPE_CHECKING:
    import stripe

log = logging.getLogger(__name__)

ROWS_PER_PAGE = 100
COMPLETE = ("complete", "unpaid")  # of what `find_status` returns
EXPAND = ["line_items.data.price.product", "payment_intent.latest_charge", "total_details.breakdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Time limits in seconds: `connect` and `read` for each try, `retries` after the first.

    `shares_threads`: with pages that need no Stripe.
    """

    connect: float
    read: float
    retries: int
    shares_threads: bool = False


FOR_PAGES = Patience(connect=2, read=4, retries=1, shares_threads=True)
FOR_WORKERS = Patience(connect=3, read=20, retries=2)


class Gateway:
    def __init__(self, settings: Settings, patience: Patience) -> None:
        self._settings = settings
        self._patience = patience
        self._secrets = settings.stripe_webhook_secrets
        self._account = KeysAccount(self)
        self._turn = Turns(settings.web_threads).take if patience.shares_threads else nullcontext

    @cached_property
    def _client(self) -> "stripe.StripeClient":
        """Make it when it is first used. Servers call `load()`."""
        limits = self._patience
        return make_client(self._settings, connect=limits.connect, read=limits.read, retries=limits.retries)

    def load(self) -> None:
        """Make the client now, so that what is wrong with it stops the start and no buyer waits for it."""
        self._client  # noqa: B018 - see above

    def _ask(self, call: Callable[[], Any], but: Kinds = ()) -> Any:  # noqa: ANN401 - Stripe's objects, turned into ours by the caller
        end_read()
        with self._turn(), timed(STRIPE_SECONDS), refusals(but=but):
            return call()

    def _get(self, path: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - Stripe's parameters
        """Make the SDK's request (key, version, retries, errors) without its objects: a Session is 46 of them."""
        answer: dict[str, Any] = self._ask(lambda: self._client.raw_request("get", path, **params)).data
        return answer

    @readable()
    def ask(self, call: "Callable[[stripe.StripeClient], Any]", *, but: Kinds = ()) -> dict[str, Any]:
        """Return the answer to one call of the SDK as plain JSON values: for `stripe_api/lists.py`."""
        answer: dict[str, Any] = self._ask(lambda: call(self._client), but).to_dict(for_json=True)
        return answer

    def account_id(self) -> str:
        """Return the key's account, and UNKNOWN of `account.py` where nothing tells."""
        return self._account.find()

    def name_of_key(self) -> str:
        """Return what tells the key from one of another account: its account, or a hash of it where nothing tells.

        Raises:
            StripeUnavailable: as `account_id()`.
        """
        account = self.account_id()
        if account != UNKNOWN:
            return account
        return f"key {sha256(self._settings.stripe_secret_key.encode()).hexdigest()[:12]}"

    @readable()
    def get_checkout(self, session_id: str, *, thorough: bool = False) -> SeenCheckout:
        """Return the Session with every line, its payment and its latest charge.

        Refunds, disputes and fraud warnings are listed where the charge shows any, or `thorough` asks for them.

        Raises:
            StripeMissing: Stripe does not know the id.
            StripeUnavailable: no usable answer.
        """
        path = f"/v1/checkout/sessions/{quote(session_id, safe='')}"
        raw = self._get(path, expand=EXPAND)
        first = raw.get("line_items") or {"data": [], "has_more": False}
        lines = self._rest(f"{path}/line_items", first, expand=["data.price.product"])
        payment = raw["payment_intent"] or {}
        charge = part(payment, "latest_charge")
        has_after_sale = charge.get("disputed") or charge.get("amount_refunded")
        asks = bool(charge) and (thorough or has_after_sale)
        return read_checkout(
            raw,
            lines,
            self._get_after_sale(payment["id"]) if asks else None,
            excess_minor=self._excess_of(raw, charge),
            invoice=self._find_invoice(raw.get("invoice")),
            kept_tax_ids=self._find_tax_ids(raw) if thorough else None,
            discount=self._find_discount(raw),
        )

    def _find_discount(self, raw: dict[str, Any]) -> SeenDiscount | None:
        """Ask what a code is called, where one was used; a restricted key may not know, and the sale goes on."""
        used = next(iter(rows(raw, "discounts")), None)
        if used is None:
            return None
        code_id, coupon_id = used.get("promotion_code"), used.get("coupon")
        kind, object_id = ("promotion_codes", code_id) if code_id else ("coupons", coupon_id)
        named = self._find(f"/v1/{kind}/{quote(object_id or '', safe='')}") or {}
        return SeenDiscount(
            promotion_code_id=code_id, coupon_id=coupon_id, code=named.get("code") or named.get("name")
        )

    def _find_invoice(self, invoice_id: str | None) -> SeenInvoice | None:
        """None where there is none, or a restricted key may not read it: the sale must go on."""
        raw = self._find(f"/v1/invoices/{quote(invoice_id, safe='')}") if invoice_id else None
        return read_invoice(raw) if raw else None

    def _find_tax_ids(self, raw: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Return what Stripe keeps at the Customer of a buyer who typed a tax id, with what registers said."""
        if not raw.get("customer") or not (raw["customer_details"] or {}).get("tax_ids"):
            return None
        answer = self._find(f"/v1/customers/{quote(raw['customer'], safe='')}/tax_ids", limit=100)
        return None if answer is None else list(answer["data"])

    def _find(self, path: str, **params: Any) -> dict[str, Any] | None:  # noqa: ANN401 - what a call takes
        try:
            return self._get(path, **params)
        except StripeRefused:
            log.warning("stripe does not show this")
            return None

    def has(self, path: str) -> bool:
        """Tell whether Stripe shows the key this object, in the shortest way to it. Raises where it is no key."""
        try:
            self._get(path)
        except StripeRefused as error:
            if error.stripe_code == NO_KEY:
                raise
            return False
        return True

    @readable()
    def find_receipt_url(self, session_id: str, *, with_invoice: bool) -> str | None:
        """Stripe's page for the buyer: the invoice where there is one, or else the charge's receipt.

        The invoice is asked for by itself: a restricted key that may not read it still shows the receipt.
        """
        params: Any = {"expand": ["payment_intent.latest_charge"]}
        raw = self.ask(lambda client: client.v1.checkout.sessions.retrieve(session_id, params))
        invoice_id = raw.get("invoice") if with_invoice else None
        invoice = self._find(f"/v1/invoices/{quote(invoice_id, safe='')}") if invoice_id else None
        if invoice and invoice.get("hosted_invoice_url"):
            return str(invoice["hosted_invoice_url"])
        return part(raw["payment_intent"] or {}, "latest_charge").get("receipt_url") or None

    def _excess_of(self, raw: dict[str, Any], charge: dict[str, Any]) -> int | None:
        """Return what a Customer's bank transfers brought too much, or in vain; None where the key may not ask.

        A payment that came to nothing does not say what it waited for, so of each the balance is asked.
        """
        if not isinstance(raw["customer"], str) or not may_have_excess(raw, charge):
            return 0
        path = f"/v1/customers/{quote(raw['customer'], safe='')}/cash_balance_transactions"
        try:
            moves = self._all_pages(path)
        except StripeMissing:
            return 0  # the Customer is gone, and its balance with it
        except StripeRefused:
            log.warning("stripe does not show this")
            return None
        return read_excess_minor(moves, currency=raw["currency"])

    def _get_after_sale(self, payment_intent_id: str) -> SeenAfterSale:
        refunds = self._find_all("/v1/refunds", payment_intent_id)
        disputes = self._find_all("/v1/disputes", payment_intent_id)
        warnings = self._find_all("/v1/radar/early_fraud_warnings", payment_intent_id)
        return SeenAfterSale(
            refunds=None if refunds is None else tuple(map(read_refund, refunds)),
            disputes=None if disputes is None else tuple(map(read_dispute, disputes)),
            warnings=None if warnings is None else tuple(map(read_warning, warnings)),
        )

    def _find_all(self, path: str, payment_intent_id: str) -> list[dict[str, Any]] | None:
        """Return None for a restricted key that may not read them: the sale must go on."""
        try:
            return self._all_pages(path, payment_intent=payment_intent_id)
        except StripeMissing:
            raise
        except StripeRefused:
            log.warning("stripe does not show this list")
            return None

    def _all_pages(self, path: str, **params: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what a call takes
        page = self._get(path, limit=ROWS_PER_PAGE, **params)
        return self._rest(path, page, **params)

    def _rest(self, path: str, page: dict[str, Any], **params: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
        """Return the rows of a page and of all that come after it."""
        found = list(page["data"])
        while page["has_more"] and page["data"]:
            page = self._get(path, limit=ROWS_PER_PAGE, starting_after=found[-1]["id"], **params)
            found += page["data"]
        return found

    @readable()
    def create_checkout(self, body: dict[str, Any], *, idempotency_key: str) -> SeenCheckout:
        options: Any = {"idempotency_key": idempotency_key}
        params: Any = body
        session = self._ask(lambda: self._client.v1.checkout.sessions.create(params, options))
        return read_checkout(session.to_dict(for_json=True), [])

    @readable()
    def find_status(self, session_id: str) -> str | None:
        """`open`, `complete`, `expired`, or `unpaid`: complete, and its money comes later, as a bank debit's does.

        None when Stripe does not know the Session.
        """
        try:
            seen = self._ask(lambda: self._client.v1.checkout.sessions.retrieve(session_id))
        except StripeMissing:
            return None
        is_unpaid = seen.status == "complete" and seen.payment_status == "unpaid"
        return "unpaid" if is_unpaid else str(seen.status)

    def find_given_email(self, session_id: str) -> str:
        """Return the address that the Session was made with; nothing without one, and for an unknown Session."""
        try:
            return self._ask(lambda: self._client.v1.checkout.sessions.retrieve(session_id)).customer_email or ""
        except StripeMissing:
            return ""

    def close_checkout(self, session_id: str) -> bool:
        """True when nobody can pay it any more; False when it is complete: somebody did.

        Raises:
            StripeRefused: it is open and stays so, e.g. for a restricted key that may not expire Sessions.
        """
        try:
            self._ask(lambda: self._client.v1.checkout.sessions.expire(session_id))
        except StripeMissing:
            return True
        except StripeRefused:
            status = self.find_status(session_id)
            if status == "open":
                raise
            return status not in COMPLETE
        return True

    def accept_words(self, session_id: str) -> None:
        """Write into the Session that the box of our own form was ticked.

        Raises:
            StripeRefused: it cannot be changed any more.
        """
        params: Any = {"metadata": accept_words()}
        self._ask(lambda: self._client.v1.checkout.sessions.update(session_id, params))

    @readable()
    def create_price(
        self,
        *,
        product_id: str,
        edition: str,
        amount_minor: int,
        limits: tuple[int, int | None] | None,
        currency: str,
        tax_behavior: str,
        metadata: dict[str, str],
        idempotency_key: str,
    ) -> str:
        """With `limits`, the least and the most, the buyer chooses, and `amount_minor` is what the form shows."""
        params: Any = {
            "product": product_id,
            "nickname": edition,
            **_unit_amount(amount_minor, limits),
            "currency": currency,
            "metadata": metadata,
        }
        params |= {"tax_behavior": tax_behavior} if tax_behavior else {}
        options: Any = {"idempotency_key": idempotency_key}
        return str(self._ask(lambda: self._client.v1.prices.create(params, options)).id)

    @readable()
    def create_refund(
        self,
        payment_intent_id: str,
        *,
        amount_minor: int,
        reason: str | None,
        metadata: dict[str, str],
        idempotency_key: str,
    ) -> SeenRefund:
        """Raises StripeRefused with Stripe's own sentence, e.g. for a disputed charge."""
        params: Any = {"payment_intent": payment_intent_id, "amount": amount_minor, "metadata": metadata}
        params |= {"reason": reason} if reason else {}
        options: Any = {"idempotency_key": idempotency_key}
        return read_refund(self.ask(lambda client: client.v1.refunds.create(params, options)))

    def verify_event(self, payload: bytes, signature: str, more: Iterable[tuple[str, ...]] = ()) -> SeenEvent:
        """Check the signature over the raw body with each secret (several while one is rotated).

        Those of the environment come first. `more` is asked for others only while none has matched, and never for
        what is not signed at all.

        Raises:
            BadSignature: no secret matches.
            StaleSignature: one does, and the timestamp is older than 5 minutes.
            BadPayload: signed, but not a snapshot event.
        """
        try:
            text = payload.decode()
        except UnicodeDecodeError as error:
            raise BadPayload from error
        tried: list[str] = []
        for secrets in chain([self._secrets], more if "v1=" in signature else ()):
            tried += secrets
            if is_signed(text, signature, secrets, tolerance=TOLERANCE_SECONDS):
                break
        else:
            refuse_signature(text, signature, tuple(tried))
        return read_event(text)


GATEWAY = Part[Gateway]("gateway to Stripe")


def set_up_gateway(app: Flask, settings: Settings, patience: Patience = FOR_PAGES) -> None:
    GATEWAY.set(Gateway(settings, patience), app)


def gateway() -> Gateway:
    return GATEWAY.get()


def _unit_amount(amount_minor: int, limits: tuple[int, int | None] | None) -> dict[str, Any]:
    """Stripe has no minimum of 0: without one, nothing may be paid."""
    if limits is None:
        return {"unit_amount": amount_minor}
    least, most = limits
    chosen = {"enabled": True, "preset": amount_minor, "minimum": least or None, "maximum": most}
    return {"custom_unit_amount": {name: value for name, value in chosen.items() if value is not None}}
