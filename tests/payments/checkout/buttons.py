"""The buttons that lead to the payment, as browsers press them: once, twice, or late; and what they lead to."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from storefront.core import tokens
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, make_event, post_event

COOKIE = "storefront_session"


def press(buyer: Buyer, slug: str = "twinspot", edition: str = "Personal", **more: Any) -> TestResponse:
    """The button "Buy now" on the product's page. Of a browser's first page the script draws the nonce."""
    page = buyer.get(f"/products/{slug}").text
    form = page.split('<form class="buy"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(csrf_token|nonce)" value="([^"]*)"', form))
    address = re.search(r'formaction="([^"]+)"[^>]*>(?:<span[^>]*>)?(?:Buy now|Get it free)[<,]', form)
    assert address
    price_id = find_price(buyer.app, slug, edition)
    fields["nonce"] = fields["nonce"] or tokens.new_token()
    return send(buyer, address[1], **(fields | {"price_id": price_id} | more))


def in_cart(buyer: Buyer) -> list[tuple[str, str]]:
    return re.findall(r'name="quantity-(\d+)"[^>]* value="(\d+)"', buyer.get("/cart").text)


def twin_of(buyer: Buyer) -> Buyer:
    """The same browser as it is now: what is answered to one of both the other has not heard."""
    twin = Buyer(buyer.app)
    cookie = buyer.client.get_cookie(COOKIE, domain="localhost")
    assert cookie is not None
    twin.client.set_cookie(COOKIE, cookie.value, domain="localhost")
    return twin


def send(buyer: Buyer, path: str, **form: Any) -> TestResponse:
    """A POST without a look at any page before it, which would bring a cookie."""
    headers = {"Referer": buyer.base_url + "/"}
    return buyer.client.post(path, data=form, base_url=buyer.base_url, headers=headers)


def count_sessions(sandbox: SandboxClient) -> int:
    return len(sandbox.stripe.v1.checkout.sessions.list({"limit": 100}).data)


def lines_of(sandbox: SandboxClient, session_id: str) -> list[tuple[str, int]]:
    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data
    return [(str(line.description), int(line.quantity or 0)) for line in lines]


def status_of(sandbox: SandboxClient, session_id: str) -> str:
    return str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).status)


def ask_form(buyer: Buyer, form: str) -> Any:
    """What the script of an open form asks."""
    return buyer.client.get(form, headers={"Accept": "application/json"}, base_url=buyer.base_url).get_json()


def tell_paid(app: Flask, sandbox: SandboxClient, session_id: str) -> None:
    """Paid, and the page after it is never seen."""
    sandbox.pay(session_id)
    post_event(app, make_event("checkout.session.completed", session_id))
