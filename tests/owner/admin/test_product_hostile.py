"""Hostile addresses, fields and roles at the product editor: each gets an answer, on both databases."""

import re

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.row_ids import LARGEST
from storefront.owner.people.models import Role
from storefront.shop.editor.editions import add_edition, change_edition, delete_edition
from storefront.shop.editor.stale import digest_of
from storefront.web.row_ids import RowId
from tests.owner.admin.editor_forms import TWINSPOT
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


@both
def test_refuses_addresses_that_no_database_takes(app: Flask, owner: Buyer) -> None:
    for path in ("/admin/products/%00", "/admin/products/a%00b", "/admin/products/%F0%9F%92%A9%00"):
        assert owner.get(path).status_code == 400, path
    for path, form in (
        ("/admin/products/%00/texts", {"name": "x"}),
        ("/admin/products/%00/state", {"state": "draft"}),
        ("/admin/products/%00/address", {"slug": "fine"}),
        (f"{TWINSPOT}/editions/%00", {"name": "x"}),
        (f"{TWINSPOT}/editions/%00/delete", {}),
        (f"{TWINSPOT}/editions/%00/switch", {"is_active": "no"}),
        (f"{TWINSPOT}/editions/%00/price", {"currency": "usd", "amount": "5"}),
    ):
        assert owner.post(path, **form).status_code == 400, path
    for path in ("/products/%00", "/products/twinspot%00"):
        assert owner.get(path).status_code == 400, path


@both
def test_finds_nothing_by_a_number_that_no_database_takes(app: Flask, owner: Buyer) -> None:
    """By either method: a page that is read and a form at the same address are one rule each."""
    rules = list(app.url_map.iter_rules())
    assert [rule.rule for rule in rules if re.search("<(int|float)", rule.rule)] == [
        "/sitemap-<int(max=999):number>.xml"
    ]
    paths = {rule.rule for rule in rules if "<row:" in rule.rule}
    assert len(paths) > 20
    for path in sorted(paths):
        for number in (2147483648, 2**63, 10**30):
            address = re.sub("<[^>]*>", "x", re.sub("<row:[^>]*>", str(number), path))
            assert owner.get(address).status_code == 404, address
            assert owner.post(address).status_code == 404, address


@both
def test_begins_at_the_newest_where_a_list_is_asked_from_a_number_too_large(app: Flask, owner: Buyer) -> None:
    for path in ("/admin/audit", "/admin/audit.csv", "/admin/broadcasts", "/"):
        for name in ("older_than", "page", "edition", "cursor"):
            for number in (2**31, 2**63, 10**30, -(10**30), "9" * 5000):
                assert owner.get(f"{path}?{name}={number}").status_code == 200, (path, name, number)


def test_takes_every_number_that_a_database_takes() -> None:
    takes = re.compile(f"(?:{RowId.regex})").fullmatch
    edges = {10**power + step for power in range(10) for step in (-1, 0, 1)}
    near = {LARGEST // 10**power + step for power in range(10) for step in (-1, 0, 1)}
    for number in sorted(edges | near | {0, LARGEST}):
        assert bool(takes(str(number))) == (0 <= number <= LARGEST), number
    assert not takes("")
    assert not takes("-1")
    assert not takes("\u0663")  # a digit of another script


@both
def test_refuses_what_cannot_be_stored_beside_its_field(app: Flask, owner: Buyer) -> None:
    bad = "x\u202e\x07"
    for part, form in (
        ("texts", {"name": bad}),
        ("texts", {"summary": "\u202eevil"}),
        ("texts", {"question": "Why?"}),
        ("texts", {"quote": "Fine"}),
        ("texts", {"quote_link": "https://example.com", "quote": ""}),
        ("texts", {"quote": "Fine", "quote_who": bad}),
        ("texts", {"quote": "Fine", "quote_who": "Grace", "quote_link": "javascript:alert(1)"}),
        ("texts", {"quote": "Fine", "quote_who": "Grace", "quote_link": "https://"}),
        ("texts", {"tags": ",".join("abcdef")}),
        ("address", {"slug": bad}),
        ("settings", {"license_prefix": bad}),
        ("settings", {"license_until": bad}),
        ("settings", {"key_source": bad}),
        ("settings", {"seats": "9" * 400}),
        ("settings", {"license_until": "9999-12-31"}),
        ("editions", {"name": bad}),
        ("editions", {"name": "Fine", "amount": bad, "currency": bad}),
        ("editions/team", {"line": bad, "seats": "1"}),
        ("editions/team/price", {"amount": "5", "currency": bad}),
        ("editions/team/price", {"amount": "", "currency": bad}),
        ("editions/team/price", {"amount": bad, "currency": "usd"}),
    ):
        answer = owner.post(f"{TWINSPOT}/{part}", **form)
        assert answer.status_code == 400 or form.get("license_until") == "9999-12-31", (part, form)
        assert answer.status_code < 500, (part, form)
    assert owner.post(f"{TWINSPOT}/state", state=bad).status_code == 409
    assert (
        owner.post(
            f"{TWINSPOT}/preview?currency=%F0%9F%92%A9", name=bad, question=bad, quote=bad, tags=bad
        ).status_code
        == 200
    )
    assert owner.get("/?currency=%F0%9F%92%A9").status_code == 200
    assert owner.get(TWINSPOT).status_code == 200
    assert owner.get("/products/twinspot").status_code == 200


def test_shows_a_name_of_markup_as_letters_wherever_it_stands(app: Flask, owner: Buyer) -> None:
    name = "'\"><script>alert(1)</script>{{ 7*7 }}"
    owner.post(
        f"{TWINSPOT}/texts",
        name=name,
        summary=name,
        tags=name[:20],
        question=name,
        answer=name,
        quote=name,
        quote_who=name,
    )
    owner.post(f"{TWINSPOT}/editions/team", name=name, line=name)
    for path in ("/", "/products/twinspot", TWINSPOT, "/admin/products", f"{TWINSPOT}/preview"):
        page = owner.get(path)
        assert "<script>alert" not in page.text, path
        assert "49" not in page.text.split("alert(1)", 1)[-1][:60], path


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READER])
def test_lets_neither_support_nor_readers_near_products(app: Flask, role: Role) -> None:
    person = sign_in_at_admin(app, make_person(app, f"{role}@example.com", role))
    for path in ("/admin/products", "/admin/products/new", TWINSPOT, f"{TWINSPOT}/preview"):
        assert person.get(path).status_code == 403, path


