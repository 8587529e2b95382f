"""A gift that is nobody's: the license API names its giver to nobody, since a receiver may have the key."""

from typing import Any

from flask import Flask

from tests.payments.reconcile.sales import run
from tests.support.gifts import ROSA, give, hand_over
from tests.support.restore import back_up
from tests.support.rows import read_license_keys
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


def validated(app: Flask, key: str) -> Any:
    buyer = Buyer(app)
    answer = buyer.client.post("/v1/licenses/validate", data={"license_key": key}, base_url=buyer.base_url)
    return answer.get_json()


def test_names_nobody_where_the_database_is_older_than_the_gift(app: Flask, sandbox: SandboxClient) -> None:
    restore = back_up(app)
    give(app, sandbox)
    hand_over(app)
    [key] = read_license_keys(app)
    assert validated(app, key)["meta"]["customer_email"] == ROSA
    restore()
    run(app)
    assert read_license_keys(app) == [key]
    said = validated(app, key)
    assert (said["valid"], said["meta"]["customer_email"], said["meta"]["customer_name"]) == (True, None, None)


def test_names_nobody_before_the_gift_is_sent(app: Flask, sandbox: SandboxClient) -> None:
    give(app, sandbox)
    [key] = read_license_keys(app)
    assert validated(app, key)["meta"]["customer_email"] is None
    hand_over(app)
    assert validated(app, key)["meta"]["customer_email"] == ROSA
