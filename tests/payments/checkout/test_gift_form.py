"""Our page with the form to pay a gift: whom it is for, and where the receipt goes."""

import html
import re

import pytest

from tests.support.gifts import FIELDS, in_days
from tests.support.letters import words_of
from tests.support.shop import Buyer

AT_ONCE = "Delivered as soon as you've paid"
LINKS = "We'll send your receipt and download links here."
OUR_OWN = ("elements",)

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture(params=["embedded", *OUR_OWN])
def environment(environment: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """Stripe's form in our page, and our own."""
    return environment | {"CHECKOUT_UI": request.param}


def form_of(buyer: Buyer, **fields: str) -> str:
    """From the cart to the form; `fields` are the gift's. Returns its page."""
    buyer.add("twinspot", "Personal")
    answer = buyer.get(buyer.post("/checkout", nonce=buyer.nonce(), **fields).location)
    assert answer.status_code == 200
    return answer.text[answer.text.index("<main") :]


def hint_on(page: str) -> str:
    """What stands below the field of the address, in our own form alone."""
    found = re.search(r'id="email-hint"[^>]*>([^<]*)<', page)
    return html.unescape(found[1]) if found else ""


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("", "A gift for r…@example.net, sent as soon as you've paid."),
        (in_days(20), "A gift for r…@example.net, arrives on "),
    ],
    ids=["at once", "later"],
)
def test_says_whom_a_gift_is_for_and_when_it_arrives(buyer: Buyer, day: str, said: str) -> None:
    page = form_of(buyer, **FIELDS | {"gift_on": day})
    assert said in words_of(page)
    assert AT_ONCE not in words_of(page)
    assert "rosa@" not in page


@pytest.mark.parametrize("environment", OUR_OWN, indirect=True)
def test_sends_the_giver_a_receipt_and_no_links(buyer: Buyer) -> None:
    assert hint_on(form_of(buyer, **FIELDS)) == "We'll send your receipt here."


def test_promises_who_buys_for_themselves_everything_at_once(buyer: Buyer) -> None:
    page = form_of(buyer)
    assert AT_ONCE in words_of(page)
    assert "gift" not in words_of(page)


@pytest.mark.parametrize("environment", OUR_OWN, indirect=True)
def test_promises_who_buys_for_themselves_the_links(buyer: Buyer) -> None:
    assert hint_on(form_of(buyer)) == LINKS
