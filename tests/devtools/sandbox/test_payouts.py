"""Money of the account: when a fee is known, what it is in another currency, and the payouts it leaves in."""

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.shapes import Checker

WEEK = 7 * 86_400


def pay(sandbox: Calls, currency: str = "usd", amount: int = 1900) -> str:
    session = sandbox.make_session(sandbox.make_price(amount, currency))
    intent = sandbox.pay(session.id, payment_method="pm_card_visa").json["payment_intent"]
    return str(sandbox.get(f"/v1/payment_intents/{intent['id']}")["latest_charge"])


def test_knows_a_fee_later_where_the_account_says_so(sandbox: Calls) -> None:
    sandbox.control("config", fees_after_seconds=3600)
    charge = pay(sandbox)
    assert sandbox.get(f"/v1/charges/{charge}")["balance_transaction"] is None
    assert "charge.updated" not in sandbox.event_types()
    sandbox.control("clock", advance_seconds=3600)
    booked = sandbox.get(f"/v1/charges/{charge}", "expand[]=balance_transaction")["balance_transaction"]
    assert (booked["amount"], booked["fee"], booked["net"]) == (1900, 85, 1815)
    assert sandbox.event_types()[-1] == "charge.updated"


def test_books_in_the_currency_that_the_account_settles_in(sandbox: Calls) -> None:
    sandbox.control("config", settles_in="usd")
    charges = [pay(sandbox, "eur", 1900), pay(sandbox, "jpy", 3000)]
    expand = "expand[]=balance_transaction"
    booked = [sandbox.get(f"/v1/charges/{charge}", expand)["balance_transaction"] for charge in charges]
    assert [(row["amount"], row["currency"], row["exchange_rate"]) for row in booked] == [
        (2052, "usd", 1.08),
        (2010, "usd", 0.0067),
    ]
    assert all(row["net"] == row["amount"] - row["fee"] for row in booked)
    refund = sandbox.call("POST", "/v1/refunds", f"charge={charges[0]}&amount=500").json
    back = sandbox.get(f"/v1/balance_transactions/{refund['balance_transaction']}")
    assert (back["amount"], back["currency"], back["fee"]) == (-540, "usd", 0)


def test_pays_out_what_is_available_and_says_what_is_in_it(sandbox: Calls) -> None:
    pay(sandbox)
    assert sandbox.control("payouts")["data"] == []  # nothing is available yet
    sandbox.control("clock", advance_seconds=WEEK)
    (payout,) = sandbox.control("payouts")["data"]
    assert sandbox.control("payouts")["data"] == []
    assert (payout["amount"], payout["automatic"], payout["status"]) == (1815, True, "pending")
    parts = sandbox.get("/v1/balance_transactions", f"payout={payout['id']}&expand[]=data.source")["data"]
    assert [(part["type"], part["net"]) for part in parts] == [("payout", -1815), ("charge", 1815)]
    assert parts[0]["source"]["id"] == payout["id"]
    sandbox.control("clock", advance_seconds=2 * 86_400)
    checker = Checker()
    checker.check(sandbox.get(f"/v1/payouts/{payout['id']}", "expand[]=balance_transaction"))
    assert not checker.problems
    assert sandbox.get(f"/v1/payouts/{payout['id']}")["status"] == "paid"
    assert sandbox.event_types()[-2:] == ["payout.updated", "payout.paid"]


def test_names_the_parts_of_automatic_payouts_only(sandbox: Calls) -> None:
    sandbox.pay(sandbox.make_session(sandbox.make_price()).id, payment_method="pm_card_bypassPending")
    payout = sandbox.call("POST", "/v1/payouts", "amount=1100&currency=usd").json
    refused = sandbox.call("GET", "/v1/balance_transactions", f"payout={payout['id']}")
    assert (refused.status, "automatic" in refused.json["error"]["message"]) == (400, True)
    unknown = sandbox.call("GET", "/v1/balance_transactions", "payout=po_nope")
    assert unknown.json["error"]["code"] == "resource_missing"
