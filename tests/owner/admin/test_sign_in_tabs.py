"""Two tabs of one browser that sign in to /admin, each for a page of its own."""

import re
from html import unescape
from urllib.parse import parse_qsl

from flask import Flask

from tests.support.people import OWNER, ask_for_code, mailed, make_person
from tests.support.shop import Buyer


def form_of(page: str, action: str) -> dict[str, str]:
    """What the form with that action, up to its query, keeps for the next page."""
    form = re.search(rf'<form[^>]*action="{action}(\?[^"]*)?".*?</form>', page, re.DOTALL)
    assert form
    query = parse_qsl(unescape(form[1] or "?").removeprefix("?"))
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form[0])
    return dict(query) | {name: unescape(value) for name, value in fields if name != "csrf_token"}


def test_leads_each_of_two_tabs_to_the_page_that_it_asked_for(app: Flask) -> None:
    make_person(app)
    browser = Buyer(app)
    wanted = "/admin/audit?q=ada&verb="
    first = browser.get(browser.get(wanted).location).text
    second = browser.get(browser.get("/admin").location).text
    assert "/admin/sign-in/passkey?next=/admin/audit%3Fq%3Dada%26verb%3D" in first
    answer = browser.post("/admin/sign-in", **(form_of(first, "/admin/sign-in") | {"email": "owner"}))
    kept = form_of(answer.text, "/admin/sign-in")
    assert (answer.status_code, kept["next"]) == (400, wanted)
    code_page = browser.get(browser.post("/admin/sign-in", **(kept | {"email": OWNER})).location).text
    assert form_of(code_page, "/admin/sign-in")["next"] == wanted, "sent again"
    refused = browser.post(
        "/admin/sign-in/code", **form_of(code_page, "/admin/sign-in/code"), code="AAAA-AAAA"
    ).text
    code = mailed(app)[0]
    done = browser.post("/admin/sign-in/code", **form_of(refused, "/admin/sign-in/code"), code=code)
    assert done.location == wanted
    browser.post("/admin/sign-out")
    browser.get(browser.get(wanted).location)
    answer = browser.post("/admin/sign-in", **(form_of(second, "/admin/sign-in") | {"email": OWNER}))
    again = form_of(browser.get(answer.location).text, "/admin/sign-in/code")
    assert browser.post("/admin/sign-in/code", **again, code=mailed(app)[0]).location == "/admin"


def test_leads_nowhere_else_by_what_a_tab_says(app: Flask) -> None:
    make_person(app)
    browser = ask_for_code(app)
    answer = browser.post("/admin/sign-in/code", code=mailed(app)[0], next="https://evil.example/admin")
    assert answer.location == "/admin"
