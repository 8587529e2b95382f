"""Buyers with cookies who buy through the balancer, and click again where a page did not come."""

import html
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.cluster.world import World

GIVEN_UP_SECONDS = 90
TILLS = 2
PAUSE_SECONDS = 4


class Shopper:
    """One browser; `failures` says what it saw that was no page, `is_paid` is set when it has paid."""

    def __init__(self, world: World, email: str, address: str, is_paid: threading.Event) -> None:
        self.world, self.email, self.is_paid = world, email, is_paid
        self.headers = {"Connection": "close", "Referer": world.url + "/", "X-Forwarded-For": address}
        self.failures: list[str] = []

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        """Again and again until there is a page; each time on a connection of its own."""
        deadline = time.monotonic() + GIVEN_UP_SECONDS
        while True:
            try:
                answer = self.browser.request(
                    method, self.world.url + path, data=form, timeout=30, allow_redirects=False,
                    headers=self.headers,
                )  # fmt: skip
                if answer.status_code < 500:
                    return answer
                self.failures.append(f"{method} {path.partition('?')[0]}: {answer.status_code}")
            except requests.RequestException as error:
                self.failures.append(f"{method} {path.partition('?')[0]}: {type(error).__name__}")
            assert time.monotonic() < deadline, self.failures
            time.sleep(0.3)

    def field(self, path: str, name: str) -> str:
        page = self.ask("GET", path).text
        found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
        assert found, f"{path} has no {name}"
        return html.unescape(found[1])

    def buy(self) -> str:
        """From the product's page to the page after paying; the Session's id."""
        with requests.Session() as self.browser:
            self.browser.trust_env = False
            product = "/products/twinspot"
            form = {
                "csrf_token": self.field("/sign-in", "csrf_token"),
                "price_id": self.field(product, "price_id"),
                "quantity": "1",
            }
            assert self.ask("POST", "/cart/add", form).status_code == 303
            form = {"csrf_token": form["csrf_token"], "nonce": self.field("/cart", "nonce")}
            answer = self.ask("POST", "/checkout", form)
            found = re.search(r"/(cs_test_\w+)", answer.headers.get("Location", ""))
            assert found, answer.text
            self.world.sandbox.pay(found[1], email=self.email)
            self.is_paid.set()
            assert self.ask("GET", f"/checkout/return?session_id={found[1]}").status_code == 200
            return found[1]


class Sales:
    """Two buyers after each other at two tills, over and over while something happens to the machines."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.shoppers: list[Shopper] = []
        self.is_paid = threading.Event()  # somebody has paid, and has nothing yet
        self._is_over = threading.Event()
        self._pool = ThreadPoolExecutor(TILLS)
        self._jobs = [self._pool.submit(self._sell, till) for till in range(TILLS)]

    def _sell(self, till: int) -> dict[str, str]:
        sold: dict[str, str] = {}
        while not sold or not self._is_over.wait(PAUSE_SECONDS):
            number = len(sold)
            email, address = f"{self.name}{till}-{number}@example.com", f"10.{ord(self.name)}.{till}.{number + 1}"
            shopper = Shopper(self.world, email, address, self.is_paid)
            self.shoppers.append(shopper)
            sold[shopper.buy()] = email
        return sold

    def finish(self) -> dict[str, str]:
        """Return the Sessions that were paid, with the address of each."""
        self._is_over.set()
        sold = [job.result() for job in self._jobs]
        self._pool.shutdown()
        return {session: email for of_till in sold for session, email in of_till.items()}

    def failures(self) -> list[str]:
        return [failure for shopper in self.shoppers for failure in shopper.failures]
