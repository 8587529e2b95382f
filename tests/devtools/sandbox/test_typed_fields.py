"""A phone number and a shop's own fields: asked on the page, refused beside the field, shown afterwards."""

from typing import Any

import pytest

from tests.devtools.sandbox.calls import Calls

FIELDS = [
    {"key": "company", "label": {"type": "custom", "custom": "Company"}, "type": "text", "optional": True},
    {"key": "age", "label": {"type": "custom", "custom": "Age"}, "type": "numeric"},
    {
        "key": "size",
        "label": {"type": "custom", "custom": "Size"},
        "type": "dropdown",
        "dropdown": {"options": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]},
    },
]
TYPED = {"age": "36", "size": "l"}


def ask(sandbox: Calls) -> Any:
    return sandbox.make_session(custom_fields=FIELDS, phone_number_collection={"enabled": True})


def test_shows_the_values_once_the_session_is_complete(sandbox: Calls) -> None:
    session = ask(sandbox)
    assert sandbox.session(session.id)["custom_fields"][1]["numeric"]["value"] is None
    assert sandbox.pay(session.id, custom_fields=TYPED, phone_number="+1 555-0100").status == 200
    body = sandbox.session(session.id)
    assert [field[field["type"]]["value"] for field in body["custom_fields"]] == [None, "36", "l"]
    assert body["customer_details"]["phone"] == "+15550100"


@pytest.mark.parametrize(
    ("typed", "param"),
    [
        ({"custom_fields": {"size": "l"}}, "custom_fields[age]"),
        ({"custom_fields": TYPED | {"age": "old"}}, "custom_fields[age]"),
        ({"custom_fields": TYPED | {"size": "xl"}}, "custom_fields[size]"),
        ({"custom_fields": TYPED, "phone_number": "12"}, "phone_number"),
    ],
)
def test_says_which_field_is_wrong(sandbox: Calls, typed: dict[str, Any], param: str) -> None:
    answer = sandbox.pay(ask(sandbox).id, **typed)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


@pytest.mark.parametrize("key", ["two words", "company"])
def test_refuses_a_key_that_cannot_be(sandbox: Calls, key: str) -> None:
    body = "mode=payment&success_url=http://a.example&line_items[0][quantity]=1"
    body += f"&line_items[0][price]={sandbox.make_price()}"
    for place, name in enumerate(("company", key)):
        field = f"custom_fields[{place}]"
        body += f"&{field}[key]={name}&{field}[type]=text&{field}[label][type]=custom&{field}[label][custom]=A"
    answer = sandbox.call("POST", "/v1/checkout/sessions", body)
    assert (answer.status, answer.json["error"]["param"]) == (400, "custom_fields[1][key]")
