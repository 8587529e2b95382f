"""The webhook endpoint by one button: one however often, its secret sealed, its deliveries taken everywhere."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import stripe
from flask import Flask
from sqlalchemy import select

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.errors import StripeFault, StripeInProgress, StripeRefused, StripeUnavailable
from storefront.payments.webhook import endpoint, endpoint_rows, secrets
from storefront.payments.webhook.endpoint import Changed, Done, EndpointCheck, Secret
from storefront.payments.webhook.event_types import HANDLED
from storefront.payments.webhook.models import WebhookEndpoint
from storefront.shop.profile.change import change_profile
from storefront.stripe_api.endpoints import API_VERSION, SeenEndpoint
from storefront.stripe_api.gateway import gateway
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event, wait_for
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
OTHER_KEY = "another-secret-" * 3


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"STRIPE_WEBHOOK_SECRET": ""}


@pytest.fixture
def make_process(environment: dict[str, str]) -> Iterator[Callable[..., Flask]]:
    """Another process of the same shop: its own memory, the same database."""
    made: list[Flask] = []

    def make(**changes: str) -> Flask:
        made.append(create_app(load_settings(environment | changes)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def make(app: Flask) -> Changed:
    with app.app_context():
        return endpoint.make_endpoint()


def press_until_done(app: Flask) -> Changed:
    """Stripe answers 409 to the second of two that ask at once: who reads that presses again."""
    return cast("Changed", wait_for(lambda: press(app)))


def press(app: Flask) -> Changed | None:
    try:
        return make(app)
    except StripeInProgress:
        return None


def replace(app: Flask, shown: str | None) -> Changed:
    with app.app_context():
        return endpoint.replace_endpoint(shown=shown)


def check(app: Flask) -> EndpointCheck:
    with app.app_context():
        return endpoint.check_endpoint()


def at_stripe(sandbox: SandboxClient) -> list[Any]:
    return list(sandbox.stripe.v1.webhook_endpoints.list({"limit": 100}).data)


def secret_of(app: Flask, endpoint_id: str) -> str:
    with app.app_context():
        row = db.session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint_id)).one()
        return secrets.open_secret(row) or ""


def test_names_the_version_of_the_library() -> None:
    assert stripe.api_version == API_VERSION


@both
def test_makes_the_endpoint_with_what_the_shop_needs_and_seals_its_secret(
    app: Flask, sandbox: SandboxClient
) -> None:
    changed = make(app)
    (made,) = at_stripe(sandbox)
    assert changed == Changed(done=Done.MADE, endpoint_id=made.id)
    assert (made.url, made.api_version, made.status) == ("http://localhost/webhook", API_VERSION, "enabled")
    assert set(made.enabled_events) == HANDLED
    assert made.metadata["storefront"].startswith("shop_")
    secret = secret_of(app, made.id)
    assert secret.startswith("whsec_")
    (row,) = read_rows(app, "SELECT * FROM webhook_endpoints")
    assert secret.encode() not in bytes(row["sealed"])
    assert secret not in str(read_rows(app, "SELECT * FROM audit_entries"))
    assert check(app) == EndpointCheck(
        address="http://localhost/webhook",
        endpoint_id=made.id,
        is_enabled=True,
        api_version=API_VERSION,
        secret=Secret.SEALED,
    )
    assert make(app).done is Done.NOTHING


@both
def test_is_one_endpoint_when_two_press_at_the_same_moment(
    app: Flask, sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    processes = [app, make_process(), make_process()]
    with ThreadPoolExecutor(len(processes)) as pool:
        results = list(pool.map(press_until_done, processes))
    assert len({changed.endpoint_id for changed in results}) == 1
    assert len(at_stripe(sandbox)) == 1
    assert len(read_rows(app, "SELECT id FROM webhook_endpoints")) == 1
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'webhook.made'")) == 1


def test_gets_the_same_endpoint_after_an_answer_that_was_lost(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/webhook_endpoints", drop_after_execution=True, times=2)
    with pytest.raises(StripeUnavailable):
        make(app)
    changed = make(app)
    (made,) = at_stripe(sandbox)
    assert changed.endpoint_id == made.id
    assert secret_of(app, made.id)


def test_makes_another_after_a_lost_answer_where_the_shop_has_another_name(
    app: Flask, sandbox: SandboxClient
) -> None:
    """The first hour: Stripe would refuse the same request under its key with other words, for a day."""
    sandbox.control("faults", method="POST", path="/v1/webhook_endpoints", drop_after_execution=True, times=2)
    with pytest.raises(StripeUnavailable):
        make(app)
    with app.app_context():
        change_profile({"name": "Lantern Works"})
        db.session.remove()
    changed = make(app)
    assert len(at_stripe(sandbox)) == 2
    assert secret_of(app, changed.endpoint_id)


@pytest.mark.parametrize(("status", "error"), [(500, StripeFault), (400, StripeRefused)])
def test_asks_anew_after_a_failure_or_a_no_that_stripe_keeps(
    app: Flask, sandbox: SandboxClient, status: int, error: type[Exception]
) -> None:
    kind = "api_error" if status == 500 else "invalid_request_error"
    sandbox.control("faults", method="POST", path="/v1/webhook_endpoints", status=status, type=kind, times=1)
    with pytest.raises(error):
        make(app)
    assert make(app).done is Done.MADE


@both
def test_takes_deliveries_in_every_process_and_after_a_new_secret(
    app: Flask, sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    other = make_process()
    event = make_event("customer.created", "cus_x")
    assert post_event(other, event, secret="whsec_nonsense").status_code == 400
    first = make(app).endpoint_id
    old_secret = secret_of(app, first)
    secrets.SECRETS.get(other).forget()  # a second has passed
    for process in (app, other):
        assert post_event(process, event, secret=old_secret).status_code == 200
    second = replace(app, first).endpoint_id
    assert second != first
    secrets.SECRETS.get(other).forget()
    for process in (app, other):
        for secret in (old_secret, secret_of(app, second)):
            assert post_event(process, event, secret=secret).status_code == 200
    assert replace(app, first).endpoint_id == second, "pressed a second time on the old page"
    assert len(at_stripe(sandbox)) == 2


def test_reads_the_secrets_once_for_many_deliveries(app: Flask, sandbox: SandboxClient) -> None:
    secret = secret_of(app, make(app).endpoint_id)
    for number in range(3):
        with counted(app) as statements:
            assert post_event(app, make_event("x.y", f"a_{number}"), secret=secret).status_code == 200
        asked = [statement for statement in statements if "webhook_endpoints" in statement]
        assert bool(asked) == (number == 0)
    with counted(app) as statements:
        for _rubbish in range(5):
            assert post_event(app, make_event("x.y", "z"), secret="whsec_rubbish").status_code == 400
    assert len(statements) <= 5


def test_disables_the_old_endpoint_only_after_the_new_one_has_delivered(
    app: Flask, sandbox: SandboxClient
) -> None:
    sandbox.add_endpoint("http://localhost/webhook")
    sandbox.add_endpoint("http://elsewhere.example/webhook")
    with pytest.raises(endpoint.SecretUnknown, match="Make a new endpoint here"):
        make(app)
    (by_hand,) = [one.id for one in at_stripe(sandbox) if one.url == "http://localhost/webhook"]
    assert check(app).secret is Secret.UNKNOWN
    new = replace(app, by_hand).endpoint_id
    assert check(app).others == (by_hand,)
    with app.app_context(), pytest.raises(endpoint.NothingDelivered, match="Keep the old endpoint"):
        endpoint.disable_others()
    assert post_event(app, make_event("x.y", "a"), secret=secret_of(app, new)).status_code == 200
    assert check(app).has_delivered
    with app.app_context():
        assert endpoint.disable_others() == [by_hand]
    states = {one.id: one.status for one in at_stripe(sandbox)}
    assert states.pop(by_hand) == "disabled"
    assert set(states.values()) == {"enabled"}


def test_mends_one_that_was_made_by_hand_where_its_secret_is_in_the_environment(
    sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    params: Any = {"url": "http://localhost/webhook", "enabled_events": ["charge.refunded", "customer.created"]}
    by_hand = sandbox.stripe.v1.webhook_endpoints.create(params)
    sandbox.stripe.v1.webhook_endpoints.update(by_hand.id, {"disabled": True})
    app = make_process(STRIPE_WEBHOOK_SECRET=str(by_hand.secret))
    before = check(app)
    assert (before.is_enabled, before.superfluous, before.api_version) == (False, ("customer.created",), None)
    assert "checkout.session.completed" in before.missing
    assert make(app) == Changed(done=Done.MENDED, endpoint_id=by_hand.id)
    after = check(app)
    assert after.is_enabled
    assert not after.missing


def test_makes_a_new_one_when_the_secret_key_was_changed(
    app: Flask, sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    first = make(app)
    other = make_process(SECRET_KEY=OTHER_KEY)
    assert check(other).secret is Secret.LOCKED
    assert make(other).endpoint_id != first.endpoint_id
    assert check(other).secret is Secret.SEALED


def test_names_and_disables_the_one_at_the_address_that_the_shop_had_before(
    app: Flask, sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    old = make(app).endpoint_id
    moved = make_process(BASE_URL="https://Shop.Example:443/")
    named = (f"{old} at http://localhost/webhook",)
    assert (check(moved).endpoint_id, check(moved).elsewhere) == (None, named)
    new = make(moved).endpoint_id
    assert make(moved) == Changed(done=Done.NOTHING, endpoint_id=new)
    assert check(moved).elsewhere == named
    assert post_event(moved, make_event("x.y", "a"), secret=secret_of(moved, new)).status_code == 200
    with moved.app_context():
        assert endpoint.disable_others() == [old]
    assert {one.id: one.status for one in at_stripe(sandbox)} == {old: "disabled", new: "enabled"}
    assert check(moved).elsewhere == ()


@pytest.mark.parametrize(
    ("base_url", "by_hand"),
    [
        ("https://[2001:4860:4860::8888]", "https://[2001:4860:4860::8888]:443/webhook"),
        ("https://shop.example/", "https://SHOP.example/webhook"),
    ],
)
def test_knows_its_address_in_another_spelling(
    sandbox: SandboxClient, make_process: Callable[..., Flask], base_url: str, by_hand: str
) -> None:
    sandbox.add_endpoint(by_hand)
    assert check(make_process(BASE_URL=base_url)).endpoint_id is not None


def test_makes_another_when_the_first_was_deleted_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    first = make(app).endpoint_id
    sandbox.stripe.v1.webhook_endpoints.delete(first)
    assert check(app).endpoint_id is None
    assert make(app).endpoint_id != first


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8000",
        "https://localhost",
        "http://shop.example",
        "https://192.168.1.20",
        "https://[fd00::5]:8443",
        "https://shop.local",
        "https://shop",
    ],
)
def test_says_what_to_do_where_stripe_cannot_reach_the_shop(
    make_process: Callable[..., Flask], base_url: str
) -> None:
    app = make_process(STRIPE_API_BASE="https://api.stripe.com", BASE_URL=base_url)
    with pytest.raises(endpoint.NotReachable, match="stripe listen"):
        make(app)


def test_names_the_permission_that_a_restricted_key_lacks(
    sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    key = sandbox.control("restricted_keys", permissions=["webhook_read"])["key"]
    app = make_process(STRIPE_SECRET_KEY=key)
    assert check(app).endpoint_id is None
    with pytest.raises(endpoint.KeyNotPermitted, match="Webhook Endpoints"):
        make(app)


def test_says_that_stripe_takes_no_more_than_sixteen(app: Flask, sandbox: SandboxClient) -> None:
    for number in range(16):
        sandbox.add_endpoint(f"http://localhost:{9000 + number}/webhook")
    with pytest.raises(StripeRefused, match="maximum of 16"):
        make(app)


def test_keeps_a_secret_that_opens_when_somebody_else_renewed_the_token(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Two were told 500 by Stripe; one has asked again already when the other renews the token."""
    seen = SeenEndpoint(
        id="we_slow",
        url="http://localhost/webhook",
        is_enabled=True,
        api_version=None,
        events=frozenset(),
        metadata={},
    )
    with app.app_context():
        row = endpoint_rows.replace_current(gateway().account_id(), shown=None)
        endpoint_rows.renew_token(row)
        renewed = endpoint_rows.replace_current(row.account, shown=None)
        endpoint_rows.renew_token(row)  # by what it knew, which is no longer so
        assert endpoint_rows.replace_current(row.account, shown=None).token == renewed.token
        endpoint_rows.keep_made(row, seen, "whsec_slow")
    assert secret_of(app, "we_slow") == "whsec_slow"


