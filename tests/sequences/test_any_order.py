"""Access follows the money both ways, whatever happens after a sale, and however its events come or stay away."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storefront.core.db import db
from storefront.orders.gifts import MARK
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.catalog.models import Price
from storefront.shop.catalog.own_sessions import CHECKOUT, SHOP
from storefront.shop.catalog.parts import freeze_moment, freeze_parts
from storefront.stripe_api.gateway import GATEWAY
from tests.sequences.sale import Sale, WatchedGateway, numbers
from tests.sequences.steps import (
    METHODS,
    Deliver,
    SendMoney,
    SettlePayment,
    Step,
    bank_answers,
    deliveries,
    steps,
    transfers,
)
from tests.support.bundles import KIT, add_bundle, include
from tests.support.databases import BOTH
from tests.support.gifts import keep_gift
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.ways_to_pay import WAYS, mirror_in, way_of

GOODS = (("twinspot", 1900), ("the-patient-toolmaker", 1400), ("soft-taps", 900))
BUNDLE = (KIT[0], 1900)  # of the tool and a font, in place of the tool
BUNDLED = ("twinspot/personal", "gridling/desktop-and-web")

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", BOTH, indirect=True)]
StartSale = Callable[["Story"], Sale]
FORMS = (("hosted_page", "success_url"), ("embedded_page", "return_url"), ("elements", "return_url"))


@pytest.fixture
def start_sale(app: Flask, sandbox: SandboxClient) -> StartSale:
    """A paid or waiting Session that the shop has not heard of: a new order of a new buyer each time."""
    watched = WatchedGateway(GATEWAY.get(app))
    GATEWAY.set(watched, app)
    mirrors: dict[str, list[str]] = {}

    def lines_in(currency: str, *, is_bundle: bool) -> list[Any]:
        if not mirrors:
            add_bundle(app, *BUNDLED)
        if currency not in mirrors:
            mirrors[currency] = mirror_in(app, currency, *GOODS, BUNDLE)
            include(app, *BUNDLED, edition=currency)
        *goods, bundle = mirrors[currency]
        prices = [bundle, *goods[1:]] if is_bundle else goods
        return [{"price": price, "quantity": 1 + (place == 0)} for place, price in enumerate(prices)]

    def discount_of(percent_off: int) -> dict[str, Any]:
        if not percent_off:
            return {}
        return {"discounts": [{"coupon": sandbox.stripe.v1.coupons.create({"percent_off": percent_off}).id}]}

    def of_checkout() -> dict[str, str]:
        """What a checkout of the shop writes: a gift is believed of no other."""
        with app.app_context():
            parts = freeze_parts(db.session.scalars(select(Price.id)).all())
            written = {SHOP: shop_id(), CHECKOUT: "begun"} | parts | freeze_moment(parts)
            db.session.remove()
        return written

    def start(story: Story) -> Sale:
        method, ui_mode = story.method, story.ui_mode
        number, way = next(numbers), way_of(method)
        lines = lines_in(way.currency, is_bundle=story.is_bundle)
        params: Any = {"limit": 1}
        newest = sandbox.stripe.v1.events.list(params).data[0].id
        back = {"success_url": None, dict(FORMS)[ui_mode]: "https://example.com/done"}
        body = back | way.body | discount_of(story.percent_off)
        if story.is_gift:
            body |= {"metadata": of_checkout() | {MARK: keep_gift(app, f"receiver{number}@example.net")}}
        session_id = sandbox.create_session(lines, ui_mode=ui_mode, **body)
        sandbox.pay(session_id, payment_method=method, email=f"buyer{number}@example.com")
        payment = str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
        buyer = Buyer(app, address=f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}")
        return Sale(
            app=app,
            sandbox=sandbox,
            gateway=watched,
            session_id=session_id,
            payment=payment,
            method=method,
            buyer=buyer,
            newest_before=newest,
            is_gift=story.is_gift,
        )

    return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`answers_after`: how many steps it takes until the bank answers, or the buyer pays the voucher or the rest.

    Cards, Klarna and EPS are paid at once. `sent`: what comes by bank transfer before that.
    """

    method: str
    ui_mode: str
    percent_off: int
    bank_answers: SettlePayment
    sent: list[SendMoney]
    answers_after: int
    steps: list[Step]
    last: list[Deliver]
    ends_by_event: bool
    is_bundle: bool
    is_gift: bool


stories = st.builds(
    Story,
    method=st.sampled_from(METHODS),
    ui_mode=st.sampled_from([ui_mode for ui_mode, _back in FORMS]),
    percent_off=st.sampled_from([0, 15]),
    bank_answers=bank_answers,
    sent=transfers,
    answers_after=st.integers(min_value=0, max_value=9),
    steps=st.lists(steps, min_size=8, max_size=18),
    last=st.lists(deliveries, max_size=8),
    ends_by_event=st.booleans(),
    is_bundle=st.booleans(),
    is_gift=st.booleans(),
)


def tell(start_sale: StartSale, story: Story) -> None:
    sale = start_sale(story)
    before, after = story.steps[: story.answers_after], story.steps[story.answers_after :]
    bank = [story.bank_answers] if way_of(story.method).is_later else []
    sent = story.sent if story.method == "customer_balance" else []
    for step in [*sent[:1], *before, *sent[1:], *bank, *after, *story.last]:
        sale.take(step)
    sale.finish(by_event=story.ends_by_event)


def goes_somewhere(story: Story) -> bool:
    """Whether not all of its steps are the same one, as in the first story that Hypothesis tells."""
    return len({repr(step) for step in story.steps}) > 3


quick = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],  # explaining takes longer than reading
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(story=stories.filter(goes_somewhere))
@quick
def test_ends_as_stripe_ends(start_sale: StartSale, story: Story) -> None:
    tell(start_sale, story)


TOLD = 6
few = settings(quick, max_examples=1)  # of six stories


@given(told=st.tuples(*[stories.filter(goes_somewhere)] * TOLD))
@few
def test_ends_as_stripe_ends_by_each_way_to_pay(
    start_sale: StartSale, engine: str, told: tuple[Story, ...]
) -> None:
    """Half of the ways on each database."""
    ways = list(WAYS)[engine == "postgresql" :: 2]
    assert len(ways) <= TOLD
    for way, story in zip(ways, told, strict=False):
        tell(start_sale, replace(story, method=way))


SEQUENCES = int(os.environ.get("SEQUENCES", "0"))

if SEQUENCES:  # so many new ones: a failure prints what runs it again
    thorough = settings(quick, max_examples=SEQUENCES, derandomize=False, print_blob=True)

    @given(story=stories)
    @thorough
    def test_ends_as_stripe_ends_however_long_it_is_tried(start_sale: StartSale, story: Story) -> None:
        tell(start_sale, story)
