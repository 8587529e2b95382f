"""The ids of a page's elements: where one stands twice, labels and links of the page lead to the wrong element."""

import re
from collections import Counter, deque
from html.parser import HTMLParser

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from storefront.owner.people.models import Role
from tests.support.people import make_person, sign_in_at_admin
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

FIELDS = {"input", "select", "textarea", "output", "progress", "meter", "button"}
ENDS_THE_VISIT = {"admin.audit_csv", "admin.export_accounting", "admin.export_oss"}
EACH = 3  # pages of one view: the first two may be of what is empty


class Elements(HTMLParser):
    """What of a page has an id, and what names one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[tuple[str, str]] = []
        self.named: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = {name: value or "" for name, value in attrs}
        if "id" in here:
            self.ids.append((here["id"], tag))
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.named += [(name, each) for each in here.get(name, "").split()]
        if tag == "a":
            self.links.append(here.get("href", ""))

    def faults(self) -> list[str]:
        tags = dict(self.ids)
        twice = [f"{each} twice" for each, count in Counter(each for each, _tag in self.ids).items() if count > 1]
        astray = [
            f"{name} {each}"
            for name, each in self.named
            if each not in tags or (name == "for" and tags[each] not in FIELDS)
        ]
        return twice + astray


def endpoint_of(app: Flask, path: str) -> str:
    try:
        return str(app.url_map.bind("localhost").match(path, method="GET")[0])
    except HTTPException:
        return ""


def walk(app: Flask, browser: Buyer, *starts: str) -> set[str]:
    """Open what the pages link to, a few of each view; returns the views."""
    seen: Counter[str] = Counter()
    waiting, known = deque(starts), set(starts)
    while waiting:
        address = waiting.popleft()
        endpoint = endpoint_of(app, address.partition("?")[0])
        if not endpoint or seen[endpoint] >= EACH or endpoint in ENDS_THE_VISIT or "download" in address:
            continue
        answer = browser.get(address)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        seen[endpoint] += 1
        elements = Elements(answer.text)
        assert elements.faults() == [], address
        links = [re.sub("#.*", "", link) for link in elements.links if re.match(r"/(?!/)", link)]
        waiting.extend(dict.fromkeys(link for link in links if link not in known))
        known.update(links)
    return set(seen)


@pytest.mark.happy_path
def test_gives_no_id_twice_on_any_page_of_the_owner(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    owner = sign_in_at_admin(app, make_person(app, role=Role.OWNER))
    owner.post("/admin/pages", kind="imprint")
    starts = ("/admin", "/admin/shop", "/admin/products/new", "/admin/orders/give", "/admin/shop/looks")
    seen = walk(app, owner, *starts)
    assert seen >= {
        "admin.shop_page",
        "admin.edit_product",
        "admin.order",
        "admin.edit_page",
        "admin.translations",
    }


@pytest.mark.happy_path
def test_gives_no_id_twice_on_any_page_of_buyers(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.buyer.add()
    seen = walk(app, sale.buyer, "/", "/cart", sale.link, "/sign-in", "/library", "/account")
    assert seen >= {"cart.cart", "catalog.product", "library.order"}
