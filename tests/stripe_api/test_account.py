"""Which account a key is of: asked once, told by a price where it may not be asked, and whose the old rows are."""

import logging

import pytest
from flask import Flask

from storefront.core.db import transaction
from storefront.core.errors import StripeUnavailable
from storefront.payments.webhook import endpoint
from storefront.stripe_api.account import MOST_ASKED, UNKNOWN
from storefront.stripe_api.gateway import gateway
from tests.payments.checkout.cards import checked_out, save_cards, session_of, work
from tests.support.databases import BOTH
from tests.support.discounts import discount
from tests.support.keys import account_of, another_process, use_restricted_key, use_secret_key, use_untold_key
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.sign_in import signed_in

MIRRORS = "SELECT account, stripe_price_id FROM stripe_mirrors ORDER BY id"
TABLES = ("stripe_mirrors", "discount_mirrors", "stripe_customers", "webhook_endpoints", "checkouts")
COPY = (
    "INSERT INTO stripe_mirrors (price_id, mode, account, tax_code, tax_behavior, stripe_product_id,"
    " stripe_price_id, created_at) SELECT price_id, mode, 'acct_' || :number, tax_code, tax_behavior,"
    " stripe_product_id, 'price_of_' || :number, created_at FROM stripe_mirrors ORDER BY id LIMIT 1"
)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"STRIPE_WEBHOOK_SECRET": ""}


def accounts_in(app: Flask) -> dict[str, set[str]]:
    return {table: {row["account"] for row in read_rows(app, f"SELECT account FROM {table}")} for table in TABLES}


def store_all(app: Flask, sandbox: SandboxClient, code: str = "SPRING") -> str:
    """Leave a row in each table; return the id at Stripe of a buyer's Customer."""
    save_cards(app)
    assert discount(app, code) == ""
    with app.app_context():
        endpoint.make_endpoint()
    return str(session_of(sandbox, checked_out(signed_in(app)))["customer"])


