"""Who gets where at /admin: each role over each address, and nobody anywhere that names no permission."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.outages import DatabaseUnavailable
from storefront.owner.admin.blueprint import MARK, needs
from storefront.owner.people.models import Person, Role
from storefront.owner.people.roles import PERMISSIONS, ROLE_SENTENCES, Permission
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.statements import counted

# Endpoint -> who may use it. A new page fails the tests below until it stands here.
EVERYBODY, SIGNED_IN, HELPERS, OWNERS = "everybody", "signed in", "owners and support", "owners"
ACCOUNTANTS = "owners and accountants"
WHO = {
    "sign_in": EVERYBODY, "send_code": EVERYBODY, "enter_code": EVERYBODY, "check_code": EVERYBODY,
    "open_mailed_link": EVERYBODY, "use_mailed_link": EVERYBODY, "open_link": EVERYBODY, "use_link": EVERYBODY,
    "start_passkey": EVERYBODY, "use_passkey": EVERYBODY, "sign_out": EVERYBODY,
    "confirm": SIGNED_IN, "mail_confirmation": SIGNED_IN, "check_confirmation": SIGNED_IN,
    "start_confirming": SIGNED_IN, "confirm_by_passkey": SIGNED_IN,
    "account": SIGNED_IN, "start_adding_passkey": SIGNED_IN, "add_passkey": SIGNED_IN,
    "remove_passkey": SIGNED_IN, "end_session": SIGNED_IN, "end_other_sessions": SIGNED_IN,
    "home": SIGNED_IN, "orders": SIGNED_IN, "order": SIGNED_IN,
    "buyers": SIGNED_IN, "stop_buyers_offers": HELPERS, "export_buyer": OWNERS,
    "move_buyer": OWNERS, "erase_buyer": OWNERS,
    "dispute": OWNERS, "save_dispute_draft": OWNERS, "check_dispute_answer": OWNERS,
    "submit_dispute_answer": OWNERS, "attach_dispute_file": OWNERS, "remove_dispute_file": OWNERS,
    "plan_gift_here": OWNERS, "check_gift": OWNERS, "give_here": OWNERS,
    "deactivate_order_device": HELPERS, "add_order_note": HELPERS, "delete_order_note": HELPERS,
    "resend_order": HELPERS, "raise_order_limit": HELPERS, "decide_on_order": HELPERS, "change_key": HELPERS,
    "close_order_notice": HELPERS, "correct_gift": HELPERS, "close_notice_here": OWNERS,
    "plan_order_refund": OWNERS, "refund_order_here": OWNERS,
    "ready": SIGNED_IN,
    "ask_readiness": OWNERS, "make_webhook": OWNERS, "disable_old_webhooks": OWNERS, "send_test_email": OWNERS,
    "mark_restored": OWNERS,
    "accounting": ACCOUNTANTS, "export_accounting": ACCOUNTANTS, "export_oss": ACCOUNTANTS,
    "people": OWNERS, "invite_person": OWNERS, "change_person": OWNERS, "remove_person": OWNERS,
    "sign_out_person": OWNERS,
    "audit": OWNERS, "audit_csv": OWNERS,
    "products": OWNERS, "new_product": OWNERS, "make_product": OWNERS, "edit_product": OWNERS,
    "buy_links": OWNERS, "translations": OWNERS, "save_translations": OWNERS,
    "save_texts": OWNERS, "save_settings": OWNERS, "change_state": OWNERS, "save_address": OWNERS,
    "preview_product": OWNERS, "move_product_here": OWNERS,
    "shop_looks": OWNERS, "save_looks": OWNERS, "looks_swatch": OWNERS, "set_looks_file": OWNERS,
    "remove_looks_file": OWNERS,
    "discounts": OWNERS, "new_discount": OWNERS, "make_discount": OWNERS, "discount": OWNERS,
    "stop_discount_here": OWNERS,
    "add_pictures": OWNERS, "describe_picture_here": OWNERS, "move_picture_here": OWNERS,
    "remove_picture_here": OWNERS, "add_samples": OWNERS, "move_sample_here": OWNERS, "remove_sample_here": OWNERS,
    "create_edition": OWNERS, "save_edition": OWNERS, "save_price": OWNERS, "save_parts": OWNERS,
    "switch_edition_here": OWNERS,
    "move_edition_here": OWNERS, "delete_edition_here": OWNERS,
    "shop_page": OWNERS, "save_shop": OWNERS, "save_reminders": OWNERS, "save_referrers": OWNERS,
    "save_saved_cards": OWNERS, "preview_mail": OWNERS, "mail_myself": OWNERS,
    "uploads": OWNERS, "begin_upload": OWNERS, "upload_state": OWNERS, "send_piece": OWNERS,
    "send_by_post": OWNERS, "end_upload": OWNERS,
    "product_files": OWNERS, "send_files": OWNERS, "release_notes": OWNERS, "change_release_notes": OWNERS,
    "publish_release": OWNERS, "withdraw_release": OWNERS, "ask_tell_buyers": OWNERS, "tell_about_release": OWNERS,
    "pages": OWNERS, "make_page": OWNERS, "edit_page": OWNERS, "save_page": OWNERS, "publish_page": OWNERS,
    "unpublish_page": OWNERS, "move_page": OWNERS, "delete_page": OWNERS, "preview_page": OWNERS,
    "save_consent": OWNERS,
    "emails": OWNERS, "edit_email": OWNERS, "save_email": OWNERS, "reset_email": OWNERS, "test_email": OWNERS,
    "preview_email_here": OWNERS,
    "answers": OWNERS, "make_answer_here": OWNERS, "edit_answer": OWNERS, "save_answer": OWNERS,
    "reset_answer_here": OWNERS, "preview_answer_here": OWNERS, "move_answer_here": OWNERS,
    "delete_answer_here": OWNERS,
    "answer_order": HELPERS, "send_order_answer": HELPERS, "preview_order_answer": HELPERS,
    "broadcasts": OWNERS, "new_broadcast": OWNERS, "make_broadcast": OWNERS, "broadcast": OWNERS,
    "edit_broadcast": OWNERS, "save_broadcast_here": OWNERS, "preview_broadcast_here": OWNERS,
    "test_broadcast": OWNERS, "send_broadcast": OWNERS, "cancel_broadcast_here": OWNERS,
    "finish_upload": OWNERS, "remove_file": OWNERS, "remove_draft_here": OWNERS, "cancel_upload": OWNERS,
}  # fmt: skip


ROLES = {OWNERS: {Role.OWNER}, HELPERS: {Role.OWNER, Role.SUPPORT}, ACCOUNTANTS: {Role.OWNER, Role.ACCOUNTANT}}


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Name, method and address of every page, with something in place of what varies."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("admin."):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                address = re.sub(r"<(?:int|row)\b[^>]*>", "987654", rule.rule)
                yield rule.endpoint.removeprefix("admin."), method, re.sub(r"<\w+>", "nothing", address)


def ask(browser: Buyer, method: str, address: str) -> int:
    return send(browser, method, address).status_code


def send(browser: Buyer, method: str, address: str) -> TestResponse:
    if method == "GET":
        return browser.get(address)
    if method == "POST":
        return browser.post(address)
    headers = {"X-CSRFToken": browser.csrf_token()}
    return browser.client.open(address, method=method, base_url=browser.base_url, headers=headers)


def test_lists_every_page_with_who_may_use_it(app: Flask) -> None:
    assert {name for name, _method, _address in routes(app)} == set(WHO)
    marks = {name: getattr(app.view_functions[f"admin.{name}"], MARK, None) for name in WHO}
    assert all(isinstance(mark, Permission) for mark in marks.values())
    assert {name for name, mark in marks.items() if mark is Permission.OPEN} == {
        name for name, who in WHO.items() if who == EVERYBODY
    }


def test_leads_who_is_not_signed_in_to_the_door_and_does_nothing(app: Flask) -> None:
    person_id = make_person(app)
    for name, method, address in routes(app):
        stranger = Buyer(app)
        answer = send(stranger, method, address)
        if WHO[name] != EVERYBODY:
            assert answer.status_code == 303, address
            assert answer.location.startswith("/admin/sign-in"), address
    assert count_rows(app, Person) == {"people": 1}
    assert read_rows(app, "SELECT role FROM people WHERE id = :id", id=person_id)[0]["role"] == "owner"


@pytest.mark.parametrize("role", Role)
def test_opens_to_each_role_what_it_may_see_and_nothing_else(app: Flask, role: Role) -> None:
    make_person(app, "another@example.com")
    browser = sign_in_at_admin(app, make_person(app, "one@example.com", role))
    for name, method, address in routes(app):
        if name == "sign_out":
            continue
        status = ask(browser, method, address)
        if role not in ROLES.get(WHO[name], Role):
            assert status == 403, address
        else:
            assert status not in (403, 500), address


def test_gives_each_role_less_than_the_one_before() -> None:
    owner, support, reader = (PERMISSIONS[role] for role in (Role.OWNER, Role.SUPPORT, Role.READER))
    assert owner > support > reader
    assert owner > PERMISSIONS[Role.ACCOUNTANT] > reader
    assert Permission.PEOPLE not in support | reader


def test_lets_nobody_to_a_view_that_names_no_permission(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    view = app.view_functions["admin.home"]
    app.view_functions["admin.home"] = lambda: "open"
    assert browser.get("/admin").status_code == 403
    app.view_functions["admin.home"] = view
    assert browser.get("/admin").status_code == 200


def test_refuses_forms_without_their_token(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    for name, method, address in routes(app):
        if method != "GET":
            answer = browser.client.open(address, method=method, base_url=browser.base_url)
            assert answer.status_code == 400, name
    assert browser.get("/admin").status_code == 200


def test_shows_a_reader_no_way_to_people_and_the_log(app: Flask) -> None:
    make_person(app, "another@example.com")
    page = sign_in_at_admin(app, make_person(app, "one@example.com", Role.READER)).get("/admin").text
    assert "/admin/people" not in page
    assert "/admin/audit" not in page
    assert "/admin/account" in page


@pytest.mark.parametrize("role", Role)
def test_leads_nobody_to_a_refusal(app: Flask, sandbox: SandboxClient, role: Role) -> None:
    sell(app, sandbox, email=ADA)
    make_person(app, "another@example.com")
    browser = sign_in_at_admin(app, make_person(app, "one@example.com", role))
    seen, left = set[str](), {"/admin", "/admin/ready", f"/admin/buyers?email={ADA}"}
    while left:
        page = left.pop()
        seen.add(page)
        answer = browser.get(page)
        assert answer.status_code != 403, page
        if answer.mimetype == "text/html" and len(seen) < 60:
            links = re.findall(r'href="(/admin[^"#]*)', answer.text)
            left |= {unescape(link) for link in links} - seen
    assert len(seen) > 5


def test_refuses_in_the_frame_of_the_pages_that_somebody_may_open(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app, role=Role.READER))
    for path, status, title in (
        ("/admin/products", 403, "Your role may not do this"),
        ("/admin/orders/NOSUCHNO", 404, "Page not found"),
        ("/admin/nothing", 404, "Page not found"),
        ("/admin/people/abc/role", 404, "Page not found"),
        ("/admin/sign-out", 405, "This page can&#39;t do that"),
    ):
        page = browser.get(path)
        assert page.status_code == status
        assert title in page.text
        assert 'href="/admin"' in page.text
        assert 'href="/admin/orders"' in page.text
        assert 'href="/admin/products"' not in page.text
    refused = browser.get("/admin/products", headers={"Accept": "application/json"})
    assert refused.get_json()["error"]["code"] == "not_allowed"


def test_keeps_the_menu_where_somebody_tries_too_often(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    answers = [browser.post("/admin/sign-in", email="nobody@example.com") for _ in range(6)]
    assert answers[-1].status_code == 429
    assert 'href="/admin/orders"' in answers[-1].text


@pytest.mark.parametrize("path", ["/admin/nothing", "/adminx", "/nothing"])
def test_shows_the_page_of_the_shop_to_strangers_and_outside(app: Flask, path: str) -> None:
    """Strangers cost no statement more than elsewhere."""
    stranger = Buyer(app)
    stranger.get("/nothing")
    with counted(app) as seen:
        page = stranger.get(path)
    assert (page.status_code, seen) == (404, [])
    browsers = [stranger] if path == "/admin/nothing" else [stranger, sign_in_at_admin(app, make_person(app))]
    for browser in browsers:
        page = browser.get(path)
        assert page.status_code == 404
        assert "See all products" in page.text
        assert 'href="/admin/orders"' not in page.text


def test_asks_to_try_again_where_the_database_is_away(app: Flask) -> None:
    def fail() -> str:
        raise DatabaseUnavailable

    browser = sign_in_at_admin(app, make_person(app))
    app.view_functions["admin.home"] = needs(Permission.READ)(fail)
    answer = browser.get("/admin")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Try again" in answer.text
    assert 'href="/admin/orders"' in answer.text


def test_shows_the_page_of_the_shop_where_it_cannot_tell_who_is_here(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    browser.get("/admin")
    change_rows(app, "ALTER TABLE person_sessions RENAME TO gone")
    answer = browser.get("/admin/nothing")
    assert (answer.status_code, "See all products" in answer.text) == (404, True)


def test_shows_the_page_of_the_shop_for_a_bug(app: Flask) -> None:
    """It may be one of the frame of /admin."""

    def fail() -> str:
        raise ZeroDivisionError

    browser = sign_in_at_admin(app, make_person(app))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["admin.home"] = needs(Permission.READ)(fail)
    answer = browser.get("/admin")
    assert (answer.status_code, "See all products" in answer.text) == (500, True)


def test_promises_everything_to_who_may_do_everything() -> None:
    for role, sentence in ROLE_SENTENCES.items():
        assert ("everything" in sentence) == (PERMISSIONS[role] == set(Permission))
