"""`/metrics`: the same figures for Prometheus, for this machine or who holds the token."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from tests.owner.health.metrics_page import read_metrics
from tests.payments.reconcile.sales import run as reconcile
from tests.support.databases import BOTH
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

TOKEN = "a-token-for-tests"
FAR = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_counts_what_a_sale_leaves(app: Flask, sandbox: SandboxClient) -> None:
    assert ("reconcile_age_seconds", "") not in read_metrics(app)
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    reconcile(app)
    metrics = read_metrics(app)
    assert metrics["orders", "fulfilled"] == 1
    assert metrics["orders", "awaiting_payment"] == 0
    assert metrics["grants", "license"] == len(sale.keys)
    assert metrics["mails", "queued"] == 1
    assert metrics["stripe_events", "already_fulfilled"] == 1
    assert metrics["warnings", "worker_silent"] == 1
    assert metrics["oldest_unhandled_event_seconds", ""] == 0
    assert metrics["reconcile_age_seconds", ""] < 3600
    assert metrics["mode", "sandbox"] == 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_costs_few_statements_however_often_it_is_read(app: Flask) -> None:
    for _again in range(2):
        with counted(app) as statements:
            read_metrics(app)
        assert len(statements) <= 16, statements


def with_token(environment: dict[str, str], **how: str) -> Flask:
    return create_app(load_settings(environment | how))


def test_answers_who_holds_the_token_from_anywhere(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    for how in ({"METRICS_TOKEN": TOKEN}, {"METRICS_TOKEN_FILE": str(tmp_path / "token")}):
        client = with_token(environment, **how).test_client()
        given = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/metrics", headers=given, environ_base=FAR).status_code == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer \xe9", "Bearer None"]
)
@pytest.mark.parametrize("token", ["", TOKEN])
def test_is_not_there_for_anybody_else(environment: dict[str, str], given: str, token: str) -> None:
    client = with_token(environment, METRICS_TOKEN=token).test_client()
    assert client.get("/metrics", headers={"Authorization": given}, environ_base=FAR).status_code == 404


def test_is_not_fooled_by_a_proxy_on_this_machine(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics").status_code == 200


def test_sees_the_client_behind_a_proxy_that_is_told_of(environment: dict[str, str]) -> None:
    client = with_token(environment, TRUSTED_PROXIES="1").test_client()
    for address in ("203.0.113.9", "127.0.0.1"):
        assert client.get("/metrics", headers={"X-Forwarded-For": address}).status_code == 404


def test_keeps_the_token_out_of_what_is_printed(environment: dict[str, str]) -> None:
    assert TOKEN not in repr(load_settings(environment | {"METRICS_TOKEN": TOKEN}))


WARNED = [  # TRUSTED_PROXIES, headers, address of the other end -> whether it says what troubles the shop
    ("0", {}, "127.0.0.1", True),
    ("0", {}, "::1", True),
    ("0", {"Host": "localhost:8000"}, "127.0.0.1", True),
    ("0", {"Host": "evil.example"}, "127.0.0.1", False),  # DNS rebinding
    ("0", {}, "203.0.113.9", False),
    ("0", {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
    ("0", {"X-Real-IP": "203.0.113.9"}, "127.0.0.1", False),
    ("0", {"Forwarded": "for=203.0.113.9"}, "127.0.0.1", False),
    ("1", {}, "127.0.0.1", False),
    ("1", {"X-Forwarded-For": ""}, "127.0.0.1", False),
    ("1", {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
    ("1", {"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1", False),
    ("2", {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
    ("2", {"Authorization": f"Bearer {TOKEN}"}, "203.0.113.9", True),
]


def test_says_what_troubles_the_shop_to_who_may_know(environment: dict[str, str]) -> None:
    for proxies, headers, address, is_told in WARNED:
        client = with_token(environment, METRICS_TOKEN=TOKEN, TRUSTED_PROXIES=proxies).test_client()
        environ = {"REMOTE_ADDR": address}
        ready = client.get("/readyz", headers=headers, environ_base=environ)
        assert (ready.status_code, ready.get_json()["status"]) == (200, "ok")
        assert ("warnings" in ready.get_json()) is is_told, (proxies, headers, address)
        metrics = client.get("/metrics", headers=headers, environ_base=environ)
        assert metrics.status_code == (200 if is_told else 404)


def test_says_whom_to_tell_of_a_hole(environment: dict[str, str]) -> None:
    shop = {"MAIL_FROM": "Ada's Shop <hello+shop@shop.example>", "BASE_URL": "https://shop.example"}
    for more, contact in (
        ({}, "mailto:hello%2Bshop@shop.example"),
        ({"SECURITY_CONTACT": "security@shop.example"}, "mailto:security@shop.example"),
        ({"SECURITY_CONTACT": "https://shop.example/security"}, "https://shop.example/security"),
    ):
        answer = with_token(environment, **shop, **more).test_client().get("/.well-known/security.txt")
        assert answer.content_type == "text/plain; charset=utf-8"
        told = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert told["Contact"] == contact
        assert told["Canonical"] == "https://shop.example/.well-known/security.txt"
        ends = datetime.fromisoformat(told["Expires"])
        assert timedelta(days=90) < ends - datetime.now(UTC) < timedelta(days=365)
    client = with_token(environment, **shop, SECURITY_CONTACT="none").test_client()
    assert client.get("/.well-known/security.txt").status_code == 404
