"""The sandbox accepts no parameter the installed library does not know for that call."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe.params
import typing_extensions

from storefront.devtools.sandbox import resources
from storefront.devtools.sandbox.api.parameter_types import Kind, Spec
from storefront.devtools.sandbox.api.routes import ROUTES, Route
from storefront.devtools.sandbox.api.versions import NEWEST
from tests.devtools.sandbox.calls import Calls

resources.load()
OWN = {
    "POST /v1/stripecli/sessions",  # Stripe's private or ours: nothing to compare with
    "GET /v1/payment_pages/{id}",
    "GET /v1/payment_pages/{id}/poll",
    "POST /v1/events/{id}/retry",
    "POST /v1/payment_pages/{id}",
    "POST /v1/payment_pages/{id}/authenticate",
    "POST /v1/payment_pages/{id}/confirm",
    "POST /v1/payment_pages/{id}/init",
}
# Accepted besides what the type says, and why.
EXTRA = {
    ("POST /v1/payment_methods", "card"),  # the type splits number and token into two hashes
    ("POST /v1/payment_methods", "wallet"),  # the sandbox's own: a phone held the card
    ("POST /v1/disputes/{id}", "evidence"),  # longer texts, which the type does not tell
    ("POST /v1/payment_intents", "payment_method_options"),  # with a value of the command line's fixture
}
# In older API versions, and without one, as the command line calls.
OLDER = {
    ("POST /v1/checkout/sessions", "payment_method_types"),
    ("POST /v1/payment_intents", "payment_method_types"),
    ("POST /v1/payment_intents/{id}/confirm", "payment_method_types"),
    ("POST /v1/promotion_codes", "coupon"),
}


def name_of(route: Route) -> str:
    return f"{route.method} /{'/'.join(route.path)}"


def declared(params: type, names: tuple[str, ...]) -> Any:
    """Follow the names through the TypedDict's source text, independent of the sandbox's own reader."""
    module = __import__(params.__module__, fromlist=["x"])
    here: Any = params
    for name in names:
        annotation = str(here.__annotations__[name])
        inner = [
            member
            for member in vars(module)
            if f"'{member}'" in annotation
            or f"[{member}]" in annotation
            or f'"{member}"' in annotation
            or f"'{member}|" in annotation
            or f"|{member}" in annotation
            or f"{member}|" in annotation
        ]
        classes = [getattr(module, member) for member in inner]
        hashes = [member for member in classes if typing_extensions.is_typeddict(member)]
        here = max(hashes, key=lambda member: len(member.__name__)) if hashes else None
    return here


def walk(spec: Spec, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, below in spec.fields.items():
        yield (*above, name)
        inner = below.item if below.kind in {Kind.ARRAY, Kind.MAP} else below
        if inner is not None and inner.fields:
            yield from walk(inner, (*above, name))


def test_checks_every_route() -> None:
    assert {name_of(route) for route in ROUTES if route.params is None} == OWN
    assert len(ROUTES) > 50


@pytest.mark.parametrize("route", [route for route in ROUTES if route.params is not None], ids=name_of)
def test_accepts_only_what_the_library_knows(route: Route) -> None:
    assert route.params is not None
    own = {name for name, _ in ((name, None) for name in route.extra)}
    assert {(name_of(route), name) for name in own} <= EXTRA
    assert {(name_of(route), name) for name in route.removed} <= OLDER
    for names in walk(route.spec(NEWEST)):
        if names[0] in own:
            continue
        holder = declared(route.params, names[:-1])
        assert holder is not None, names
        assert names[-1] in holder.__annotations__, names


def test_joins_two_declared_hashes_for_a_card() -> None:
    known: set[str] = set()
    for member in ("PaymentMethodCreateParamsCard", "PaymentMethodCreateParamsCardNetworks"):
        known |= set(getattr(stripe.params, member).__annotations__)
    accepted = next(route for route in ROUTES if name_of(route) == "POST /v1/payment_methods").extra["card"]
    assert set(accepted.fields) <= known | {"token"}


@pytest.mark.parametrize(
    ("path", "text", "param"),
    [
        ("/v1/products", "name=x&colour=red", "colour"),
        ("/v1/checkout/sessions", "mode=payment&line_items[0][prize]=x", "line_items[0][prize]"),
        ("/v1/checkout/sessions", "mode=payment&payment_intent_data[colour]=x", "payment_intent_data[colour]"),
        ("/v1/refunds", "charge=ch_1&full=true", "full"),
        ("/v1/disputes/du_1", "evidence[colour]=red", "evidence[colour]"),
        ("/v1/disputes/du_1/close", "reason=tired", "reason"),
        ("/v1/payment_links", "line_items[0][prize]=x", "line_items[0][prize]"),
        ("/v1/payment_links/plink_1", "restrictions[sessions]=1", "restrictions[sessions]"),
        ("/v1/webhook_endpoints", "url=http://127.0.0.1/&enabled_events[]=*&secret=x", "secret"),
    ],
)
def test_refuses_unknown_parameters(sandbox: Calls, path: str, text: str, param: str) -> None:
    answer = sandbox.call("POST", path, text)
    assert (answer.status, answer.json["error"]["code"]) == (400, "parameter_unknown")
    assert answer.json["error"]["message"] == f"Received unknown parameter: {param}"
    assert answer.json["error"]["param"] == param


def test_names_all_unknown_parameters_at_once(sandbox: Calls) -> None:
    answer = sandbox.call("POST", "/v1/products", "name=x&a=1&b=2")
    assert answer.json["error"]["message"] == "Received unknown parameters: a, b"


def test_refuses_what_it_would_have_to_ignore(sandbox: Calls) -> None:
    text = f"mode=payment&success_url=http://x.test/&line_items[0][price]={sandbox.make_price()}&line_items[0][quantity]=1"
    answer = sandbox.call("POST", "/v1/checkout/sessions", f"{text}&shipping_options[0][shipping_rate]=shr_1")
    assert (answer.status, answer.json["error"]["param"]) == (400, "shipping_options")
    assert "local sandbox does not support" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "text", "message", "code"),
    [
        ("/v1/products", "", "Missing required param: name.", "parameter_missing"),
        (
            "/v1/prices",
            "currency=usd&unit_amount=abc&product=p",
            "Invalid integer: abc",
            "parameter_invalid_integer",
        ),
        ("/v1/products", "name=x&active=yes", "Invalid boolean: yes", None),
        (
            "/v1/coupons",
            "percent_off=10&duration=always",
            "Invalid duration: must be one of forever, once, or repeating",
            None,
        ),
        ("/v1/products", "name=", "You passed an empty string for 'name'.", "parameter_invalid_empty"),
        ("/v1/coupons", "percent_off=x", "Invalid decimal: x", None),
        ("/v1/checkout/sessions", "mode=payment&line_items=x", "Invalid array", None),
    ],
)
def test_checks_types(sandbox: Calls, path: str, text: str, message: str, code: str | None) -> None:
    answer = sandbox.call("POST", path, text)
    assert answer.status == 400
    assert answer.json["error"]["message"].startswith(message)
    assert answer.json["error"].get("code") == code


def test_reads_arrays_in_every_notation(sandbox: Calls) -> None:
    """Numbered in any order (SDK), empty brackets (command line)."""
    one = sandbox.call("POST", "/v1/products", "images[1]=http://b&name=x&images[0]=http://a").json
    two = sandbox.call("POST", "/v1/products", "images[]=http://a&images[]=http://b&name=%C3%BC+%26").json
    assert one["images"] == two["images"] == ["http://a", "http://b"]
    assert two["name"] == "ü &"


@pytest.mark.parametrize(
    ("path", "text", "param"),
    [
        ("/v1/disputes/du_1", "evidence[appeal][card][reason_for_filing]=x", "evidence[appeal]"),
        ("/v1/payment_links/plink_1", "name_collection[business][enabled]=true", "name_collection"),
        ("/v1/payment_links/plink_1", "subscription_data[trial_period_days]=3", "subscription_data"),
    ],
)
def test_refuses_what_it_cannot_do_after_the_sale(sandbox: Calls, path: str, text: str, param: str) -> None:
    answer = sandbox.call("POST", path, text)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)
    assert "local sandbox does not support" in answer.json["error"]["message"]


def test_merges_and_clears_metadata(sandbox: Calls) -> None:
    product = sandbox.v1.products.create({"name": "x", "metadata": {"a": "1", "b": "2"}})
    assert sandbox.call("POST", f"/v1/products/{product.id}", "metadata[a]=&metadata[c]=3").json["metadata"] == {
        "b": "2",
        "c": "3",
    }
    assert sandbox.call("POST", f"/v1/products/{product.id}", "metadata=").json["metadata"] == {}
    assert sandbox.call("POST", f"/v1/products/{product.id}", f"metadata[{'k' * 41}]=x").status == 400
    assert sandbox.call("POST", f"/v1/products/{product.id}", f"metadata[k]={'x' * 501}").status == 400
