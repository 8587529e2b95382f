"""A form that was not taken: its title says so, and the keyboard begins at what is wrong, without a script."""

import re
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.people import make_person, sign_in_at_admin
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

# Address, what is typed, the name of what has the focus (a field, or the sentence above the form).
REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("/admin/people", {"email": "nope", "role": "support"}, "email"),
    ("/admin/products", {"name": ""}, "name"),
    ("/admin/discounts", {"code": "!!", "percent": "20"}, "code"),
    ("/admin/discounts", {"code": "HALF", "percent": "50", "products": "nothing"}, "error"),
    ("/admin/broadcasts", {"subject-en": "", "body-en": "Hello", "version": "0"}, "subject-en"),
    ("/admin/orders/give/check", {"email": "nope", "because": "x"}, "email"),
    ("/admin/orders/give/check", {"email": "ada@example.com", "because": ""}, "because"),
    ("/admin/orders/give/check", {"email": "ada@example.com", "because": "x"}, "error"),
    ("/admin/shop/words", {"name": "x" * 200}, "words-error"),
    ("/admin/shop/time", {"time_zone": "Nowhere"}, "time-error"),
]


def title_of(page: TestResponse) -> str:
    title = re.search("<title>(.*?)</title>", page.text)
    assert title
    return unescape(title[1])


def focused(page: TestResponse) -> list[str]:
    """The ids of what asks for the focus."""
    return [
        match[1]
        for tag in re.findall(r"<[^>]* autofocus [^>]*>", page.text)
        if (match := re.search(r' id="([^"]+)"', tag))
    ]


@pytest.mark.parametrize(("address", "typed", "name"), REFUSED)
def test_leads_the_owner_to_it(app: Flask, address: str, typed: dict[str, str], name: str) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    for _time in range(2):
        page = owner.post(address, **typed)
        assert page.status_code in (400, 409, 422), page.text
        assert title_of(page).startswith("Error: ")
        assert focused(page) == [name]
    described = re.search(rf'<input id="{name}"[^>]*aria-describedby="([^" ]+)', page.text)
    if described:
        assert f' id="{described[1]}"' in page.text


@pytest.mark.happy_path
def test_leads_the_owner_to_what_is_wrong_with_a_refund(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    owner = sign_in_at_admin(app, make_person(app))
    form = f"/admin/orders/{number_of(sale)}/refund"
    assert focused(owner.get(form)) == []
    for query in ("?check=yes", "?check=yes&what=amount&amount=-5"):
        page = owner.get(form + query)
        assert title_of(page).startswith("Error: Refund order")
        assert focused(page) == ["error"]
        tied = '<input id="amount"' if "amount" in query else "<fieldset"
        assert re.search(rf'{tied}[^>]* aria-describedby="error"', page.text)


@pytest.mark.parametrize(
    ("at", "title"),
    [
        ("", "Error: Sign in · Test Shop"),
        ("/de", "Fehler: Anmelden · Test Shop"),
        ("/fr", "Erreur : "),
        ("/es", "Error: "),
    ],
)
def test_leads_buyers_to_it_in_their_language(buyer: Buyer, at: str, title: str) -> None:
    before = buyer.get(f"{at}/sign-in")
    assert focused(before) == []
    assert not title_of(before).startswith(title[:6])
    page = buyer.post(f"{at}/sign-in", email="nope")
    assert page.status_code == 400
    assert title_of(page).startswith(title)
    assert focused(page) == ["email"]


def test_takes_nothing_that_somebody_wrote_for_an_error(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    mark = ' aria-invalid="true" data-first-error="" '
    owner.post("/admin/shop/words", name="Shop", tagline=mark, about=f"<b {mark}>x</b> `<b {mark}>`")
    for address in ("/admin/shop", "/"):
        page = owner.get(address)
        assert "data-first-error=" in page.text
        assert not title_of(page).startswith("Error")
        assert "autofocus" not in page.text
