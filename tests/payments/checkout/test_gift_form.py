"""Our page with the form to pay a gift: whom it is for, where the receipt goes, and the way back."""

import html
import re

import pytest

from tests.payments.checkout.buttons import press
from tests.support.gifts import FIELDS, ROSA, in_days
from tests.support.letters import words_of
from tests.support.shop import Buyer, find_price

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


def way_back(page: str) -> tuple[str, str]:
    """The address and the words of the link beside the form."""
    found = re.search(r'<p class="quiet"><a href="([^"]*)">(.*?)</a>', page)
    assert found
    return html.unescape(found[1]), html.unescape(found[2])


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


@pytest.mark.parametrize("is_from_cart", [True, False])
def test_leads_back_to_the_words_of_a_gift(buyer: Buyer, *, is_from_cart: bool) -> None:
    if is_from_cart:
        page, address = form_of(buyer, **FIELDS), "/checkout/gift"
    else:
        page = buyer.get(press(buyer, **FIELDS).location).text
        address = f"/checkout/gift?price_id={find_price(buyer.app, 'twinspot', 'Personal')}"
    assert way_back(page) == (address, "Change the gift")
    for _look in range(2):
        assert f'value="{ROSA}"' in buyer.get(address).text


def test_leads_back_to_the_cart_and_to_the_product(buyer: Buyer) -> None:
    edition = f"/products/twinspot?edition={find_price(buyer.app, 'twinspot', 'Personal')}"
    assert way_back(buyer.get(press(buyer).location).text) == (edition, "Back to <bdi>Twinspot</bdi>")
    assert way_back(form_of(buyer)) == ("/cart", "Change your cart")
