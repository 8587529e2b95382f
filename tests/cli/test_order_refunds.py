"""`storefront orders refund`: once however often it is typed, of what is asked, and never more than is left."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.payments.fulfillment.refund import RefundUncertain, refund_order
from storefront.stripe_api.gateway import GATEWAY, Gateway
from storefront.stripe_api.seen import SeenRefund
from tests.cli.commands import done, refused, run
from tests.payments.reconcile.sales import add_price_in_euros, start
from tests.support.databases import BOTH
from tests.support.goods import make_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
TWO_ITEMS = (("twinspot", "Personal"), ("the-patient-toolmaker", ""))


def refunds(sandbox: SandboxClient) -> list[Any]:
    """At Stripe, oldest first."""
    return list(sandbox.stripe.v1.refunds.list().data)[::-1]


@both
def test_gives_everything_back_and_closes_the_order_at_once(
    command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = sell(app, sandbox)
    number = number_of(sale)
    shown = done(command, "orders", "refund", number, "--reason", "requested_by_customer")
    (made,) = refunds(sandbox)
    assert f"Refund of $19.00 for order {number}: succeeded ({made.id})." in shown
    assert "A mail tells ada@example.com." in shown
    assert "Refunded so far: $19.00 of $19.00." in shown
    assert "The order: closed (refunded). This order was refunded" in shown
    assert (made.amount, made.reason) == (1900, "requested_by_customer")
    assert keys_on(sale.order_page()) == []
    sale.deliver(COMPLETED)
    sale.work()
    assert sale.promised() == {"receipt": "paused", "refunded": "sent"}
    assert f"Order {number} is refunded already." in refused(command, "orders", "refund", number)
    assert len(refunds(sandbox)) == 1


@both
def test_closes_the_items_it_names_and_no_other(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, *TWO_ITEMS)
    number = number_of(sale)
    items = read_rows(app, "SELECT position, description, total_minor FROM order_items ORDER BY position")
    shown = done(command, "orders", "refund", number, "--item", "2")
    (made,) = refunds(sandbox)
    assert made.amount == items[1]["total_minor"]
    assert made.metadata.to_dict() == {"storefront_items": "2"}
    assert "The order: open (partly_refunded). Part of this order was refunded. Below you see what" in shown
    assert f"Item 2, {items[1]['description']}: closed (item_refunded)." in shown
    assert "Item 1" not in shown
    assert keys_on(sale.order_page()) == sale.keys
    again = refused(command, "orders", "refund", number, "--item", "2", "--item", "1")
    assert f"Item 2 of order {number} is refunded already." in again
    assert "The order: closed (refunded)." in done(command, "orders", "refund", number, "--item", "1")
    assert sum(refund.amount for refund in refunds(sandbox)) == sum(item["total_minor"] for item in items)


@both
def test_makes_an_amount_once_and_a_second_one_when_it_is_meant(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    number = number_of(sale)
    shown = done(command, "orders", "refund", number, "--amount", "5.00")
    assert "The order: open (partly_refunded). Part of the price was refunded. Everything still works." in shown
    sentence = refused(command, "orders", "refund", number, "--amount", "5")
    assert f"Order {number} has a refund of $5.00 already" in sentence
    assert refunds(sandbox)[0].id in sentence
    done(command, "orders", "refund", number, "--amount", "5", "--again")
    done(command, "orders", "refund", number, "--amount", "4.50")
    refusal = refused(command, "orders", "refund", number, "--amount", "4.51")
    assert f"Order {number} has $4.50 left to refund, and that is less than $4.51." in refusal
    assert "The order: closed (refunded)." in done(command, "orders", "refund", number)
    assert [refund.amount for refund in refunds(sandbox)] == [500, 500, 450, 450]
    assert keys_on(sale.order_page()) == []


def test_counts_what_was_refunded_elsewhere_and_never_heard_of(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    """As after a command whose answer was lost, or a refund in the Dashboard whose event is late."""
    sale = sell(app, sandbox)
    sale.refund(amount=700)
    assert "has a refund of $7.00 already" in refused(
        command, "orders", "refund", number_of(sale), "--amount", "7.00"
    )
    done(command, "orders", "refund", number_of(sale))
    assert [refund.amount for refund in refunds(sandbox)] == [700, 1200]


@both
def test_makes_one_refund_of_two_commands_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    number = number_of(sell(app, sandbox))

    def refund(_command: int) -> str:
        with app.app_context():
            try:
                return refund_order(number, amount="5.00").id
            except StorefrontError as error:
                return error.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(refund, range(4)))
    (made,) = refunds(sandbox)
    assert answers - {"refunded_before", "refund_uncertain", "stripe_unavailable"} == {made.id}


def test_makes_a_new_one_after_one_that_failed(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    done(command, "orders", "refund", number_of(sale))
    sandbox.control(f"refunds/{refunds(sandbox)[0].id}/settle", result="failed")
    done(command, "orders", "refund", number_of(sale))
    assert [refund.status for refund in refunds(sandbox)] == ["failed", "succeeded"]
    assert keys_on(sale.order_page()) == []


REFUSED = [
    (["--amount", "19.01"], "has $19.00 left to refund, and that is less than $19.01."),
    (["--amount", "0"], "A refund of nothing is none."),
    (["--amount", "5,000"], "'5,000' is no amount in USD: write it like 5.00."),
    (["--amount", "5.001"], "'5.001' is no amount in USD: write it like 5.00."),
    (["--item", "2"], "has no item 2: they count from 1 to 1."),
    (["--item", "1", "--amount", "20"], "has $19.00 left to refund, and that is less than $20.00."),
]


def test_refuses_what_cannot_be_refunded(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    number = number_of(sell(app, sandbox))
    for words, sentence in REFUSED * 2:
        assert sentence in refused(command, "orders", "refund", number, *words)
    assert refunds(sandbox) == []


def test_refuses_what_was_free_or_is_not_paid(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    buyer, session_id = start(app, "Euro")
    sandbox.pay(session_id, payment_method="sepa_success")
    buyer.land(session_id)
    assert " is not paid." in refused(command, "orders", "refund", session_id)
    make_product(app, "gift", (0, "usd"))
    free = sell(app, sandbox, ("gift", ""))
    assert f"Order {number_of(free)} was free." in refused(command, "orders", "refund", number_of(free))
    assert refunds(sandbox) == []


def test_says_in_stripes_words_why_a_disputed_payment_cannot_be_refunded(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="needs_response")
    assert "has been charged back; cannot issue a refund." in refused(command, "orders", "refund", number_of(sale))
    assert keys_on(sale.order_page()) == []


@both
def test_asks_anew_once_the_cause_of_a_refusal_is_gone(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    """Stripe keeps a no under the key of its request for a day."""
    number = number_of(sell(app, sandbox))
    no = {"status": 400, "type": "invalid_request_error", "code": "balance_insufficient"}
    sandbox.control("faults", method="POST", path="/v1/refunds", message="Insufficient funds.", times=2, **no)
    for _twice in range(2):
        assert "Insufficient funds." in refused(command, "orders", "refund", number)
    assert refunds(sandbox) == []
    done(command, "orders", "refund", number)
    assert [refund.amount for refund in refunds(sandbox)] == [1900]
    verbs = read_rows(app, "SELECT verb FROM audit_entries WHERE subject = :number ORDER BY id", number=number)
    assert [row["verb"] for row in verbs] == ["order.refund_refused"] * 2 + ["order.refunded"]


def test_refunds_what_a_dispute_was_won_of(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    dispute = sale.at_charge("dispute", status="needs_response")
    assert "cannot issue a refund." in refused(command, "orders", "refund", number_of(sale))
    sandbox.control(f"disputes/{dispute}/move", status="won")
    done(command, "orders", "refund", number_of(sale))
    assert [refund.amount for refund in refunds(sandbox)] == [1900]


def test_is_one_refund_whatever_reasons_are_given_while_stripe_is_silent(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    """The first may still be made: a second under another key would give a part back twice."""
    number = number_of(sell(app, sandbox))
    sandbox.control("faults", method="POST", path="/v1/refunds", times=1, status=500)
    assert "did not say" in refused(command, "orders", "refund", number, "--amount", "5.00")
    other = ("--amount", "5.00", "--reason", "duplicate")
    assert "with another reason" in refused(command, "orders", "refund", number, *other)
    assert refunds(sandbox) == []


def test_takes_another_reason_after_a_refusal(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    number = number_of(sell(app, sandbox))
    no = {"status": 400, "type": "invalid_request_error", "code": "balance_insufficient"}
    sandbox.control("faults", method="POST", path="/v1/refunds", message="Insufficient funds.", times=1, **no)
    assert "Insufficient funds." in refused(command, "orders", "refund", number)
    done(command, "orders", "refund", number, "--reason", "duplicate")
    assert [refund.reason for refund in refunds(sandbox)] == ["duplicate"]


@pytest.mark.parametrize(
    ("price", "typed", "amount_minor", "wrong"),
    [((1900, "jpy"), "500", 500, "500.00"), ((19_000, "kwd"), "1.230", 1230, "1.234")],
)
def test_reads_amounts_in_the_digits_of_the_currency(  # noqa: PLR0917 - the fixtures, and a case
    command: CliRunner,
    app: Flask,
    sandbox: SandboxClient,
    price: tuple[int, str],
    typed: str,
    amount_minor: int,
    wrong: str,
) -> None:
    make_product(app, "lantern", price)
    number = number_of(sell(app, sandbox, ("lantern", "")))
    assert f"'{wrong}'" in refused(command, "orders", "refund", number, "--amount", wrong)
    done(command, "orders", "refund", number, "--amount", typed)
    assert [refund.amount for refund in refunds(sandbox)] == [amount_minor]


def test_does_nothing_when_stripe_does_not_answer_before(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", times=3, status=503)
    assert "answering" in refused(command, "orders", "refund", number_of(sale))
    assert refunds(sandbox) == []
    assert keys_on(sale.order_page()) == sale.keys


def test_makes_no_second_refund_after_an_answer_that_was_lost(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    words = ["orders", "refund", number_of(sale), "--amount", "5"]
    sandbox.control("faults", method="POST", path="/v1/refunds", times=3, drop_after_execution=True)
    lost = refused(command, *words)
    assert "Stripe did not say whether the refund is made." in lost
    assert "type the same command again" in lost
    assert f"`storefront fulfill {sale.session_id}` asks again" in lost
    for _twice in range(2):
        assert "has a refund of $5.00 already" in refused(command, *words)
    assert [refund.amount for refund in refunds(sandbox)] == [500]


def test_says_so_when_stripe_fails_while_making_it(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    """Stripe keeps such an answer under the key: the same command gets it again, and harms nobody."""
    sale = sell(app, sandbox)
    sandbox.control("faults", method="POST", path="/v1/refunds", times=1, status=500)
    for _twice in range(2):
        assert "wait a day, or refund in the Stripe Dashboard" in refused(
            command, "orders", "refund", number_of(sale)
        )
    assert refunds(sandbox) == []
    assert keys_on(sale.order_page()) == sale.keys


def test_says_that_it_is_made_when_stripe_falls_silent_afterwards(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)

    class SilentAfterwards(Gateway):
        def __init__(self, real: Gateway) -> None:
            self.__dict__.update(real.__dict__)

        def create_refund(self, *ids: str, **how: Any) -> SeenRefund:
            seen_refund = super().create_refund(*ids, **how)
            sandbox.control("faults", method="GET", path="/v1/checkout/sessions", times=9, status=503)
            return seen_refund

    GATEWAY.set(SilentAfterwards(GATEWAY.get(app)), app)
    with app.app_context(), pytest.raises(RefundUncertain, match=r"is made, but Stripe did not say afterwards"):
        refund_order(sale.session_id)
    sandbox.control("faults/clear")
    assert [refund.amount for refund in refunds(sandbox)] == [1900]
    sale.deliver("charge.refunded")
    assert keys_on(sale.order_page()) == []


@pytest.mark.parametrize("words", [["--item", "0"], ["--reason", "bored"], ["--item", "one"]])
def test_asks_what_is_meant(command: CliRunner, app: Flask, words: list[str]) -> None:
    assert run(command, "orders", "refund", "ABCD1234", *words).exit_code == 2


def test_asks_stripe_nothing_about_what_was_given_for_free(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    given = done(command, "orders", "give", "ada@example.com", "twinspot/personal", "--because", "raffle")
    number, session_id = read_rows(app, "SELECT number, checkout_session_id FROM orders")[0].values()
    assert number in given
    sandbox.forget_calls()
    owner = sign_in_at_admin(app, make_person(app))
    for named in (number, session_id):
        assert f"Order {number} was free." in refused(command, "orders", "refund", named)
        assert done(command, "fulfill", named) == "already_fulfilled\n"
    sent = owner.post(f"/admin/orders/{number}/refund", what="everything")
    assert f"Order {number} was free." in owner.get(sent.location).text
    assert sandbox.calls() == []


def test_looks_at_the_session_of_an_order_again_by_its_number(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sandbox.forget_calls()
    assert done(command, "fulfill", f"#{number_of(sale)}") == "already_fulfilled\n"
    assert any(sale.session_id in str(call) for call in sandbox.calls())
    assert done(command, "fulfill", "cs_test_unknown") == "not_ours\n"
