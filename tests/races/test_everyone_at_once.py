"""Many paid Sessions; page and webhook several times each, at the same moment, several processes."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Flask

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.runtime import runtime
from tests.races.served import served
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import START_SECONDS, Buyer, keys_on, run_worker_once, wait_for

pytestmark = pytest.mark.slow

SESSIONS = {"sqlite": 15, "postgresql": 30}  # SQLite has one writer, however many ask
THROUGH_API = 6
PAGES_EACH = 3
TRIES = 30
EXTRA_WEBHOOKS = 2
SHARED = "shared-and-new@example.com"
COMPLETED = "checkout.session.completed"
FORMS = tuple(CheckoutUi)


@pytest.fixture
def environment(environment: dict[str, str], sandbox: SandboxClient, free_port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{free_port}"
    secret = sandbox.add_endpoint(f"{url}/webhook")
    return environment | {"BASE_URL": url, "STRIPE_WEBHOOK_SECRET": secret, "TRUSTED_PROXIES": "1"}


def start_sessions(app: Flask, sandbox: SandboxClient, count: int) -> list[str]:
    """Most as buyers do it, in each form in turn, six as links of the owner's do; one to three of each."""
    sessions = []
    shop = runtime(app)
    for number in range(count - THROUGH_API):
        buyer = Buyer(app, address=f"10.1.{number // 200}.{number % 200 + 1}")
        buyer.client.environ_base["HTTP_X_FORWARDED_FOR"] = f"10.1.0.{number + 1}"
        shop.settings = replace(shop.settings, checkout_ui=FORMS[number // 3 % 3])
        buyer.add("twinspot", "Personal", number % 3 + 1)
        sessions.append(buyer.check_out())
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    lines = [{"price": price, "quantity": number % 3 + 1} for number in range(THROUGH_API)]
    return sessions + [sandbox.create_session([line]) for line in lines]


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_order_the_expected_grants_and_one_receipt_each(
    app: Flask, sandbox: SandboxClient, mailbox: Any, environment: dict[str, str], engine: str
) -> None:
    count = SESSIONS[engine]
    quantities = [number % 3 + 1 for number in (*range(count - THROUGH_API), *range(THROUGH_API))]
    sessions = start_sessions(app, sandbox, count)
    sandbox.control("config", duplicates=EXTRA_WEBHOOKS, retry_delays=[0.2, 0.5, 1.0])
    sandbox.control("deliveries/hold", types=["*"])
    for number, session_id in enumerate(sessions):
        email = SHARED if number % 2 else f"buyer{number}@example.com"
        sandbox.pay(session_id, email=email)

    with served(environment, workers=2) as url:

        def land(job: tuple[int, str]) -> tuple[int, int]:
            number, session_id = job
            answer = ask_for_page(f"{url}/checkout/return", session_id, f"10.2.0.{number % 250 + 1}")
            return answer.status_code, len(keys_on(answer.text))

        jobs = [(number, session_id) for number, session_id in enumerate(sessions)] * PAGES_EACH
        with ThreadPoolExecutor(24) as pool:
            pages = pool.map(land, jobs)
            sandbox.control("deliveries/release", types=["checkout.session.*"], order="shuffled")
            answers = list(pages)
        wait_for(lambda: len(handled(app)) == count, seconds=START_SECONDS)
        deliveries = wait_for(lambda: delivered(sandbox, count), seconds=START_SECONDS)

    assert Counter(status for status, _keys in answers) == {200: count * PAGES_EACH}
    assert [keys for _status, keys in answers] == quantities * PAGES_EACH
    # By its last attempt: on a busy machine the sandbox may have hung up before the shop had answered.
    statuses = Counter(row["attempts"][-1]["status"] for row in deliveries)
    assert set(statuses) == {200}, statuses
    assert not any((attempt["status"] or 0) >= 500 for row in deliveries for attempt in row["attempts"])
    assert_consistent(app, dict(zip(sessions, quantities, strict=True)))
    run_worker_once(app)
    mails = mailbox.messages()
    assert len(mails) == count
    assert sorted(len(keys_on(str(mail["text"]))) for mail in mails) == sorted(quantities)


def ask_for_page(url: str, session_id: str, client: str) -> requests.Response:
    """As a browser does: on a busy machine Stripe may not answer in time, and the page says to come back soon."""
    for _ in range(TRIES):
        answer = requests.get(
            url, params={"session_id": session_id}, headers={"X-Forwarded-For": client}, timeout=START_SECONDS
        )
        if answer.status_code != 503 or "Retry-After" not in answer.headers:
            break
        time.sleep(1)
    return answer


def handled(app: Flask) -> list[dict[str, Any]]:
    return read_rows(
        app, "SELECT id FROM stripe_events WHERE type = :kind AND handled_at IS NOT NULL", kind=COMPLETED
    )


def delivered(sandbox: SandboxClient, count: int) -> list[dict[str, Any]] | None:
    """Every delivery of a completed Session, once none is waiting any more."""
    rows: list[dict[str, Any]] = [
        row for row in sandbox.read("deliveries")["data"] if row["event_type"] == COMPLETED
    ]
    done = len(rows) >= count and all(row["state"] not in ("pending", "held", "in_flight") for row in rows)
    return rows if done else None


def assert_consistent(app: Flask, sessions: dict[str, int]) -> None:
    orders = read_rows(app, "SELECT id, checkout_session_id FROM orders")
    assert sorted(order["checkout_session_id"] for order in orders) == sorted(sessions)
    rows = read_rows(
        app,
        "SELECT o.checkout_session_id AS session, g.kind AS kind, COUNT(*) AS n, COUNT(DISTINCT l.key) AS keys"
        " FROM orders o JOIN order_items i ON i.order_id = o.id JOIN grants g ON g.order_item_id = i.id"
        " LEFT JOIN licenses l ON l.grant_id = g.id GROUP BY o.checkout_session_id, g.kind",
    )
    counts = {(row["session"], row["kind"]): (row["n"], row["keys"]) for row in rows}
    for session_id, quantity in sessions.items():
        assert counts[session_id, "license"] == (quantity, quantity)
        assert counts[session_id, "download"] == (1, 0)
    customers = read_rows(app, "SELECT email_key FROM customers")
    assert Counter(row["email_key"] for row in customers)[SHARED] == 1
    receipts = read_rows(app, "SELECT order_id, COUNT(*) AS n FROM outbox GROUP BY order_id")
    assert [row["n"] for row in receipts] == [1] * len(sessions)
