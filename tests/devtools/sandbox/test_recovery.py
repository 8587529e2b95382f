"""Recovery after expiry: consent on the page, the address of an expired session, and the copy that it opens."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.shapes import Checker

ASKED: dict[str, Any] = {
    "after_expiration": {"recovery": {"enabled": True, "allow_promotion_codes": True}},
    "consent_collection": {"promotions": "auto"},
    "metadata": {"storefront": "shop_1"},
}


def leave(sandbox: Calls, answer: str = "opt_in", **more: Any) -> Any:
    """A buyer who types an address, answers the question and goes away until it has expired."""
    session = sandbox.make_session(**(ASKED | more))
    typed = {"buyer_email": "ada@example.com", "consent[promotions]": answer}
    assert sandbox.page(session.id, "", **typed).status == 200
    return sandbox.control(f"sessions/{session.id}/expire")


def test_carries_address_consent_and_email_in_the_event(sandbox: Calls) -> None:
    expired = leave(sandbox)
    checker = Checker()
    checker.check(expired)
    assert checker.problems == []
    event = sandbox.look("events?type=checkout.session.expired")["data"][0]["data"]["object"]
    recovery = event["after_expiration"]["recovery"]
    assert recovery["url"].startswith("http")
    assert recovery["expires_at"] > expired["expires_at"]
    assert (event["consent"]["promotions"], event["customer_details"]["email"]) == ("opt_in", "ada@example.com")


@pytest.mark.parametrize("times", [1, 2])
def test_opens_a_copy_that_sells(sandbox: Calls, times: int) -> None:
    expired = leave(sandbox)
    path = "/r/" + expired["after_expiration"]["recovery"]["url"].rpartition("/")[2]
    for _ in range(times):
        answer = sandbox.http.get(f"{sandbox.url}{path}", allow_redirects=False, timeout=60)
        assert answer.status_code == 303
    copy = sandbox.session(answer.headers["Location"].rpartition("/")[2])
    assert (copy["recovered_from"], copy["metadata"]) == (expired["id"], expired["metadata"])
    assert copy["allow_promotion_codes"]
    assert sandbox.pay(copy["id"]).status == 200
    assert sandbox.session(copy["id"])["payment_status"] == "paid"


def test_has_no_address_before_it_expires_nor_unasked(sandbox: Calls) -> None:
    session = sandbox.make_session(**ASKED)
    assert sandbox.session(session.id)["after_expiration"]["recovery"]["url"] is None
    unasked = sandbox.make_session()
    assert sandbox.control(f"sessions/{unasked.id}/expire")["after_expiration"] is None
    refused = sandbox.page(unasked.id, "", **{"consent[promotions]": "opt_in"})
    assert refused.status == 400
    assert sandbox.http.get(f"{sandbox.url}/r/rec_unknown", timeout=60).status_code == 404
    with pytest.raises(stripe.InvalidRequestError, match="after_expiration"):
        sandbox.make_session(ui_mode="elements", after_expiration=ASKED["after_expiration"])


def test_forgets_the_address_after_thirty_days(sandbox: Calls) -> None:
    expired = leave(sandbox)
    path = "/r/" + expired["after_expiration"]["recovery"]["url"].rpartition("/")[2]
    sandbox.control("clock", advance_seconds=31 * 86_400)
    assert sandbox.http.get(f"{sandbox.url}{path}", timeout=60).status_code == 404
