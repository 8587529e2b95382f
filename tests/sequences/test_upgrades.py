"""What a key allows follows the money of three orders, in whatever order the shop is told of it."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storefront.shop.editor.prices import add_priced_edition
from storefront.web.limits import limiter
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, post_event
from tests.support.upgrades import allow_upgrade, pay_upgrade, start_upgrade

pytestmark = pytest.mark.slow
LIMITS = (3, 30, 100)  # devices of Personal, Team, Studio
WORDS = st.sampled_from(["refund", "dispute", "won", "lost"])
STORY = st.lists(st.tuples(st.integers(0, 2), WORDS), min_size=1, max_size=5)


class _Paid:
    """One of the orders, and the model of it: open until its money goes back or is disputed."""

    def __init__(self, sale: Sale) -> None:
        self.sale = sale
        self.dispute = ""
        self.state = "open"

    def happen(self, word: str) -> None:
        if word == "refund" and self.state == "open" and not self.dispute:
            self.sale.refund()
            self.state = "refunded"
        elif word == "dispute" and self.state == "open" and not self.dispute:
            self.dispute = self.sale.at_charge("dispute", status="needs_response")
            self.state = "disputed"
        elif word in ("won", "lost") and self.state == "disputed":
            self.sale.sandbox.control(f"disputes/{self.dispute}/move", status=word)
            self.state = "open" if word == "won" else "lost"


def limit_of(app: Flask, key: str) -> tuple[bool, int]:
    buyer = Buyer(app)
    form = {"license_key": key}
    body: Any = buyer.client.post("/v1/licenses/validate", data=form, base_url=buyer.base_url).get_json()
    return bool(body["valid"]), int(body["license_key"]["activation_limit"])


def expect(paid: list[_Paid]) -> tuple[bool, int, int]:
    """Whether the key works, its devices, and how many upgrades were paid for nothing."""
    is_open = [each.state == "open" for each in paid]
    counting = 0 if not is_open[1] else 1 if not is_open[2] else 2
    useless = 0
    for place in (1, 2):
        useless += is_open[place] and not (is_open[0] and counting >= place)
    return is_open[0], LIMITS[counting], useless


@settings(
    max_examples=4,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORY, shuffle=st.randoms(use_true_random=False))
def test_follows_the_money_of_every_order(app: Flask, sandbox: SandboxClient, story: Any, shuffle: Any) -> None:
    if not read_rows(app, "SELECT id FROM editions WHERE key = 'studio' AND upgrades_from <> ''"):
        allow_upgrade(app)
        with app.app_context():
            add_priced_edition("twinspot", "Studio", ("usd", 19900), limits={"activation_limit": LIMITS[2]})
        allow_upgrade(app, "team", edition="studio")
    limiter.reset()  # each story starts three checkouts
    read_before = len(sandbox.read("events")["data"])
    sale = sell(app, sandbox)
    paid = [_Paid(sale), *(_Paid(pay_upgrade(sale, start_upgrade(sale))) for _ in range(2))]
    before = {
        row["id"]
        for row in read_rows(app, "SELECT id FROM notices WHERE kind = 'upgrade_unused' AND closed_at IS NULL")
    }
    for place, word in story:
        paid[place].happen(word)
    events = sandbox.read("events")["data"]
    assert len(events) > read_before
    told = [event for event in events if event["type"].startswith("charge.")]
    shuffle.shuffle(told)
    for event in told:
        assert post_event(app, event).status_code == 200
    after = {
        row["id"]
        for row in read_rows(app, "SELECT id FROM notices WHERE kind = 'upgrade_unused' AND closed_at IS NULL")
    }
    works, limit, useless = expect(paid)
    assert (*limit_of(app, sale.keys[0]), len(after - before)) == (works, limit, useless)
