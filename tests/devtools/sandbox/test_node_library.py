"""Stripe's library for Node has a method for each address of the sandbox, and understands what it answers."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.described import CALLS, as_form, folder_of, made_with
from tests.devtools.sandbox.node_types import HOW_TO_GET_IT, find_compiler
from tests.devtools.sandbox.receiver import Receiver
from tests.support.databases import missing

WALK = Path(__file__).with_name("walk.mjs")
# Written out by hand by whoever calls them: older libraries, and the command line. Files go to another host.
NOT_IN_THE_LIBRARY = {"GET /v1/charges/{id}/refunds", "POST /v1/events/{id}/retry", "POST /v1/files"}
UNDERSTOOD = {"StripeInvalidRequestError", "StripeCardError"}


def sell(sandbox: Calls) -> None:
    """Leave an object of most kinds: a dispute, a suspicion, a refund, a promotion code."""
    for card in ("pm_card_visa", "pm_card_createDispute", "pm_card_createIssuerFraudRecord"):
        paid = sandbox.pay(sandbox.make_session().id, payment_method=card)
    sandbox.v1.refunds.create({"payment_intent": paid.json["payment_intent"]["id"]})
    sandbox.make_promotion_code("HALF", percent_off=50)


def id_for(sandbox: Calls, path: str) -> str:
    """A new object, or the newest; `none_1` where there is none."""
    params = made_with(path)
    if params is not None:
        return str(sandbox.call("POST", folder_of(path), as_form(params)).json["id"])
    folder = path.partition("/{")[0]
    listed = sandbox.call("GET", folder).json.get("data") or [{"id": "none_1"}]
    return str(listed[0]["id"])


def call_of(sandbox: Calls, name: str) -> dict[str, Any]:
    method, path = name.split(" ")
    ids = [id_for(sandbox, path)] if "{" in path else []
    params = made_with(path) if method == "POST" and path == folder_of(path) else None
    return {"call": name, "ids": [*ids, *["none_1"] * (path.count("{") - 1)], "params": params or {}}


def names_of(results: list[Any]) -> list[str]:
    return [result["call"] for result in results]


def test_calls_every_address_by_the_librarys_own_methods(sandbox: Calls, receiver: Receiver) -> None:
    if find_compiler() is None:
        missing(HOW_TO_GET_IT)
    sell(sandbox)
    delivered = receiver.next()
    calls = [call_of(sandbox, name) for name in CALLS]
    todo = {
        "port": int(sandbox.url.rsplit(":", 1)[1]),
        "key": sandbox.key,
        "calls": calls,
        "event": {"payload": delivered.body, "header": delivered.signature, "secret": receiver.secret},
    }
    done = subprocess.run(
        ["node", WALK], input=json.dumps(todo), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    walked = json.loads(done.stdout)
    assert walked["event"] == delivered.type
    unknown = [result for result in walked["results"] if not result["isKnown"]]
    assert set(names_of(unknown)) == NOT_IN_THE_LIBRARY
    answered = [result for result in walked["results"] if result["isKnown"]]
    refused = [result for result in answered if result["status"] != 200]
    assert {result["object"] for result in refused} <= UNDERSTOOD
    assert all(400 <= result["status"] < 500 and result["requestId"].startswith("req_") for result in refused)
    # What is there is read; refused is only what needs more than an id.
    absent = {call["call"] for call in calls if "none_1" in call["ids"]}
    assert [
        name for name in (result["call"] for result in refused) if name[:3] == "GET" and name not in absent
    ] == []
