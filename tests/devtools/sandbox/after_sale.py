"""A payment that something happens to, and the events of what happens."""

from collections.abc import Callable

from tests.devtools.sandbox.calls import Calls


def pay_with(sandbox: Calls, method: str = "pm_card_visa", currency: str = "usd") -> str:
    """The id of the charge, of money that has arrived."""
    session = sandbox.make_session(sandbox.make_price(currency=currency))
    intent = sandbox.pay(session.id, payment_method=method).json["payment_intent"]
    if intent["status"] == "processing":
        sandbox.control(f"payment_intents/{intent['id']}/settle")
    return str(sandbox.get(f"/v1/payment_intents/{intent['id']}")["latest_charge"])


def events_after(sandbox: Calls, act: Callable[[], object]) -> list[str]:
    before = len(sandbox.event_types())
    act()
    return sandbox.event_types()[before:]
