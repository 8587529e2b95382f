"""Keys: accepted in Stripe's ways, refused with Stripe's words."""

import base64
import re

import pytest
import requests
import stripe

from storefront.devtools.loopback import ConfigError
from storefront.devtools.sandbox.config import SandboxConfig
from tests.devtools.sandbox.calls import Calls


def client(sandbox: Calls, key: str) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": sandbox.url})


def test_takes_bearer_and_basic(sandbox: Calls) -> None:
    basic = base64.b64encode(f"{sandbox.key}:".encode()).decode()
    assert sandbox.call("GET", "/v1/account", Authorization=f"Basic {basic}").status == 200
    assert client(sandbox, sandbox.key).v1.accounts.retrieve_current().id.startswith("acct_1")


def test_asks_for_a_key(sandbox: Calls) -> None:
    answer = requests.get(f"{sandbox.url}/v1/account", timeout=60)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Stripe"'
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")


def test_refuses_an_unknown_key(sandbox: Calls) -> None:
    with pytest.raises(stripe.AuthenticationError) as caught:
        client(sandbox, "sk_test_51UnknownUnknown1234").v1.products.list()
    assert re.search(r"Invalid API Key provided: sk_test_\*+1234$", str(caught.value))


def test_refuses_the_publishable_key_where_a_secret_one_is_needed(sandbox: Calls) -> None:
    with pytest.raises(stripe.AuthenticationError) as caught:
        client(sandbox, sandbox.server.publishable_key).v1.products.list()
    assert caught.value.error is not None
    assert caught.value.error.code == "secret_key_required"


def test_lets_the_publishable_key_see_a_page_only(sandbox: Calls) -> None:
    session = sandbox.make_session()
    assert sandbox.page(session.id).status == 200
    key = f"key={sandbox.server.publishable_key}"
    assert requests.get(f"{sandbox.url}/v1/checkout/sessions/{session.id}?{key}", timeout=60).status_code == 401


@pytest.mark.parametrize(
    "options",
    [
        {"secret_key": "sk_live_51abc"},
        {"secret_key": "rk_live_51abc"},
        {"publishable_key": "pk_live_51abc"},
        {"secret_key": "whatever"},
        {"webhook_secret": "secret"},
        {"host": "0.0.0.0"},  # noqa: S104 - what is refused
        {"host": "192.168.1.5"},
    ],
)
def test_does_not_start_unsafely(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        SandboxConfig(**options)  # type: ignore[arg-type]


def test_listens_elsewhere_when_told() -> None:
    assert SandboxConfig(host="0.0.0.0", allow_any_address=True).host == "0.0.0.0"  # noqa: S104
