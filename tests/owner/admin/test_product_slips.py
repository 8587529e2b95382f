"""Slips in the product editor: half a form, an old form, an empty field. None of them loses what was saved."""

import re

import pytest
from flask import Flask

from tests.owner.admin.editor_forms import TWINSPOT, said, shown, shown_in, texts_of
from tests.support.goods import change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer

PRICES = "SELECT id, edition_id, currency, amount_minor, is_active FROM prices ORDER BY id"
EDITIONS = "SELECT key, name, line, activation_limit, seats, update_days FROM editions ORDER BY id"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def summary(app: Flask) -> str:
    (row,) = read_rows(app, "SELECT summary FROM products WHERE slug = 'twinspot'")
    return str(row["summary"])


def shown_of_team(page: str) -> dict[str, str]:
    return shown(page.split(f'action="{TWINSPOT}/editions/team"')[1].split("</form>", maxsplit=1)[0])


@pytest.mark.parametrize(("name", "status"), [("Mine", 409), ("x" * 121, 400)])
def test_keeps_what_another_owner_saved_when_a_refused_save_is_sent_again(
    app: Flask, owner: Buyer, name: str, status: int
) -> None:
    old, digests = summary(app), texts_of(owner)
    owner.post(f"{TWINSPOT}/texts", name="Theirs", summary="From another tab.", **digests)
    refused = owner.post(f"{TWINSPOT}/texts", name=name, summary=old, **digests)
    assert refused.status_code == status
    again = shown_in(refused.text, "texts") | {"keep-name": "yours"}
    owner.post(f"{TWINSPOT}/texts", name="Mine", summary=old, **again)
    assert summary(app) == "From another tab."


def test_keeps_limits_that_another_owner_saved_when_a_refused_edition_is_sent_again(
    app: Flask, owner: Buyer
) -> None:
    digests = shown_of_team(owner.get(TWINSPOT).text)
    (old,) = read_rows(app, "SELECT activation_limit, seats FROM editions WHERE key = 'team' AND product_id = 1")
    was = {name: "" if value is None else str(value) for name, value in old.items()}
    owner.post(f"{TWINSPOT}/editions/team", name="Crew", **was | {"seats": "77"}, **digests)
    refused = owner.post(f"{TWINSPOT}/editions/team", name="Squad", **was, **digests)
    assert refused.status_code == 409
    owner.post(
        f"{TWINSPOT}/editions/team", name="Squad", **was, **shown_of_team(refused.text), **{"keep-name": "yours"}
    )
    assert read_rows(app, "SELECT name, seats FROM editions WHERE key = 'team' AND product_id = 1") == [
        {"name": "Squad", "seats": 77}
    ]


@pytest.mark.parametrize(
    "form", [{"currency": "usd"}, {"currency": "usd", "amount": "", "is_new_price": "yes"}, {}]
)
def test_removes_no_price_by_half_a_form(app: Flask, owner: Buyer, form: dict[str, str]) -> None:
    before = read_rows(app, PRICES)
    assert owner.post(f"{TWINSPOT}/editions/team/price", **form).status_code == 400
    assert read_rows(app, PRICES) == before


def test_leaves_limits_alone_that_a_form_does_not_send(app: Flask, owner: Buyer) -> None:
    owner.post(f"{TWINSPOT}/editions/team", name="Team", activation_limit="4", seats="5", update_days="60")
    before = read_rows(app, EDITIONS)
    assert before[1]["seats"] == 5
    said(owner, owner.post(f"{TWINSPOT}/editions/team", line="For a few."))
    assert read_rows(app, EDITIONS)[1] == before[1] | {"line": "For a few."}


def test_leaves_settings_alone_that_a_form_does_not_send(app: Flask, owner: Buyer) -> None:
    before = read_rows(app, "SELECT * FROM products WHERE slug = 'twinspot'")
    said(owner, owner.post(f"{TWINSPOT}/settings", seats="9"))
    assert read_rows(app, "SELECT * FROM products WHERE slug = 'twinspot'") == [before[0] | {"seats": 9}]


