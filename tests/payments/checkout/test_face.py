"""Stripe's form wears the shop's face, and a face that Stripe refuses costs no sale."""

from typing import Any

import pytest
from flask import Flask

from storefront.core.db import transaction
from storefront.payments.checkout import face
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.profile.models import ShopProfile
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

COMES_WITH = {
    "background_color": "#fffefb",
    "border_style": "pill",
    "button_color": "#0d6b55",
    "font_family": "default",
}


def looks_at_stripe(sandbox: SandboxClient, session_id: str) -> dict[str, Any]:
    seen = sandbox.stripe.v1.checkout.sessions.retrieve(session_id)
    assert seen.branding_settings is not None
    return dict(seen.branding_settings.to_dict())


def change_profile(app: Flask, **columns: object) -> None:
    with app.app_context(), transaction() as session:
        profile = session.get(ShopProfile, 1) or ShopProfile(id=1)
        for name, value in columns.items():
            setattr(profile, name, value)
        session.add(profile)


def check_out(app: Flask) -> str:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    return buyer.check_out()


def test_shows_the_name_and_looks_that_the_shop_comes_with(app: Flask, sandbox: SandboxClient) -> None:
    looks = looks_at_stripe(sandbox, check_out(app))
    assert looks["display_name"] == "Test Shop"
    assert looks | COMES_WITH == looks


def test_shows_the_owners_name_color_and_font(app: Flask, sandbox: SandboxClient) -> None:
    change_profile(app, name="Lamp & Quill, Ltd. " * 20, accent="#8a1c5b", type_pairing=TypePairing.BOOK)
    looks = looks_at_stripe(sandbox, check_out(app))
    assert looks["button_color"] == "#8a1c5b"
    assert looks["font_family"] == "lora"
    assert looks["display_name"].startswith("Lamp & Quill, Ltd.")
    assert len(looks["display_name"]) <= face.MOST_NAME


def test_sells_in_the_accounts_colors_where_stripe_refuses_the_shops(app: Flask, sandbox: SandboxClient) -> None:
    """The next buyers are not held up by a call that would be refused."""
    sandbox.control(
        "faults",
        method="POST",
        path="/v1/checkout/sessions",
        status=400,
        type="invalid_request_error",
        param="branding_settings[font_family]",
    )
    assert looks_at_stripe(sandbox, check_out(app))["button_color"] == "#0074d4"
    sandbox.forget_calls()
    assert looks_at_stripe(sandbox, check_out(app))["button_color"] == "#0074d4"
    made = [call for call in sandbox.calls() if call == ("POST", "/v1/checkout/sessions")]
    assert len(made) == 1
    with app.app_context():
        face.REFUSED.forget()
    assert looks_at_stripe(sandbox, check_out(app))["button_color"] == "#0d6b55"


def test_does_not_sell_where_stripe_refuses_something_else(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control(
        "faults",
        method="POST",
        path="/v1/checkout/sessions",
        status=400,
        type="invalid_request_error",
        param="line_items",
    )
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout").status_code in {303, 502}
    assert read_rows(app, "SELECT 1 FROM checkouts WHERE checkout_session_id IS NOT NULL") == []


@pytest.mark.parametrize(
    ("looks", "param"),
    [
        ({"button_color": "green"}, "branding_settings[button_color]"),
        ({"background_color": "#12345"}, "branding_settings[background_color]"),
        ({"border_style": "oval"}, "branding_settings[border_style]"),
        (
            {
                "icon": {"type": "url", "url": "https://a.example/i"},
                "logo": {"type": "file", "file": "f"},
            },
            "branding_settings[icon]",
        ),
    ],
)
def test_is_refused_by_the_sandbox_where_stripe_would(
    app: Flask, sandbox: SandboxClient, looks: dict[str, Any], param: str
) -> None:
    check_out(app)
    price = sandbox.stripe.v1.prices.list({"limit": 1}).data[0].id
    with pytest.raises(Exception, match=r"color|border_style|icon") as refused:
        sandbox.create_session([{"price": price, "quantity": 1}], branding_settings=looks)
    assert getattr(refused.value, "param", "") == param