def test_shows_strangers_no_preview(app: Flask) -> None:
    for path in (TWINSPOT, f"{TWINSPOT}/preview", "/admin/products"):
        assert Buyer(app).get(path).status_code in (302, 303, 401), path


@pytest.mark.parametrize("code", ["xau", "dem", "xxx", "xts"])
def test_takes_no_currency_that_nobody_can_pay_in(app: Flask, owner: Buyer, code: str) -> None:
    answer = owner.post(f"{TWINSPOT}/editions/team/price", currency=code, amount="5")
    assert answer.status_code == 400


def test_takes_no_edition_for_no_people(app: Flask, owner: Buyer) -> None:
    assert owner.post(f"{TWINSPOT}/editions/team", seats="0").status_code == 400
    assert owner.post(f"{TWINSPOT}/settings", seats="0").status_code == 400


def test_says_that_nothing_changes_for_who_bought_it_before(app: Flask, owner: Buyer) -> None:
    """Nothing: what was sold keeps its terms."""
    answer = owner.post(f"{TWINSPOT}/editions/team", update_days="0")
    page = owner.get(answer.location).text
    assert "Who bought it keeps what was sold; this is for new buyers." in page
    assert "No updates" in Buyer(app).get("/products/twinspot").text


def test_says_who_may_upgrade_and_refuses_what_would_be_free(app: Flask, owner: Buyer) -> None:
    refused = owner.post(f"{TWINSPOT}/editions/team", upgrades_from="personal for 0 USD")
    assert (refused.status_code, "never free" in refused.text) == (400, True)
    assert owner.post(f"{TWINSPOT}/editions/team", upgrades_from="personal").status_code == 303
    assert 'value="personal"' in owner.get(TWINSPOT).text


def test_asks_of_an_edition_only_about_what_changes(app: Flask, owner: Buyer) -> None:
    """Upgrades came from an edition that is gone by now, and its limit is from before there was a most."""
    with app.app_context():
        add_edition("twinspot", "Starter")
        change_edition("twinspot", "team", {"upgrades_from": "starter"})
        delete_edition("twinspot", "starter")
        db.session.remove()
    change_rows(app, "UPDATE editions SET activation_limit = 20000 WHERE key = 'team'")
    kept = {"upgrades_from": "starter", "activation_limit": "20000"}
    shown = {f"shown-{name}": digest_of(value) for name, value in (("upgrades_from", "starter"), ("name", "Team"))}
    for more in (shown, {}):
        assert owner.post(f"{TWINSPOT}/editions/team", name="Crew", **kept, **more).status_code == 303
    assert 'value="Crew"' in owner.get(TWINSPOT).text
    refused = owner.post(f"{TWINSPOT}/editions/team", upgrades_from="starter, personal")
    assert refused.status_code == 400
    assert "Twinspot has no other edition starter: it has personal." in refused.text
    refused = owner.post(f"{TWINSPOT}/editions/team", activation_limit="30000")
    assert (refused.status_code, "at most 10000" in refused.text) == (400, True)
    assert owner.post(f"{TWINSPOT}/editions/team", upgrades_from="personal").status_code == 303
