"""The logs of a whole journey hold nothing that opens, identifies or pays."""

import json
import logging
import re

import pytest

from storefront.core.logs import JsonFormatter
from storefront.core.runtime import runtime
from tests.support.rows import read_rows
from tests.support.shop import Buyer, Shop, keys_on


def test_leaves_no_secret_of_a_sale_and_a_failure_in_the_logs(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    buyer = Buyer(shop.app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    shop.sandbox.pay(session_id, email="secret.reader@example.com", name="Secret Reader")
    page = buyer.land(session_id).text
    shop.wait_for_event("checkout.session.completed")
    link = re.search(r"/orders/([0-9a-f]{32})", page)
    download = re.search(r'href="[^"]*(/downloads/[^"]+)"', page)
    assert link
    assert download
    buyer.get(link[0])
    with buyer.get(download[1]) as answer:
        assert answer.status_code == 200
    shop.mailbox.trouble.refuse_times = 1
    shop.work()
    shop.sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=500, times=4)
    buyer.land("cs_test_somethingelse1234")
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert {"request answered", "checkout converged", "mail not sent"} <= {line["message"] for line in lines}
    text = json.dumps(lines)
    settings = runtime(shop.app).settings
    checkout = read_rows(shop.app, "SELECT token, client_secret FROM checkouts")[0]
    for secret in (
        *keys_on(page),
        link[1],
        "secret.reader",
        "Secret Reader",
        checkout["token"],
        checkout["client_secret"],
        settings.secret_key,
        settings.stripe_secret_key,
        *settings.stripe_webhook_secrets,
    ):
        assert secret not in text, f"{secret[:6]}… is in the logs"
