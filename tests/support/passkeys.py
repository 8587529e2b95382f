"""Passkeys in a browser of the tests: added, used to come in."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.authenticator import Authenticator
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer

SIGN_IN, ADD, CONFIRM = "/admin/sign-in/passkey", "/admin/account/passkeys", "/admin/confirm/passkey"


def send(browser: Buyer, path: str, value: object = None) -> TestResponse:
    headers = {
        "X-CSRFToken": browser.csrf_token(),
        "Accept": "application/json",
        "Referer": browser.base_url + "/",
    }
    return browser.client.post(path, json=value or {}, headers=headers, base_url=browser.base_url)


def start(browser: Buyer, path: str) -> dict[str, Any]:
    answer = send(browser, f"{path}/start")
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.get_json()
    return options


def add(browser: Buyer, device: Authenticator, name: str = "Laptop") -> TestResponse:
    return send(browser, ADD, {"answer": device.create(start(browser, ADD)), "name": name})


def sign_in(browser: Buyer, device: Authenticator) -> TestResponse:
    return send(browser, SIGN_IN, device.get(start(browser, SIGN_IN)))


def owner_with_passkey(app: Flask) -> tuple[Buyer, Authenticator]:
    browser, device = sign_in_at_admin(app, make_person(app)), Authenticator()
    assert add(browser, device).get_json() == {"next": "/admin/account"}
    return browser, device
