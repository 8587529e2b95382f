"""Open forms and saved cards under another key of the same Stripe account: nothing is sold twice or left there."""

from collections.abc import Callable

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from tests.payments.checkout.cards import checked_out, id_of, save_cards, session_of, work
from tests.support.databases import BOTH
from tests.support.keys import (
    account_of,
    another_process,
    use_other_account,
    use_restricted_key,
    use_secret_key,
    use_secret_key_of_older_version,
    use_untold_key,
)
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.sign_in import signed_in

SWAPS: list[Callable[[Flask, SandboxClient], None]] = [use_restricted_key, use_untold_key]


def open_ones(sandbox: SandboxClient) -> list[str]:
    return [one.id for one in sandbox.stripe.v1.checkout.sessions.list({"status": "open"}).data]


def test_leads_back_to_the_form_that_is_open(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    first = checked_out(buyer)
    for use_key in (use_restricted_key, use_secret_key):
        use_key(app, sandbox)
        assert buyer.check_out() == first
    assert open_ones(sandbox) == [first]


def test_leads_back_to_a_form_that_was_opened_while_nothing_told(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    buyer = Buyer(app)
    first = checked_out(buyer)
    use_secret_key(app, sandbox)
    assert buyer.check_out() == first
    assert open_ones(sandbox) == [first]


def test_closes_the_form_where_nothing_tells_that_it_is_of_this_account(
    app: Flask, sandbox: SandboxClient
) -> None:
    buyer = Buyer(app)
    first = checked_out(buyer)
    use_untold_key(app, sandbox)
    second = buyer.check_out()
    assert second != first
    assert open_ones(sandbox) == [second]


@pytest.mark.parametrize("swap", SWAPS)
def test_closes_the_form_of_another_cart(
    swap: Callable[[Flask, SandboxClient], None], app: Flask, sandbox: SandboxClient
) -> None:
    buyer = Buyer(app)
    first = checked_out(buyer)
    swap(app, sandbox)
    buyer.add("twinspot", "Team")
    second = buyer.check_out()
    assert second != first
    assert open_ones(sandbox) == [second]


@pytest.mark.parametrize("swap", SWAPS)
def test_sells_once_what_was_paid_before_the_keys_were_changed(
    swap: Callable[[Flask, SandboxClient], None], app: Flask, sandbox: SandboxClient
) -> None:
    buyer = Buyer(app)
    first = checked_out(buyer)
    sandbox.pay(first)
    swap(app, sandbox)
    answer = buyer.post("/checkout")
    assert f"session_id={first}" in answer.location
    assert open_ones(sandbox) == []


def page_of_form(buyer: Buyer) -> str:
    (row,) = read_rows(buyer.app, "SELECT token FROM checkouts")
    return buyer.get(f"/checkout/{row['token']}", follow_redirects=True).text


def test_shows_the_form_that_is_open(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    session_id = checked_out(buyer)
    use_restricted_key(app, sandbox)
    assert session_id in page_of_form(buyer)


def test_says_of_no_form_that_can_be_paid_that_it_has_expired(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    checked_out(buyer)
    use_untold_key(app, sandbox)
    assert "expired" in page_of_form(buyer)
    assert open_ones(sandbox) == []


def test_says_of_no_form_that_is_paid_that_it_has_expired(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    sandbox.pay(checked_out(buyer))
    use_untold_key(app, sandbox)
    assert "expired" not in page_of_form(buyer)


@pytest.mark.parametrize("is_restricted", [False, True])
def test_begins_anew_at_an_account_that_does_not_know_the_form(
    is_restricted: bool, app: Flask, sandbox: SandboxClient
) -> None:
    buyer = Buyer(app)
    first = checked_out(buyer)
    mirror = "SELECT account, stripe_price_id FROM stripe_mirrors ORDER BY id LIMIT 1"
    (kept,) = read_rows(app, mirror)
    with SandboxServer(SandboxConfig(port=0)) as server:
        other = SandboxClient(server)
        use_other_account(app, other, is_restricted=is_restricted)
        assert "expired" in page_of_form(buyer)
        second = buyer.check_out()
        assert (open_ones(sandbox), open_ones(other)) == ([first], [second])
    assert read_rows(app, mirror) == [kept]
    assert len(read_rows(app, "SELECT DISTINCT account FROM stripe_mirrors")) == 2


def test_shows_saved_cards_and_deletes_those_of_the_erased(app: Flask, sandbox: SandboxClient) -> None:
    save_cards(app)
    buyer = signed_in(app)
    session_id = checked_out(buyer)
    customer = session_of(sandbox, session_id)["customer"]
    sandbox.pay(session_id, save_payment_method=True)
    buyer.land(session_id)
    use_restricted_key(app, sandbox)
    assert "4242" in buyer.get("/account/cards").text
    with app.app_context():
        erase_customer(id_of(app))
    work(app)
    assert sandbox.stripe.v1.customers.retrieve(customer).to_dict().get("deleted")


def test_goes_on_in_a_process_that_began_before_rows_were_taken_over(app: Flask, sandbox: SandboxClient) -> None:
    save_cards(app)
    use_restricted_key(app, sandbox)
    buyer, other = signed_in(app), Buyer(app)
    session_id = checked_out(buyer)
    sandbox.pay(session_id, save_payment_method=True)
    buyer.land(session_id)
    form = checked_out(other)
    with another_process(app):
        use_secret_key(app, sandbox)
        account_of(app)
    assert "4242" in buyer.get("/account/cards").text
    assert other.check_out() == form


def test_deletes_cards_of_the_erased_that_were_saved_while_nothing_told(
    app: Flask, sandbox: SandboxClient
) -> None:
    use_restricted_key(app, sandbox)
    save_cards(app)
    customer = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    with app.app_context():
        erase_customer(id_of(app))
    use_secret_key(app, sandbox)
    work(app)
    assert sandbox.stripe.v1.customers.retrieve(customer).to_dict().get("deleted")


def is_deleted(sandbox: SandboxClient, customer: str) -> bool:
    return "deleted" in sandbox.stripe.v1.customers.retrieve(customer).to_dict()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_the_first_cards_where_they_were_saved_while_nothing_told(
    app: Flask, sandbox: SandboxClient
) -> None:
    save_cards(app)
    use_restricted_key(app, sandbox)
    first = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    use_secret_key_of_older_version(app, sandbox)
    second = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    assert first != second
    use_secret_key(app, sandbox)
    account_of(app)
    work(app)
    assert [is_deleted(sandbox, customer) for customer in (first, second)] == [False, True]
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"] == first


UNANSWERED = (
    "INSERT INTO stripe_customers (id, mode, account, customer_id, stripe_id, email, attempt, created_at)"
    " SELECT {id}, mode, :own, customer_id, NULL, '', 1, created_at FROM stripe_customers"
)


@pytest.mark.parametrize("row_id", [0, 100])
def test_keeps_the_only_cards_where_stripe_never_answered_about_the_other(
    row_id: int, app: Flask, sandbox: SandboxClient
) -> None:
    save_cards(app)
    use_restricted_key(app, sandbox)
    customer = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    change_rows(app, UNANSWERED.format(id=row_id), own=sandbox.server.store.account_id)
    use_secret_key(app, sandbox)
    account_of(app)
    work(app)
    assert not is_deleted(sandbox, customer)
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"] == customer


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_closes_forms_that_name_a_customer_who_is_given_up(app: Flask, sandbox: SandboxClient) -> None:
    save_cards(app)
    kept = signed_in(app)
    first = checked_out(kept)
    use_untold_key(app, sandbox)
    buyer = signed_in(app)
    second = checked_out(buyer)
    customers = [session_of(sandbox, session_id)["customer"] for session_id in (first, second)]
    use_restricted_key(app, sandbox)
    third = buyer.check_out()
    assert third not in (first, second)
    assert session_of(sandbox, third)["customer"] == customers[0]
    work(app)
    assert [is_deleted(sandbox, customer) for customer in customers] == [False, True]
    assert set(open_ones(sandbox)) == {first, third}
    assert kept.check_out() == first


def test_leads_to_what_is_paid_and_has_no_order_yet(app: Flask, sandbox: SandboxClient) -> None:
    """Its webhook is on its way, and its Customer is given up: nobody is to pay twice for that."""
    save_cards(app)
    checked_out(signed_in(app))
    use_untold_key(app, sandbox)
    buyer = signed_in(app)
    paid = checked_out(buyer)
    sandbox.pay(paid)
    use_restricted_key(app, sandbox)
    for _ in range(2):
        assert buyer.post("/checkout", nonce=buyer.nonce()).location == f"/checkout/return?session_id={paid}"
    assert len(open_ones(sandbox)) == 1, "the other browser's"


def test_leads_to_what_is_paid_while_stripe_is_away(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    nonce = buyer.nonce()
    paid = buyer.check_out()
    sandbox.pay(paid)
    buyer.land(paid)
    use_secret_key(app, sandbox)  # as a process does that has just begun
    sandbox.control("faults", method="GET", path="/v1/*", status=500, times=99)
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout", nonce=nonce).location == f"/checkout/return?session_id={paid}"


def test_leaves_what_is_paid_to_its_browser(app: Flask, sandbox: SandboxClient) -> None:
    """It shows the order there without one more sign-in, whatever became of the Customer."""
    save_cards(app)
    checked_out(signed_in(app))
    use_untold_key(app, sandbox)
    buyer = signed_in(app)
    paid = checked_out(buyer)
    sandbox.pay(paid)
    buyer.land(paid)
    hashes = "SELECT browser_hash FROM checkouts WHERE checkout_session_id = :paid"
    before = read_rows(app, hashes, paid=paid)
    use_restricted_key(app, sandbox)
    account_of(app)
    work(app)
    assert read_rows(app, hashes, paid=paid) == before != []
