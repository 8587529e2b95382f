"""Forms of /admin whose token was lost: the browser was restarted, or two of its tabs got a token each."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer

TEXT = "Thirty days, and nobody asks why. " * 4
HEADERS = {
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "same-origin",
}


@pytest.fixture
def owner(app: Flask) -> Buyer:
    owner = sign_in_at_admin(app, make_person(app))
    owner.post("/admin/pages", slug="refunds", title="Refunds")
    return owner


def send(owner: Buyer, path: str = "/admin/pages/refunds", **headers: str) -> TestResponse:
    form = {"csrf_token": "of another session", "title": "Refunds", "body_markdown": TEXT}
    return owner.client.post(path, data=form, base_url=owner.base_url, headers=HEADERS | headers)


def text_of(app: Flask) -> str:
    return str(read_rows(app, "SELECT body_markdown FROM pages WHERE slug = 'refunds'")[0]["body_markdown"])


def test_asks_to_press_once_more_and_saves_it_then(app: Flask, owner: Buyer) -> None:
    answer = send(owner)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (400, "no-store")
    assert "Press once more" in answer.text
    assert text_of(app) == ""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text))
    address = re.search(r'<form method="post" action="([^"]+)" enctype', answer.text)
    assert address
    again = owner.client.post(address[1], data=fields, base_url=owner.base_url, headers=HEADERS)
    assert again.status_code == 303
    assert text_of(app) == TEXT.strip()


def test_says_so_to_who_was_signed_out_as_well(app: Flask, owner: Buyer) -> None:
    change_rows(app, "DELETE FROM person_sessions")
    answer = send(owner)
    assert answer.status_code == 403
    assert "signed out" in answer.text
    assert TEXT in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Mode": "cors"}],
    ids=["another site", "another host", "script"],
)
def test_gives_nobody_else_a_form_that_counts(app: Flask, owner: Buyer, headers: dict[str, str]) -> None:
    answer = send(owner, **headers)
    assert answer.status_code == 400
    assert "This form has expired" in answer.text
    assert TEXT not in answer.text
    assert text_of(app) == ""


def test_holds_nothing_of_the_sign_in(app: Flask, owner: Buyer) -> None:
    assert "This form has expired" in send(Buyer(app), "/admin/sign-in").text


def test_keeps_the_token_of_forms_as_long_as_the_sign_in(app: Flask, owner: Buyer) -> None:
    cookie = owner.client.get_cookie("storefront_session", domain="localhost")
    assert cookie
    assert cookie.expires, "it outlives the browser"


def test_holds_nothing_that_no_press_would_mend(owner: Buyer) -> None:
    """Over https forms without a Referer are refused, whatever their token is."""
    form = {"csrf_token": owner.csrf_token(), "title": "Refunds", "body_markdown": TEXT}
    secure = {"base_url": owner.base_url.replace("http:", "https:"), "headers": HEADERS}
    answer = owner.client.post("/admin/pages/refunds", data=form, **secure)
    assert answer.status_code == 400
    assert "Press once more" not in answer.text
