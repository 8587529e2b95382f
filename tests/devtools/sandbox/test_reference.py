"""The sandbox's own documents say what it answers, and whatever fits them is answered, never with a 500."""

import json
import re
from collections import Counter
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from storefront.devtools.sandbox.api.routes import Route
from storefront.devtools.sandbox.api.versions import API_VERSION
from storefront.devtools.sandbox.app import create_sandbox
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.pages.openapi import FORM, describe, path_of
from storefront.devtools.sandbox.pages.reference import about_account, about_card
from storefront.devtools.sandbox.payments.stripe_test_cards import ACH_ACCOUNTS, CARDS, IBANS
from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.described import CALLS, DESCRIBED, as_form, folder_of, made_with

KEY = "sk_test_described"
TEXTS = ["usd", "jpy", "prod_1", "1900", "12.5", "", "https://shop.test/", "ü\u202e", "x" * 300]


def test_is_a_description_that_programs_read(sandbox: Calls) -> None:
    served = sandbox.http.get(f"{sandbox.url}/openapi.json", timeout=60).json()
    assert served == describe(sandbox.url)
    operations: Any = schemathesis.openapi.from_dict(served).get_all_operations()
    names = [f"{one.method.upper()} {one.path}" for one in (result.ok() for result in operations)]
    assert sorted(names) == sorted(CALLS)
    ids = Counter(operation["operationId"] for path in served["paths"].values() for operation in path.values())
    assert [name for name, times in ids.items() if times > 1] == []


def test_leaves_out_of_the_description_what_is_refused_by_name() -> None:
    form = DESCRIBED["paths"]["/v1/checkout/sessions"]["post"]["requestBody"]["content"][FORM]["schema"]
    refused = {entry for entry in CALLS["POST /v1/checkout/sessions"].unsupported if "." not in entry}
    assert refused
    assert not refused & set(form["properties"])
    assert "payment_method_types" not in form["properties"]  # gone in the newest version


def test_shows_people_every_call_card_and_account(sandbox: Calls) -> None:
    page = sandbox.http.get(f"{sandbox.url}/docs", timeout=60)
    text = re.sub(r"<[^>]+>", " ", page.text)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert [name for name in (*CALLS, *CARDS, *IBANS, *ACH_ACCOUNTS) if name not in text] == []
    script = f"{sandbox.url}/endive/stripe.js"
    assert script in text
    assert sandbox.http.get(script, timeout=60).headers["Content-Type"].startswith("text/javascript")
    assert about_card(CARDS["4000000000009995"]) == "visa, declined: insufficient_funds"
    assert about_card(CARDS["4000008260003178"]).startswith("visa, 3-D Secure first, then declined")
    assert about_account(ACH_ACCOUNTS["000000004954"]) == "refused at once"


def members(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema; texts are sometimes ids, and sometimes what nobody expects."""
    if "anyOf" in schema:
        return st.one_of([members(one) for one in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object" if "properties" in schema:
            return few_of(schema["properties"], schema["required"])
        case "object":
            return st.dictionaries(st.sampled_from(["a", "order", "ü"]), members(schema["additionalProperties"]))
        case "array":
            return st.lists(members(schema["items"]), max_size=2)
        case "string":
            return st.sampled_from(TEXTS)
    return {
        "integer": st.integers(-1, 10**9),
        "number": st.floats(0, 100),
        "boolean": st.booleans(),
    }[schema["type"]]


def few_of(schemas: dict[str, Any], required: list[str]) -> st.SearchStrategy[Any]:
    """All that is required and at most three others, so that some calls have nothing wrong."""
    names = st.lists(st.sampled_from(sorted(schemas)), max_size=3, unique=True) if schemas else st.just([])
    return names.flatmap(
        lambda chosen: st.fixed_dictionaries({name: members(schemas[name]) for name in {*required, *chosen}})
    )


def inputs_of(call: Route, given: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Parameters that fit, besides those that a call has already."""
    operation = DESCRIBED["paths"][path_of(call)][call.method.lower()]
    if "requestBody" in operation:
        form = operation["requestBody"]["content"][FORM]["schema"]
        others = {name: one for name, one in form["properties"].items() if name not in given}
        return few_of(others, [name for name in form["required"] if name not in given])
    query = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}
    return few_of(query, [])


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Of a sandbox of its own, which delivers nothing."""
    app = create_sandbox(SandboxConfig(port=0, secret_key=KEY))
    return app.test_client()


def send(client: FlaskClient, method: str, path: str, text: str) -> TestResponse:
    where: Any = {"data": text} if method == "POST" else {"query_string": text}
    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": API_VERSION}
    return client.open(path, method=method, content_type=FORM, headers=headers, **where)


def json_of(answer: TestResponse) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer.text)
    return body


def made_at(client: FlaskClient, path: str) -> str:
    """The id of an object that lies under this address, or one that does not exist."""
    params = made_with(path)
    if params is None:
        return "none_1"
    made = send(client, "POST", folder_of(path), as_form(params))
    assert made.status_code == 200, made.text
    return str(json_of(made)["id"])


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_answers_whatever_fits_its_description(client: FlaskClient, name: str) -> None:
    call = CALLS[name]
    path = re.sub(r"\{[^}]+\}", made_at(client, path_of(call)), path_of(call))
    given_before = made_with(path) if call.method == "POST" and path == folder_of(path) else None

    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(params=inputs_of(call, given_before or {}))
    def fits(params: Any) -> None:
        text = as_form({**(given_before or {}), **params})
        answer = send(client, call.method, path, text)
        assert answer.status_code in {200, 400, 402, 404}, (text, answer.text)
        assert ("error" in json_of(answer)) == (answer.status_code != 200)

    fits()
