"""A hand on the sandbox for the shop's tests: pays, settles, breaks and counts through its control API."""

import time
from typing import TYPE_CHECKING, Any

import requests
import stripe

if TYPE_CHECKING:
    from storefront.devtools.sandbox.server import SandboxServer

TIMEOUT_SECONDS = 60
DELIVERED_SECONDS = 10


class SandboxClient:
    def __init__(self, server: "SandboxServer") -> None:
        self.server = server
        self.url = server.url
        self.secret_key = server.secret_key
        self.publishable_key = server.publishable_key
        self.stripe = stripe.StripeClient(self.secret_key, base_addresses={"api": self.url, "files": self.url})

    def control(self, path: str, /, **body: Any) -> Any:
        return self._ask("POST", path, body)

    def read(self, path: str) -> Any:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """Of a sandbox in this process its app is asked, which needs no connection and no thread."""
        address = f"{self.url}/_sandbox/{path}"
        if hasattr(self.server, "app"):
            near = self.server.app.test_client().open(address, method=method, json=body)
            if near.status_code >= 400:
                raise requests.HTTPError(f"{near.status} for {address}: {near.text}")
            return near.get_json()
        far = requests.request(method, address, json=body, timeout=TIMEOUT_SECONDS)
        far.raise_for_status()
        return far.json()

    def reset(self) -> None:
        self.control("reset", endpoints=False)

    def add_endpoint(self, url: str) -> str:
        """A webhook endpoint for everything; returns its signing secret."""
        params: Any = {"url": url, "enabled_events": ["*"], "api_version": "2026-10-28.endive"}
        return str(self.stripe.v1.webhook_endpoints.create(params).secret)

    def create_session(self, lines: list[Any], **body: Any) -> str:
        """A Checkout Session made straight through the API, without a row of ours; returns its id."""
        params: Any = {"mode": "payment", "success_url": "https://example.com/done", "line_items": lines} | body
        params = {name: value for name, value in params.items() if value is not None}
        return str(self.stripe.v1.checkout.sessions.create(params).id)

    def pay(self, session_id: str, **how: Any) -> Any:
        """Completes the form as the page would: email, name, country, payment_method, quantities, …"""
        return self.control(f"sessions/{session_id}/pay", **({"email": "ada@example.com", "name": "Ada"} | how))

    def settle(self, payment_intent_id: str, result: str = "succeeded") -> Any:
        return self.control(f"payment_intents/{payment_intent_id}/settle", result=result)

    def advance(self, seconds: int) -> None:
        """Moves the sandbox's time on; what is due by then has happened when this returns."""
        self.control("clock", advance_seconds=seconds)

    def set_clock(self, offset_seconds: int) -> None:
        """How far the sandbox's time is ahead of ours, or (below 0) behind."""
        self.control("clock", offset_seconds=offset_seconds)

    def wait_until_delivered(self) -> None:
        """Wait until no delivery is due or on its way: what a webhook still does is not asked about too early.

        A shop that never answers in a test holds this up for a few seconds only.
        """
        deadline = time.monotonic() + DELIVERED_SECONDS
        while self._is_delivering() and time.monotonic() < deadline:
            time.sleep(0.01)

    def _is_delivering(self) -> bool:
        with self.server.store.database.transaction() as connection:
            row = connection.execute(
                "SELECT 1 FROM deliveries WHERE state = 'in_flight' OR (state = 'pending' AND due_at <= ?)",
                (time.time(),),
            ).fetchone()
        return row is not None

    def lose_events(self, types: str = "*") -> None:
        """From now on these are never delivered; they stay in Stripe's list."""
        self.control("mischief", rules=[{"types": types, "do": "drop"}])

    def calls(self, prefix: str = "/v1/") -> list[tuple[str, str]]:
        """(method, path) of the API calls since the last reset or `forget_calls`."""
        log = self.read("requests")["data"]
        return [(row["method"], row["path"]) for row in log if row["path"].startswith(prefix)]

    def forget_calls(self) -> None:
        self.control("requests/clear")