def test_takes_a_field_that_nobody_touched_for_untouched(app: Flask, owner: Buyer) -> None:
    """Texts from elsewhere may end in a line break, which no browser sends back as it was."""
    change_product(app, "twinspot", description_markdown="By hand.\r\n\r\n", summary=" Spaces. ")
    digests = texts_of(owner)
    owner.post(f"{TWINSPOT}/texts", description_markdown="By somebody else.", **texts_of(owner))
    answer = owner.post(
        f"{TWINSPOT}/texts", name="Mine", summary="Spaces.", description_markdown="By hand.\r\n", **digests
    )
    assert answer.status_code == 303
    (row,) = read_rows(app, "SELECT name, description_markdown AS text FROM products WHERE slug = 'twinspot'")
    assert row == {"name": "Mine", "text": "By somebody else."}


def test_puts_no_old_price_back_over_what_somebody_else_has_just_set(app: Flask, owner: Buyer) -> None:
    path = f"{TWINSPOT}/editions/personal/price"
    owner.post(path, currency="usd", amount="29", shown_minor="1900")
    late = owner.post(path, currency="usd", amount="19.50", shown_minor="1900")
    assert late.status_code == 409
    assert "it costs $29.00. Nothing was changed" in late.text
    assert 'value="19.50"' in late.text
    assert "Replace 29.00<" in late.text
    pressed_again = owner.post(path, currency="usd", amount="19.50", shown="19.00")
    assert 'name="shown" value="19.00"' in pressed_again.text
    assert "$29.00" in Buyer(app).get("/products/twinspot").text
    removed = owner.post(path, currency="usd", amount="", shown="19.00")
    assert (removed.status_code, "Replace 29.00" in removed.text) == (409, True), "nor takes it away"
    again = owner.post(path, currency="usd", amount="19.50", shown="19.00", replaces="29.00")
    assert "Personal costs $19.50 now" in said(owner, again)


def test_adds_no_price_over_one_that_somebody_else_has_just_added(app: Flask, owner: Buyer) -> None:
    path = f"{TWINSPOT}/editions/personal/price"
    for amount, status in (("18", 303), ("18", 303), ("17", 409)):
        assert owner.post(path, is_new_price="yes", currency="chf", amount=amount).status_code == status
    late = owner.post(path, is_new_price="yes", currency="CHF", amount="17")
    assert "It has a price in CHF already: CHF\xa018.00. Change it in its row." in late.text
    assert "Replace 18.00<" in late.text
    assert "Somebody else" not in late.text
    assert len(re.findall(r'name="amount"[^>]* value="17"', late.text)) == 1, "in its row"
    again = owner.post(path, currency="chf", amount="17", shown="18.00", replaces="18.00")
    assert "CHF" in said(owner, again)


def test_keeps_an_amount_whose_price_somebody_else_took_away(app: Flask, owner: Buyer) -> None:
    path = f"{TWINSPOT}/editions/personal/price"
    owner.post(path, currency="usd", amount="", shown="19.00")
    late = owner.post(path, currency="usd", amount="21.50", shown="19.00")
    assert (late.status_code, "it has none" in late.text) == (409, True)
    assert re.search(r'name="currency"[^>]*value="usd"', late.text)
    assert 'value="21.50"' in late.text
    again = owner.post(path, is_new_price="yes", currency="usd", amount="21.50")
    assert "Personal costs $21.50 now" in said(owner, again)


def test_says_which_edition_that_is_switched_off_has_a_name(app: Flask, owner: Buyer) -> None:
    owner.post(f"{TWINSPOT}/editions/team/switch", is_active="no")
    answer = owner.post(f"{TWINSPOT}/editions", name="TEAM", currency="usd", amount="5")
    assert answer.status_code == 400
    assert "The edition team, which is switched off, is called Team: take another name," in answer.text
    assert "or give that one another name first." in answer.text
