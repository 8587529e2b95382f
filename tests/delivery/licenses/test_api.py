"""The license API: Lemon Squeezy's fields and nulls, codes besides, and every refusal."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.keys import new_key
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import replace_key, withdraw_key
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from tests.delivery.licenses.licensed import ask, refund, sell_license
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sale import Sale
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNKNOWN = "TWIN-AAAAA-AAAAA-AAAAA-AAAA3"


def number_of(app: Flask) -> str:
    return str(read_rows(app, "SELECT number FROM orders")[0]["number"])


@both
@pytest.mark.happy_path
def test_activates_validates_and_deactivates_in_lemon_squeezys_shape(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    key = sale.keys[0]
    activated = ask(app, "activate", license_key=key, instance_name="Ada's laptop")
    assert activated.status_code == 200
    body = activated.get_json()
    assert body["activated"] is True
    assert body["error"] is None
    assert body["license_key"].keys() == {
        "id", "status", "key", "activation_limit", "activation_usage", "created_at", "expires_at", "test_mode",
    }  # fmt: skip
    assert body["license_key"] | {"id": 0, "created_at": ""} == {
        "id": 0,
        "status": "active",
        "key": key,
        "activation_limit": 3,
        "activation_usage": 1,
        "created_at": "",
        "expires_at": None,
        "test_mode": True,
    }
    assert MOMENT.fullmatch(body["license_key"]["created_at"])
    instance = body["instance"]
    assert UUID.fullmatch(instance["id"])
    assert instance["name"] == "Ada's laptop"
    meta = body["meta"]
    assert {name for name in meta if isinstance(meta[name], int)} == {
        "store_id", "order_id", "order_item_id", "product_id", "variant_id", "customer_id",
    }  # fmt: skip
    assert (meta["product_name"], meta["variant_name"]) == ("Twinspot", "Personal")

    plain = ask(app, "validate", license_key=key).get_json()
    assert plain["valid"] is True
    assert plain["instance"] is None
    assert plain["meta"] == meta
    one = ask(app, "validate", license_key=key, instance_id=instance["id"], nonce="n-1").get_json()
    assert one["instance"] == instance
    assert one["nonce"] == "n-1"

    gone = ask(app, "deactivate", license_key=key, instance_id=instance["id"])
    assert gone.get_json() | {"meta": 0} == {
        "deactivated": True,
        "error": None,
        "license_key": plain["license_key"] | {"activation_usage": 0, "status": "inactive"},
        "meta": 0,
        "code": "VALID",
    }
    again = ask(app, "deactivate", license_key=key, instance_id=instance["id"])
    assert (again.status_code, again.get_json()["code"]) == (404, "INSTANCE_NOT_FOUND")


@pytest.mark.parametrize("content_type", ["application/json", "application/vnd.api+json", "form", "multipart"])
def test_reads_every_kind_of_body_that_programs_send(
    app: Flask, sandbox: SandboxClient, content_type: str
) -> None:
    sale = sell_license(app, sandbox)
    spelled = sale.keys[0].lower().replace("-", " ")
    client = app.test_client()
    if "json" in content_type:
        body = {"license_key": spelled, "product_id": 1}
        answer = client.post("/v1/licenses/validate", json=body, headers={"Content-Type": content_type})
    else:
        kind = "multipart/form-data" if content_type == "multipart" else "application/x-www-form-urlencoded"
        answer = client.post("/v1/licenses/validate", data={"license_key": spelled}, content_type=kind)
    assert answer.get_json()["valid"] is True
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


def test_says_what_a_browser_program_may_send(app: Flask) -> None:
    answer = app.test_client().options("/v1/licenses/validate")
    assert answer.status_code == 200
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


def expire(sale: Sale) -> None:
    sell_terms(sale, expires_at=clock.now() - timedelta(seconds=1))


def sell_terms(sale: Sale, **values: Any) -> None:
    with sale.app.app_context(), transaction() as session:
        session.execute(update(License).values(**values))


def withdraw(sale: Sale) -> None:
    with sale.app.app_context():
        withdraw_key(sale.keys[0])


def replace(sale: Sale) -> None:
    with sale.app.app_context():
        replace_key(sale.keys[0])


def withdraw_order(sale: Sale) -> None:
    with sale.app.app_context():
        decide(number_of(sale.app), Decision.WITHDRAW)


def dispute(sale: Sale) -> str:
    opened = sale.at_charge("dispute")
    sale.deliver("charge.dispute.")
    return opened


REFUSALS: list[tuple[str, Callable[[Sale], object], Code, str]] = [
    ("expired", expire, Code.EXPIRED, "expired"),
    ("withdrawn", withdraw, Code.WITHDRAWN, "disabled"),
    ("order withdrawn", withdraw_order, Code.WITHDRAWN, "disabled"),
    ("refunded", refund, Code.REFUNDED, "disabled"),
    ("disputed", dispute, Code.DISPUTED, "disabled"),
    ("replaced", replace, Code.REPLACED, "disabled"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[case[0] for case in REFUSALS])
def test_refuses_a_key_that_does_not_work_and_says_why(
    app: Flask, sandbox: SandboxClient, refusal: tuple[str, Callable[[Sale], object], Code, str]
) -> None:
    _name, happen, code, status = refusal
    sale = sell_license(app, sandbox)
    happen(sale)
    for what in ("validate", "activate", "validate"):
        answer = ask(app, what, license_key=sale.keys[0], instance_name="x")
        body = answer.get_json()
        assert answer.status_code == 400
        assert body["code"] == code
        assert body["license_key"]["status"] == status
        assert body["valid" if what == "validate" else "activated"] is False
        assert body["error"]
    assert read_rows(app, "SELECT id FROM activations") == []


def test_tells_who_has_a_replaced_key_neither_the_new_one_nor_its_buyer(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell_license(app, sandbox)
    replace(sale)
    answer = ask(app, "validate", license_key=sale.keys[0])
    (new,) = read_license_keys(app)
    assert new not in answer.text
    assert answer.get_json()["meta"] is None
    assert ask(app, "validate", license_key=new).get_json()["valid"] is True


FIELDS = [
    ("validate", {}, 422),
    ("validate", {"license_key": ""}, 422),
    ("validate", {"license_key": 5}, 422),
    ("validate", {"license_key": "A" * 4097}, 422),
    ("validate", {"license_key": "A\x00B"}, 422),
    ("validate", {"license_key": "A", "nonce": "n" * 257}, 422),
    ("validate", {"license_key": "A", "product_id": True}, 422),
    ("activate", {"license_key": UNKNOWN}, 422),
    ("activate", {"license_key": UNKNOWN, "instance_name": "a\nb"}, 422),
    ("activate", {"license_key": UNKNOWN, "instance_name": "a\x1b[2Jb"}, 422),
    ("activate", {"license_key": UNKNOWN, "instance_name": "a\ud800"}, 422),
    ("activate", {"license_key": UNKNOWN, "instance_name": "a\U000effff"}, 422),
    ("deactivate", {"license_key": UNKNOWN}, 422),
]


@pytest.mark.parametrize(("what", "fields", "status"), FIELDS)
def test_names_the_field_that_is_wrong(app: Flask, what: str, fields: dict[str, Any], status: int) -> None:
    answer = ask(app, what, **fields)
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (status, "INVALID_REQUEST")
    assert "field" in body["error"]
    assert body["license_key"] is None
    assert body["meta"] is None


@pytest.mark.parametrize(("sent", "status"), [("{", 400), ("[1]", 422), ("x" * 20_000, 413)])
def test_refuses_a_body_it_cannot_read(app: Flask, sent: str, status: int) -> None:
    answer = app.test_client().post("/v1/licenses/activate", data=sent, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (status, "INVALID_REQUEST")
    assert answer.get_json()["activated"] is False


def test_tells_a_typo_from_an_unknown_key(app: Flask) -> None:
    good = new_key("TWIN")
    typo = good[:-1] + ("A" if good[-1] != "A" else "C")
    assert ask(app, "validate", license_key=good).get_json()["code"] == "NOT_FOUND"
    answer = ask(app, "validate", license_key=typo)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "MISTYPED")


def test_calls_a_key_of_another_product_invalid(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    product = str(ask(app, "validate", license_key=sale.keys[0]).get_json()["meta"]["product_id"])
    for good in (product, "twinspot"):
        assert ask(app, "validate", license_key=sale.keys[0], product_id=good).get_json()["valid"] is True
    for other in ("999", "soft-taps"):
        for what in ("validate", "activate", "deactivate"):
            answer = ask(app, what, license_key=sale.keys[0], product_id=other, instance_name="x", instance_id="x")
            assert (answer.status_code, answer.get_json()["code"]) == (400, "PRODUCT_MISMATCH")


def test_takes_the_same_device_again_for_the_same_instance(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox, activation_limit=1)
    key = sale.keys[0]
    first = ask(app, "activate", license_key=key, instance_name="a", fingerprint="disk-1").get_json()
    again = ask(app, "activate", license_key=key, instance_name="b", fingerprint="disk-1").get_json()
    assert again["instance"] == first["instance"]
    assert again["license_key"]["activation_usage"] == 1
    other = ask(app, "activate", license_key=key, instance_name="c", fingerprint="disk-2")
    assert (other.status_code, other.get_json()["code"]) == (400, "ACTIVATION_LIMIT_REACHED")
    assert other.get_json()["error"] == "This license key has reached the activation limit."
    validated = ask(app, "validate", license_key=key, fingerprint="disk-1").get_json()
    assert validated["instance"] == first["instance"]
    stranger = ask(app, "validate", license_key=key, fingerprint="disk-2").get_json()
    assert (stranger["valid"], stranger["code"]) == (False, "FINGERPRINT_MISMATCH")
    mixed = ask(
        app, "validate", license_key=key, instance_id=first["instance"]["id"], fingerprint="disk-2"
    ).get_json()
    assert mixed["code"] == "FINGERPRINT_MISMATCH"


@both
def test_reads_the_id_of_an_instance_in_capitals(app: Flask, sandbox: SandboxClient) -> None:
    (key,) = sell_license(app, sandbox).keys
    instance = ask(app, "activate", license_key=key, instance_name="a").get_json()["instance"]
    named = instance["id"].upper()
    assert ask(app, "validate", license_key=key, instance_id=named).get_json()["instance"] == instance
    assert ask(app, "deactivate", license_key=key, instance_id=named).get_json()["code"] == "VALID"


def test_lets_a_refunded_device_still_go(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    activated = ask(app, "activate", license_key=sale.keys[0], instance_name="a").get_json()
    refund(sale)
    gone = ask(app, "deactivate", license_key=sale.keys[0], instance_id=activated["instance"]["id"]).get_json()
    assert gone["deactivated"] is True
    assert gone["license_key"]["status"] == "disabled"


def test_gives_the_same_key_and_device_back_after_a_dispute_that_is_won(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell_license(app, sandbox)
    instance = ask(app, "activate", license_key=sale.keys[0], instance_name="a").get_json()["instance"]
    opened = dispute(sale)
    closed = ask(app, "validate", license_key=sale.keys[0], instance_id=instance["id"]).get_json()
    assert (closed["valid"], closed["code"]) == (False, "DISPUTED")
    sandbox.control(f"disputes/{opened}/move", status="won")
    sale.deliver("charge.dispute.")
    back = ask(app, "validate", license_key=sale.keys[0], instance_id=instance["id"]).get_json()
    assert (back["valid"], back["instance"]) == (True, instance)


def test_spends_the_same_statement_on_a_guess_as_on_a_key(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    costs = []
    for key in (sale.keys[0], UNKNOWN, "x"):
        with counted(app) as statements:
            ask(app, "validate", license_key=key)
        costs.append(list(statements))
    assert len(costs[0]) == 1
    assert costs[0] == costs[1] == costs[2]


NAMES = [
    "\U0001f469\u200d\U0001f4bb laptop", "Ada\u00a0Mac", "\u05de\u05e9\u05d4\u200f PC", "\u4e66\u623f",
    "Ada's phone \U0001faff",  # an emoji that is newer than Python
]  # fmt: skip


@both
def test_calls_a_device_whatever_its_owner_calls_it(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox, activation_limit=len(NAMES))
    for name in NAMES:
        activated = ask(app, "activate", license_key=sale.keys[0], instance_name=name).get_json()
        assert activated["instance"]["name"] == name
        assert name in unescape(sale.order_page())


@pytest.mark.parametrize("between", ["\u00a0", "\t", "\u200b-", " \u2013 ", "\u00ad", "\r\n"])
def test_finds_a_key_that_was_copied_from_a_page(app: Flask, sandbox: SandboxClient, between: str) -> None:
    key = sell_license(app, sandbox).keys[0]
    assert ask(app, "validate", license_key=key.replace("-", between)).get_json()["code"] == "VALID"


def test_finds_no_key_of_another_mode(app: Flask, sandbox: SandboxClient) -> None:
    key = sell_license(app, sandbox).keys[0]
    sell_license(app, sandbox)
    change_rows(app, "UPDATE licenses SET mode = 'live' WHERE id = 1")
    for what in ("validate", "activate", "deactivate"):
        answer = ask(app, what, license_key=key, instance_name="a", instance_id="a")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")


def test_takes_an_ipv6_network_for_one_client(app: Flask) -> None:
    def guess(address: str, number: int) -> int:
        return ask(app, "validate", address=address, license_key=f"K{number}").status_code

    codes = [guess(f"2001:db8:0:1::{number:x}", number) for number in range(1, 71)]
    assert codes == [404] * 60 + [429] * 10
    assert guess("2001:db8:0:2::1", 71) == 404
    assert guess("::ffff:192.0.2.1", 72) == guess("192.0.2.1", 73) == 404


def test_shares_no_limit_among_those_who_forget_the_key(app: Flask) -> None:
    codes = {ask(app, "validate", address=f"10.1.{number}.1").status_code for number in range(125)}
    assert codes == {422}


def test_limits_each_client_and_each_key(app: Flask) -> None:
    answers = [ask(app, "validate", license_key=f"A{number}") for number in range(61)]
    assert answers[59].status_code == 404
    assert answers[60].status_code == 429
    assert answers[60].get_json() == {
        "valid": False,
        "error": "Too many requests: try again in a minute.",
        "license_key": None,
        "instance": None,
        "meta": None,
        "code": "RATE_LIMITED",
    }
    assert 1 <= int(answers[60].headers["Retry-After"]) <= 61
    same = [
        ask(app, "validate", address=f"10.0.0.{number % 200}", license_key="same").status_code
        for number in range(121)
    ]
    assert same[:120] == [404] * 120
    assert same[120] == 429


@both
def test_tells_the_owner_of_devices_that_were_refused(app: Flask, sandbox: SandboxClient) -> None:
    key = sell_license(app, sandbox, activation_limit=1).keys[0]
    assert ask(app, "activate", license_key=key, instance_name="first").status_code == 200
    for device in ("Ada's laptop", "x" * 255):
        assert ask(app, "activate", license_key=key, instance_name=device).status_code == 400
    assert ask(app, "activate", license_key=UNKNOWN, instance_name="guess").status_code == 404
    (row,) = read_rows(app, "SELECT * FROM refusals")
    assert (row["what"], row["reason"], row["times"]) == ("activation", "activation_limit_reached", 2)
    assert (row["subject"], row["detail"]) == (f"\u2026{key[-5:]}", "x" * 80)
