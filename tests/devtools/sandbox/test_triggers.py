"""The calls of the fixtures behind `stripe trigger`, sent as the command line sends them: without a version.

The table in docs/sandbox.md says which of them the sandbox answers; it is held here.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.shapes import Checker

Step = tuple[str, str]  # path and body; `{0}` is the id that the first step has answered
CARD = "payment_method_types[]=card&description=(created by Stripe CLI)&currency=usd"
PAY = f"amount=2000&{CARD}&confirm=true"
SESSION = (
    "mode=payment&success_url=http://127.0.0.1/ok&line_items[0][quantity]=1"
    "&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=1500"
    "&line_items[0][price_data][product_data][name]=Lantern"
)
DEBIT = (
    "amount=1000&currency=eur&payment_method_types[]=sepa_debit&confirm=true&payment_method={0}"
    "&mandate_data[customer_acceptance][type]=offline"
)
TRANSFER = (
    "amount=20000&currency=jpy&customer={0}&payment_method_types[]=customer_balance&confirm=true"
    "&payment_method_data[type]=customer_balance"
    "&payment_method_options[customer_balance][funding_type]=bank_transfer"
    "&payment_method_options[customer_balance][bank_transfer][type]=jp_bank_account"
)
ITEM = "name=myproduct"

ANSWERED: dict[str, tuple[str, list[Step]]] = {
    "balance.available": (
        "balance.available",
        [("payment_intents", f"{PAY}&payment_method=pm_card_bypassPending")],
    ),
    "cash_balance.funds_available": (
        "cash_balance.funds_available",
        [
            ("customers", "description=x"),
            ("test_helpers/customers/{0}/fund_cash_balance", "amount=1000&currency=usd"),
        ],
    ),
    "charge.succeeded": ("charge.succeeded", [("payment_intents", f"{PAY}&payment_method=pm_card_visa")]),
    "charge.failed": (
        "charge.failed",
        [("payment_intents", f"{PAY}&payment_method=pm_card_visa_chargeDeclined")],
    ),
    "charge.refunded": (
        "charge.refunded",
        [("payment_intents", f"{PAY}&payment_method=pm_card_visa"), ("refunds", "payment_intent={0}")],
    ),
    "charge.dispute.created": (
        "charge.dispute.created",
        [("payment_intents", f"{PAY}&payment_method=pm_card_createDispute")],
    ),
    "checkout.session.expired": (
        "checkout.session.expired",
        [("checkout/sessions", SESSION), ("checkout/sessions/{0}/expire", "")],
    ),
    "customer.created": ("customer.created", [("customers", "description=x")]),
    "payment_intent.created": ("payment_intent.created", [("payment_intents", f"amount=2000&{CARD}")]),
    "payment_intent.succeeded": (
        "payment_intent.succeeded",
        [("payment_intents", f"{PAY}&payment_method=pm_card_visa&shipping[name]=J&shipping[address][line1]=1")],
    ),
    "payment_intent.canceled": (
        "payment_intent.canceled",
        [
            ("payment_intents", f"amount=2000&{CARD}"),
            ("payment_intents/{0}/cancel", "cancellation_reason=requested_by_customer"),
        ],
    ),
    "payment_intent.payment_failed": (
        "payment_intent.payment_failed",
        [("payment_intents", f"{PAY}&payment_method=pm_card_chargeDeclined")],
    ),
    "payment_intent.requires_action": (
        "payment_intent.requires_action",
        [("payment_intents", f"{PAY}&payment_method=pm_card_authenticationRequired")],
    ),
    "payment_intent.processing": (
        "payment_intent.processing",
        [
            ("payment_methods", "type=sepa_debit&sepa_debit[iban]=AT321904300235473204&billing_details[name]=J"),
            (
                "payment_intents",
                DEBIT,
            ),
        ],
    ),
    "payment_intent.partially_funded": (
        "payment_intent.partially_funded",
        [
            ("customers", "description=x"),
            (
                "payment_intents",
                TRANSFER,
            ),
            ("test_helpers/customers/{0}/fund_cash_balance", "amount=10000&currency=jpy"),
        ],
    ),
    "payout.created": (
        "payout.created",
        [
            ("payment_intents", f"{PAY}&payment_method=pm_card_bypassPending"),
            ("payouts", "amount=1100&currency=usd"),
        ],
    ),
    "product.created": ("product.created", [("products", ITEM)]),
}
_OF_INVOICES = (
    "created", "updated", "deleted", "finalized", "sent", "paid", "payment_failed", "payment_action_required",
    "voided", "marked_uncollectible",
)  # fmt: skip
# What the sandbox does not have, by name: the call that is refused.
REFUSED: dict[str, Step] = {
    **{f"invoice.{name}": ("invoiceitems", "amount=2000&currency=usd&customer=cus_x") for name in _OF_INVOICES},
    **{
        f"credit_note.{name}": ("credit_notes", "invoice=in_x&lines[0][type]=custom_line_item")
        for name in ("created", "updated", "voided")
    },
    "setup_intent.succeeded": ("setup_intents", "payment_method_types[]=card&confirm=true"),
    "customer.subscription.created": ("subscriptions", "customer=cus_x&items[0][price]=price_x"),
    "charge.captured": ("payment_intents", f"{PAY}&payment_method=pm_card_visa&capture_method=manual"),
    "payment_intent.amount_capturable_updated": ("payment_intents", f"{PAY}&capture_method=manual"),
    "reporting.report_run.succeeded": ("reporting/report_runs", "report_type=balance.summary.1"),
}
DOCS = Path(__file__).parents[3] / "docs" / "sandbox.md"


def post(sandbox: Calls, step: Step, first: str) -> Any:
    return sandbox.call("POST", f"/v1/{step[0].format(first)}", step[1].replace("{0}", first))


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_the_calls_of_a_trigger(sandbox: Calls, name: str) -> None:
    event, steps = ANSWERED[name]
    first = ""
    for step in steps:
        answer = post(sandbox, step, first)
        assert answer.status in {200, 402}, answer.json
        first = first or answer.json.get("id", "")
    assert event in [row["type"] for row in sandbox.look("events")["data"]]


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_a_trigger_with_a_sentence(sandbox: Calls, name: str) -> None:
    answer = post(sandbox, REFUSED[name], "")
    assert answer.status in {400, 404}
    assert answer.json["error"]["message"]


def test_says_in_its_page_which_triggers_it_answers() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (yes|no) \|", DOCS.read_text(), re.MULTILINE))
    assert rows == {**dict.fromkeys(ANSWERED, "yes"), **dict.fromkeys(REFUSED, "no")}


def test_counts_the_balance_and_pays_it_out_in_stripes_shape(sandbox: Calls) -> None:
    checker = Checker()
    sandbox.call("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_bypassPending")
    sandbox.call("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")
    before = sandbox.get("/v1/balance")
    assert (before["available"][0]["amount"], before["pending"][0]["amount"]) == (1912, 1912)
    payout = sandbox.call("POST", "/v1/payouts", "amount=1100&currency=usd").json
    sandbox.call("POST", f"/v1/payouts/{payout['id']}", "metadata[foo]=bar")
    assert sandbox.get("/v1/balance")["available"][0]["amount"] == 812
    refused = sandbox.call("POST", "/v1/payouts", "amount=9999&currency=usd")
    assert (refused.status, refused.json["error"]["code"]) == (400, "balance_insufficient")
    checker.check(sandbox.get("/v1/balance"))
    checker.check(sandbox.get("/v1/payouts"))
    for event in sandbox.look("events")["data"]:
        checker.check(event)
    assert not checker.problems, "\n".join(sorted(set(checker.problems)))
