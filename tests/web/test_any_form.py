"""The owner's pages and forms with any words and files: none fails, and what is refused changes no row."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from storefront.web.limits import limiter
from tests.support.any_input import TEXTS, Page, examples
from tests.support.kept_rows import kept_rows
from tests.support.people import make_person, sign_in_at_admin
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

MOST_PAGES = 60
LEAVING = ("/sign-out", "/end", "/account")  # they end the session that the others need
NAMES = st.sampled_from([
    "q", "state", "product", "country", "since", "until", "older_than", "first", "last", "span", "quarter", "page",
    "separator", "decimal", "format", "email", "person", "verb", "search", "lang", "order", "kind", "next",
])  # fmt: skip
HEADS = st.sampled_from([
    b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP", b"ID3\x04", b"PK\x03\x04",
    b"%PDF-1.7\n", b"wOF2", b"<svg>",
])  # fmt: skip
FILES = st.tuples(st.builds(bytes.__add__, HEADS, st.binary(max_size=80)), TEXTS)
Form = tuple[str, dict[str, Any]]


@pytest.fixture
def owner(app: Flask, sandbox: SandboxClient) -> Buyer:
    """Of a shop with an order, whose page has the most forms."""
    sell(app, sandbox)
    return sign_in_at_admin(app, make_person(app))


def pages_of(browser: Buyer) -> list[Page]:
    """What links lead to from the home page, each address once, whatever its query."""
    waiting, pages = ["/admin"], dict[str, Page]()
    while waiting and len(pages) < MOST_PAGES:
        address = waiting.pop(0)
        if address.startswith("/admin") and address.split("?")[0] not in pages:
            answer = browser.get(address)
            page = Page(address, answer.text if answer.mimetype == "text/html" else "")
            pages[address.split("?")[0]] = page
            waiting += page.links
    return list(pages.values())


def forms_of(pages: list[Page]) -> list[tuple[str, Page]]:
    """Each form's address once, with a page that has it. What is refused for its token says nothing."""
    forms = {action: page for page in pages for action, _fields in page.forms if not action.endswith(LEAVING)}
    return sorted(forms.items(), key=lambda form: form[0])


def filled(forms: list[tuple[str, Page]]) -> st.SearchStrategy[Form]:
    """One of the forms: other words in some fields, or several, and any files."""

    def fill(form: tuple[str, Page]) -> st.SearchStrategy[Form]:
        address, page = form
        fields = {name: value for name, value in dict(page.forms)[address].items() if name != "csrf_token"}
        words = st.sampled_from(sorted({*fields} - page.files) or ["none"])
        others = st.dictionaries(words, TEXTS | st.lists(TEXTS, max_size=3), max_size=3)
        files = st.fixed_dictionaries(dict.fromkeys(sorted(page.files & {*fields}), FILES))
        return st.builds(lambda typed, chosen: (address, {**fields, **typed, **chosen}), others, files)

    return st.sampled_from(forms).flatmap(fill)


def as_sent(value: Any) -> Any:
    return (BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value


def test_fails_on_no_words_and_no_file(app: Flask, owner: Buyer) -> None:
    """One walk through the pages for both: it costs most."""
    pages = pages_of(owner)
    assert max(try_forms(app, owner, forms_of(pages))) >= 400
    assert 200 in try_queries(owner, sorted({page.address.split("?")[0] for page in pages}))


def try_forms(app: Flask, owner: Buyer, forms: list[tuple[str, Page]]) -> set[int]:
    statuses = set[int]()
    assert len(forms) > 70

    with kept_rows(app) as rows:

        @examples(25)
        @given(filled(forms))
        def send(form: Form) -> None:
            rows.put_back()
            limiter.reset()
            answer = owner.post(form[0], **{name: as_sent(value) for name, value in form[1].items()})
            statuses.add(answer.status_code)
            assert answer.status_code < 500 or answer.status_code == 503, (form, answer.status_code)
            assert answer.status_code < 400 or rows.changed() == [], form

        send()
    assert owner.get("/admin").status_code == 200
    assert 303 in statuses
    return statuses


def try_queries(owner: Buyer, addresses: list[str]) -> set[int]:
    """Pages take more than links to them show."""
    statuses = set[int]()

    @examples(15)
    @given(st.sampled_from(addresses), st.dictionaries(NAMES, TEXTS, min_size=1, max_size=3))
    def ask(address: str, query: dict[str, str]) -> None:
        limiter.reset()
        answer = owner.client.get(address, query_string=query, base_url=owner.base_url, buffered=True)
        statuses.add(answer.status_code)
        assert answer.status_code < 500 or answer.status_code == 503, (address, query)

    ask()
    return statuses