def test_is_told_by_a_price_whose_the_key_is_and_asks_once(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(Buyer(app))
    own = account_of(app)
    (mirror,) = read_rows(app, MIRRORS)
    use_restricted_key(app, sandbox)
    sandbox.forget_calls()
    assert [account_of(app) for _ in range(3)] == [own] * 3
    assert sandbox.calls() == [("GET", "/v1/account"), ("GET", f"/v1/prices/{mirror['stripe_price_id']}")]


def test_asks_a_key_that_names_its_account_nothing_more(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(Buyer(app))
    use_secret_key(app, sandbox)
    sandbox.forget_calls()
    assert account_of(app) == sandbox.server.store.account_id
    assert sandbox.calls() == [("GET", "/v1/account")]


def test_does_not_know_the_account_where_nothing_tells(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    sandbox.forget_calls()
    assert [account_of(app) for _ in range(3)] == [UNKNOWN] * 3
    assert sandbox.calls() == [("GET", "/v1/account")]


def test_goes_through_few_of_many_accounts(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(Buyer(app))
    own = account_of(app)
    for number in range(1, MOST_ASKED):
        change_rows(app, COPY, number=str(number))
    use_restricted_key(app, sandbox)
    assert account_of(app) == own
    change_rows(app, COPY, number=str(MOST_ASKED))
    use_restricted_key(app, sandbox)
    sandbox.forget_calls()
    assert account_of(app) == UNKNOWN
    assert len(sandbox.calls()) == 1 + MOST_ASKED


def test_is_told_by_a_coupon_where_nothing_was_sold_yet(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    assert discount(app) == ""
    use_secret_key(app, sandbox)
    own = account_of(app)
    assert accounts_in(app)["discount_mirrors"] == {own}
    use_restricted_key(app, sandbox)
    assert account_of(app) == own


def test_reports_no_fault_where_a_restricted_key_may_not_name_its_account(
    app: Flask, sandbox: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    use_restricted_key(app, sandbox)
    assert account_of(app) == UNKNOWN
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def take_over_elsewhere(app: Flask, sandbox: SandboxClient) -> str:
    with another_process(app):
        use_secret_key(app, sandbox)
        return account_of(app)


def test_learns_from_what_another_process_took_over(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    checked_out(Buyer(app))
    own = take_over_elsewhere(app, sandbox)
    sandbox.forget_calls()
    assert [account_of(app) for _ in range(3)] == [own] * 3
    ((method, path),) = sandbox.calls()
    assert (method, path.rpartition("/")[0]) == ("GET", "/v1/prices")


def test_is_of_one_account_for_a_whole_request(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    checked_out(Buyer(app))
    with app.app_context():
        assert gateway().account_id() == UNKNOWN
        own = take_over_elsewhere(app, sandbox)
        assert (account_of(app), gateway().account_id()) == (own, UNKNOWN)


def test_asks_nothing_inside_a_transaction(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    checked_out(Buyer(app))
    own = take_over_elsewhere(app, sandbox)
    with app.app_context(), transaction():
        assert gateway().account_id() == UNKNOWN
    assert account_of(app) == own


def test_asks_again_after_the_key_was_refused(app: Flask, sandbox: SandboxClient) -> None:
    """As Stripe does for a moment after it was made."""
    checked_out(Buyer(app))
    own = account_of(app)
    use_secret_key(app, sandbox)
    words = {"type": "invalid_request_error", "message": "Invalid API Key provided"}
    sandbox.control("faults", method="GET", path="/v1/*", status=401, times=9, **words)
    assert account_of(app) == UNKNOWN
    sandbox.control("faults/clear")
    assert account_of(app) == own


def test_asks_again_after_no_answer(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(Buyer(app))
    own = account_of(app)
    use_restricted_key(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/prices/*", status=500, times=9)
    with app.app_context(), pytest.raises(StripeUnavailable):
        gateway().account_id()
    sandbox.control("faults/clear")
    assert account_of(app) == own


def test_asks_again_after_the_key_was_refused_at_what_tells(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(Buyer(app))
    own = account_of(app)
    use_restricted_key(app, sandbox)
    words = {"type": "invalid_request_error", "message": "Invalid API Key provided."}
    sandbox.control("faults", method="GET", path="/v1/prices/*", status=401, times=1, **words)
    assert [account_of(app) for _ in range(2)] == [UNKNOWN, own]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_takes_over_what_was_stored_while_nothing_told(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    customer = store_all(app, sandbox)
    assert set.union(*accounts_in(app).values()) == {UNKNOWN}
    use_secret_key(app, sandbox)
    own = account_of(app)
    assert set.union(*accounts_in(app).values()) == {own}
    sandbox.forget_calls()
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"] == customer
    assert [call for call in sandbox.calls() if call[0] == "POST"] == [("POST", "/v1/checkout/sessions")]


def test_leaves_what_belongs_to_nobody_known(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    store_all(app, sandbox)
    change_rows(app, "UPDATE stripe_mirrors SET stripe_price_id = 'price_of_a_stranger'")
    use_secret_key(app, sandbox)
    assert account_of(app) == sandbox.server.store.account_id
    assert set.union(*accounts_in(app).values()) == {UNKNOWN}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_of_what_was_made_twice(app: Flask, sandbox: SandboxClient) -> None:
    """As a shop has it whose version took its restricted key for another account's."""
    first = store_all(app, sandbox)
    use_untold_key(app, sandbox)
    second = store_all(app, sandbox, code="AUTUMN")
    assert first != second
    use_restricted_key(app, sandbox)
    own = account_of(app)
    assert [row["account"] for row in read_rows(app, MIRRORS)] == [own, UNKNOWN]  # says what was sold with it
    kept = accounts_in(app)
    assert kept["checkouts"] == {own, ""}  # the form that shows the second Customer is nobody's to pay
    assert [kept[table] for table in TABLES[1:] if table != "checkouts"] == [{own}] * 3
    work(app)
    left = {stripe_id: sandbox.stripe.v1.customers.retrieve(stripe_id).to_dict() for stripe_id in (first, second)}
    assert ["deleted" in left[first], "deleted" in left[second]] == [False, True]
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"] == first
    use_secret_key(app, sandbox)
    assert account_of(app) == own


def test_says_once_that_it_took_over_and_asks_no_more_of_a_twin(
    app: Flask, sandbox: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    checked_out(Buyer(app))
    use_untold_key(app, sandbox)
    checked_out(Buyer(app))
    for _ in range(3):
        use_secret_key(app, sandbox)
        sandbox.forget_calls()
        account_of(app)
    assert sandbox.calls() == [("GET", "/v1/account")]
    said = [record for record in caplog.records if "taken over" in record.message]
    assert (len(said), len(read_rows(app, MIRRORS))) == (1, 2)


@pytest.mark.parametrize("table", TABLES[1:])
def test_takes_over_what_was_stored_beside_a_twin_since(table: str, app: Flask, sandbox: SandboxClient) -> None:
    """By a process that did not know of the take-over yet."""
    store_all(app, sandbox)
    use_untold_key(app, sandbox)
    checked_out(Buyer(app))
    use_secret_key(app, sandbox)
    own = account_of(app)
    change_rows(app, f"UPDATE {table} SET account = :unknown", unknown=UNKNOWN)
    use_secret_key(app, sandbox)
    assert account_of(app) == own
    assert accounts_in(app)[table] == {own}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_the_newest_endpoint_of_two_accounts_that_are_one(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(Buyer(app))
    with app.app_context():
        first = endpoint.make_endpoint().endpoint_id
    use_untold_key(app, sandbox)
    with app.app_context():
        second = endpoint.replace_endpoint(shown=first).endpoint_id
    checked_out(Buyer(app))
    use_secret_key(app, sandbox)
    with app.app_context():
        check = endpoint.check_endpoint()
    assert (check.endpoint_id, check.others) == (second, (first,))
