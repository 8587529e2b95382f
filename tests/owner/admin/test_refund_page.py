"""A refund from the order's page: said before it is made, proven, made once, and refused with what to do."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.owner.people.models import Role
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.upgrades import sell_upgrade

PERSONAL, TEAM = ("twinspot", "Personal"), ("twinspot", "Team")


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, PERSONAL, TEAM, email=ADA)


def page_of(sale: Sale) -> str:
    return f"/admin/orders/{read_rows(sale.app, 'SELECT number FROM orders ORDER BY id')[0]['number']}/refund"


def refunds(sale: Sale) -> list[int]:
    """From the smallest: several may be made within a second."""
    return sorted(row["amount_minor"] for row in read_rows(sale.app, "SELECT amount_minor FROM refunds"))


def test_says_what_will_happen_before_anything_does(sale: Sale, owner: Buyer, sandbox: SandboxClient) -> None:
    sandbox.forget_calls()
    first = owner.get(page_of(sale)).text
    assert "Everything that is left" in first
    assert " checked" not in first
    check = f"{page_of(sale)}?check=yes&what="
    everything = owner.get(f"{check}everything").text
    assert "Everything closes" in everything
    assert "goes back to Visa ending in 4242" in everything
    assert f"An email tells {ADA}." in everything
    one = owner.get(f"{check}items&item=2").text
    assert "This closes, the rest keeps working: Twinspot" in one
    part = owner.get(f"{check}amount&amount=5").text
    assert "Refund $5.00?" in part
    assert "Nothing closes" in part
    assert "Refund $1.50?" in owner.get(f"{check}amount&amount=1,5").text
    assert ">Refund $5.00</button>" in part
    assert sandbox.calls() == []
    assert refunds(sale) == []


def test_promises_no_email_to_a_buyer_whose_address_was_erased(sale: Sale, owner: Buyer) -> None:
    change_rows(sale.app, "UPDATE orders SET email = '', name = NULL, erased_at = '2026-11-28 00:00:00+00:00'")
    assert "No email address" in owner.get(page_of(sale).removesuffix("/refund")).text
    assert "The buyer paid" in owner.get(page_of(sale)).text
    assert "nobody is told" in owner.get(f"{page_of(sale)}?check=yes&what=everything").text
    assert owner.post(page_of(sale), what="everything").status_code == 303
    assert read_rows(sale.app, "SELECT recipient FROM outbox WHERE kind = 'refunded'") == [{"recipient": ""}]


@pytest.mark.happy_path
def test_gives_back_a_part_then_an_item_then_the_rest(sale: Sale, owner: Buyer) -> None:
    asked = [
        ({"what": "amount", "amount": "5"}, "$5.00 is on its way back", True),
        ({"what": "items", "item": "1", "reason": "duplicate"}, "$19.00 is on its way back", True),
        ({"what": "everything"}, "is on its way back", False),
    ]
    for fields, words, is_open in asked:
        answer = owner.post(page_of(sale), **fields)
        assert answer.location == page_of(sale).removesuffix("/refund")
        assert words in owner.get(answer.location).text
        assert (sale.keys[1] in sale.order_page()) is is_open
    assert refunds(sale) == [500, 1900, 7400]
    assert "Everything went back already." in owner.get(page_of(sale)).text
    assert "/refund" not in owner.get(page_of(sale).removesuffix("/refund")).text


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_gives_back_once_what_is_sent_twice_at_once(sale: Sale, owner: Buyer, app: Flask) -> None:
    other = sign_in_at_admin(app, make_person(app, "second@example.com"))
    asked = {"what": "amount", "amount": "7.50"}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.post(page_of(sale), **asked), (owner, other)))
    assert refunds(sale) == [750]
    again = owner.post(page_of(sale), **asked)
    assert again.status_code == 303
    assert "has a refund of $7.50 already" in owner.get(again.location).text
    assert refunds(sale) == [750]
    refused = owner.get(f"{page_of(sale)}?check=yes&what=amount&amount=7.50").text
    assert "I mean another refund" in refused
    owner.post(page_of(sale), **asked, again="yes")
    assert refunds(sale) == [750, 750]


SENSELESS: list[tuple[dict[str, str], str]] = [
    ({}, "Choose what to give back."),
    ({"what": "all"}, "Choose what to give back."),
    ({"what": "items"}, "Tick the items to give back."),
    ({"what": "items", "item": "3"}, "has no item 3"),
    ({"what": "items", "item": "x"}, "Tick the items to give back."),
    ({"what": "amount", "amount": ""}, "Type an amount in USD: write it like 5.00."),
    ({"what": "amount", "amount": "0"}, "A refund of nothing is none."),
    ({"what": "amount", "amount": "5.005"}, "5.005"),
    ({"what": "amount", "amount": "99999"}, "less than"),
    ({"what": "amount", "amount": "-5"}, "-5"),
    ({"what": "everything", "reason": "boredom"}, "Choose one of the reasons"),
]


def test_refuses_what_makes_no_sense(sale: Sale, owner: Buyer) -> None:
    for fields, words in SENSELESS:
        for answer in (
            owner.post(page_of(sale), **fields),
            owner.get(page_of(sale), query_string={"check": "yes"} | fields),
        ):
            assert answer.status_code in (400, 404, 409, 422), fields
            assert words in answer.text, fields
        assert refunds(sale) == [], fields


def test_says_so_where_stripe_refuses_or_does_not_answer(sale: Sale, owner: Buyer, sandbox: SandboxClient) -> None:
    asked = {"what": "amount", "amount": "5"}
    sandbox.control("faults", method="POST", path="/v1/refunds", status=500, times=9)
    lost = owner.post(page_of(sale), **asked)
    assert "Please wait for that before you try again." in owner.get(lost.location).text
    sandbox.control("faults/clear")
    sale.at_charge("dispute")
    refused = owner.post(page_of(sale), what="everything")
    assert refused.status_code >= 400
    assert "has been charged back" in refused.text


def test_wants_fresh_proof_and_an_owner(sale: Sale, owner: Buyer, app: Flask) -> None:
    change_rows(app, "UPDATE person_sessions SET proven_at = '2020-01-01 00:00:00+00:00'")
    check = f"{page_of(sale)}?check=yes&what=amount&amount=5"
    assert "Confirm it" in owner.get(check).text
    sent = owner.post(page_of(sale), what="amount", amount="5", page=check)
    assert sent.location.startswith("/admin/confirm?next=")
    support = sign_in_at_admin(app, make_person(app, "support@example.com", Role.SUPPORT))
    assert support.get(page_of(sale)).status_code == 403
    assert support.post(page_of(sale), what="everything").status_code == 403
    assert refunds(sale) == []


def test_has_nothing_to_give_back_of_a_free_order(owner: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, ("gridling", ""))
    assert "This order was free." in owner.get(page_of(sale)).text
    assert "was free" in owner.get(f"{page_of(sale)}?check=yes&what=everything").text


def test_says_what_a_refund_does_to_an_upgrade(app: Flask, owner: Buyer, sandbox: SandboxClient) -> None:
    sell_upgrade(app, sandbox)
    first, upgrade = (row["number"] for row in read_rows(app, "SELECT number FROM orders ORDER BY id"))
    check = "/refund?check=yes&what=everything"
    assert f"refund order {upgrade} as well" in owner.get(f"/admin/orders/{first}{check}").text
    assert f"The license of order {first} goes back" in owner.get(f"/admin/orders/{upgrade}{check}").text
    page = owner.get(f"/admin/orders/{first}").text
    assert f"to Team, by order {upgrade}" in page


def test_refunds_once_what_was_meant_once_more(sale: Sale, owner: Buyer) -> None:
    """The page that asks is sent twice: from another tab, or after an answer that was lost."""
    owner.post(page_of(sale), what="amount", amount="7.50")
    check = owner.get(f"{page_of(sale)}?check=yes&what=amount&amount=7.50&again=yes").text
    fields = dict(re.findall(r'name="(what|amount|reason|again|known)" value="([^"]*)"', check))
    assert set(fields) == {"what", "amount", "reason", "again", "known"}
    for _press in range(2):
        answer = owner.post(page_of(sale), **fields)
    assert "got another refund since that page was shown" in owner.get(answer.location).text
    assert refunds(sale) == [750, 750]


@pytest.mark.parametrize(
    ("status", "more"), [("needs_response", " What you win of it can be refunded."), ("lost", "")]
)
def test_says_before_the_button_what_a_bank_took_back(sale: Sale, owner: Buyer, status: str, more: str) -> None:
    dispute = sale.at_charge("dispute", status="needs_response")
    if status == "lost":
        sale.sandbox.control(f"disputes/{dispute}/move", status=status)
    sale.deliver("charge.dispute")
    total = read_rows(sale.app, "SELECT total_minor FROM orders")[0]["total_minor"]
    words = (
        f"A dispute took ${total / 100:.2f} of this payment, all that was left of it, as far as the shop knows. "
        "Stripe refuses to refund that, and says so then: nothing is refunded in that case."
    )
    for fields, button in (
        ({}, "Next: see what happens"),
        ({"check": "yes", "what": "everything"}, f">Refund ${total / 100:.2f}</button>"),
        ({"check": "yes", "what": "amount", "amount": "5"}, ">Refund $5.00</button>"),
    ):
        page = owner.get(page_of(sale), query_string=fields)
        before = page.text.partition(button)[0]
        assert (page.status_code, before != page.text) == (200, True)
        assert f"{words}{more}<" in before
    for _twice in range(2):
        late = owner.post(page_of(sale), what="everything")
        assert "has been charged back; cannot issue a refund. The buyer" in late.text
        assert "bank has the money, or decides about it" in late.text
    assert refunds(sale) == []


@pytest.mark.parametrize("is_readable", [True, False])
def test_refunds_what_was_won_before_the_shop_heard_of_it(sale: Sale, owner: Buyer, is_readable: bool) -> None:
    """Its event has not come, and the key may not be one that reads disputes any more: Stripe decides."""
    dispute = sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.dispute")
    sale.sandbox.control(f"disputes/{dispute}/move", status="won")
    if not is_readable:
        sale.sandbox.control("faults", method="GET", path="/v1/disputes", times=None, status=403)
    check = owner.get(f"{page_of(sale)}?check=yes&what=amount&amount=5").text
    assert "as far as the shop knows" in check
    fields = dict(re.findall(r'name="(what|amount|reason|known)" value="([^"]*)"', check))
    for _twice in range(2):
        owner.post(page_of(sale), **fields)
    assert refunds(sale) == [500]


def test_refunds_what_an_inquiry_asks_about_and_what_was_won(sale: Sale, owner: Buyer) -> None:
    dispute = sale.at_charge("dispute", status="warning_needs_response")
    sale.deliver("charge.dispute")
    check = f"{page_of(sale)}?check=yes&what=amount&amount=5"
    assert "A dispute took" not in owner.get(check).text
    sale.sandbox.control(f"disputes/{dispute}/move", status="needs_response")
    sale.deliver("charge.dispute")
    assert "A dispute took" in owner.get(check).text
    sale.sandbox.control(f"disputes/{dispute}/move", status="won")
    sale.deliver("charge.dispute")
    assert "A dispute took" not in owner.get(check).text
    owner.post(page_of(sale), what="amount", amount="5")
    assert refunds(sale) == [500]


def test_says_before_the_button_that_a_part_is_disputed(sale: Sale, owner: Buyer) -> None:
    sale.at_charge("dispute")
    sale.deliver("charge.dispute")
    change_rows(sale.app, "UPDATE disputes SET amount_minor = 400")
    page = owner.get(f"{page_of(sale)}?check=yes&what=amount&amount=5").text
    assert "A dispute took" in page
    assert "$4.00" in page
    assert "Stripe may refuse to refund the rest of it" in page
