"""What the tests do to a sandbox: through the real SDK, through raw HTTP, through the control API."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
import stripe

from storefront.devtools.sandbox.server import SandboxServer
from tests.support.shop import PATIENCE_SECONDS

RETURN_URL = "http://127.0.0.1:8000/checkout/return?session_id={CHECKOUT_SESSION_ID}"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    json: Any
    headers: Any


class Calls:
    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.url = server.url
        self.key = server.secret_key
        self.http = requests.Session()
        self.http.trust_env = False
        self.stripe = stripe.StripeClient(self.key, base_addresses={"api": self.url, "files": self.url})
        self.v1 = self.stripe.v1

    def close(self) -> None:
        self.http.close()

    # raw HTTP

    def call(self, method: str, path: str, text: str = "", /, **headers: str) -> Answer:
        """A form-encoded call with the secret key; header names with `_` for `-`."""
        sent = {"Authorization": f"Bearer {self.key}"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        url = f"{self.url}{path}"
        if method == "POST":
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            answer = self.http.post(url, data=text, headers=sent, timeout=PATIENCE_SECONDS)
        else:
            answer = self.http.request(
                method, f"{url}?{text}" if text else url, headers=sent, timeout=PATIENCE_SECONDS
            )
        return Answer(status=answer.status_code, json=answer.json(), headers=answer.headers)

    def get(self, path: str, text: str = "") -> Any:
        answer = self.call("GET", path, text)
        assert answer.status == 200, answer.json
        return answer.json

    def page(self, session_id: str, action: str = "", **params: Any) -> Answer:
        """The page's own calls, with the publishable key; no params means GET."""
        path = f"{self.url}/v1/payment_pages/{session_id}{action}"
        data = {"key": self.server.publishable_key, **params}
        answer = (
            self.http.post(path, data=data, timeout=PATIENCE_SECONDS)
            if params
            else self.http.get(path, params=data, timeout=PATIENCE_SECONDS)
        )
        return Answer(status=answer.status_code, json=answer.json(), headers=answer.headers)

    # control

    def control(self, path: str, /, **body: Any) -> Any:
        answer = self.http.post(f"{self.url}/_sandbox/{path}", json=body, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self, path: str) -> Any:
        answer = self.http.get(f"{self.url}/_sandbox/{path}", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_until(self, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    def pay(self, session_id: str, **how: Any) -> Answer:
        answer = self.http.post(
            f"{self.url}/_sandbox/sessions/{session_id}/pay", json=how, timeout=PATIENCE_SECONDS
        )
        return Answer(status=answer.status_code, json=answer.json(), headers=answer.headers)

    def event_types(
        self, *, without: tuple[str, ...] = ("product.", "price.", "coupon.", "promotion_code.")
    ) -> list[str]:
        """In the order they were created."""
        return [event["type"] for event in self.look("events")["data"] if not event["type"].startswith(without)]

    # things

    def make_price(self, amount: int = 1900, currency: str = "usd", **more: Any) -> str:
        product = self.v1.products.create({"name": f"Field Recordings {next(_numbers)}"})
        params: Any = {"product": product.id, "currency": currency, "unit_amount": amount, **more}
        return str(self.v1.prices.create(params).id)

    def make_custom_price(self, currency: str = "usd", **limits: int) -> str:
        """A price whose amount the buyer chooses."""
        custom = {"enabled": True, **limits}
        params: Any = {"currency": currency, "product_data": {"name": "Tip"}, "custom_unit_amount": custom}
        return str(self.v1.prices.create(params).id)

    def make_session(self, price: str | None = None, quantity: int = 1, **more: Any) -> stripe.checkout.Session:
        params: Any = {
            "mode": "payment",
            "ui_mode": "embedded_page",
            "return_url": RETURN_URL,
            "line_items": [{"price": price or self.make_price(), "quantity": quantity}],
            **more,
        }
        return self.v1.checkout.sessions.create(params)

    def make_hosted_session(self, price: str | None = None, **more: Any) -> stripe.checkout.Session:
        params: Any = {
            "mode": "payment",
            "success_url": RETURN_URL,
            "line_items": [{"price": price or self.make_price(), "quantity": 1}],
            **more,
        }
        return self.v1.checkout.sessions.create(params)

    def session(self, session_id: str) -> Any:
        return self.get(f"/v1/checkout/sessions/{session_id}")

    def make_promotion_code(self, code: str, **coupon: Any) -> str:
        new_coupon = self.v1.coupons.create(coupon)  # type: ignore[arg-type] # a TypedDict in the making
        params: Any = {"promotion": {"type": "coupon", "coupon": new_coupon.id}, "code": code}
        return str(self.v1.promotion_codes.create(params).id)