def test_replaces_one_made_by_hand_after_its_own_was_deleted(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.stripe.v1.webhook_endpoints.delete(make(app).endpoint_id)
    sandbox.add_endpoint("http://localhost/webhook")
    (by_hand,) = at_stripe(sandbox)
    changed = replace(app, by_hand.id)
    assert changed.done is Done.MADE
    assert check(app).endpoint_id == changed.endpoint_id
    assert replace(app, by_hand.id) == Changed(done=Done.NOTHING, endpoint_id=changed.endpoint_id)


def test_knows_its_endpoint_again_under_a_key_that_may_not_name_its_account(
    app: Flask, sandbox: SandboxClient, make_process: Callable[..., Flask]
) -> None:
    made = make(app)
    key = sandbox.control("restricted_keys", permissions=["webhook_read", "webhook_write"])["key"]
    restricted = make_process(STRIPE_SECRET_KEY=key)
    assert (check(restricted).endpoint_id, check(restricted).secret) == (made.endpoint_id, Secret.SEALED)
    assert make(restricted).done is Done.NOTHING


def test_leaves_the_old_endpoint_alone_while_the_new_one_is_disabled(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.add_endpoint("http://localhost/webhook")
    (by_hand,) = at_stripe(sandbox)
    new = replace(app, by_hand.id).endpoint_id
    assert post_event(app, make_event("x.y", "a"), secret=secret_of(app, new)).status_code == 200
    sandbox.stripe.v1.webhook_endpoints.update(new, {"disabled": True})
    with app.app_context(), pytest.raises(endpoint.NothingDelivered, match="is disabled"):
        endpoint.disable_others()
    assert {one.id for one in at_stripe(sandbox) if one.status == "enabled"} == {by_hand.id}


def test_takes_no_secret_of_an_old_endpoint_that_was_deleted_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    first = make(app).endpoint_id
    leaked = secret_of(app, first)
    second = replace(app, first).endpoint_id
    assert post_event(app, make_event("x.y", "a"), secret=secret_of(app, second)).status_code == 200
    sandbox.stripe.v1.webhook_endpoints.delete(first)
    assert check(app).others == ()
    assert post_event(app, make_event("x.y", "b"), secret=leaked).status_code == 400
    assert post_event(app, make_event("x.y", "c"), secret=secret_of(app, second)).status_code == 200
