"""Any query, header and form at the pages of buyers: each is answered, none fails."""

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from storefront.web.limits import limiter
from tests.support.any_input import TEXTS, Page, changed, examples
from tests.support.shop import Buyer

NAMES = st.sampled_from(
    ["page", "q", "session_id", "currency", "code", "next", "lang", "edition", "order", "token", "sort", "from"]
)
HEADERS = st.sampled_from([
    "Accept", "Accept-Language", "Range", "If-None-Match", "If-Modified-Since", "Cookie", "Referer", "User-Agent",
    "Content-Type", "X-Forwarded-For", "X-Request-ID", "Accept-Encoding", "Origin", "If-Range", "Authorization",
])  # fmt: skip
VALUES = TEXTS.map(
    lambda text: text.encode("latin-1", "ignore").decode("latin-1").replace("\r", "").replace("\n", "")
)
SHOWN = ("/", "/cart", "/products/twinspot", "/sign-in")


def addresses(app: Flask) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return sorted(rule.rule for rule in rules if not rule.arguments and not rule.rule.startswith("/admin"))


def test_fails_on_no_query_or_header(app: Flask) -> None:
    browser, statuses = Buyer(app), set[int]()

    @examples(40)
    @given(
        st.sampled_from(addresses(app)),
        st.dictionaries(NAMES, TEXTS, max_size=3),
        st.dictionaries(HEADERS, VALUES, max_size=3),
    )
    def ask(address: str, query: dict[str, str], headers: dict[str, str]) -> None:
        limiter.reset()
        answer = browser.client.get(
            address, query_string=query, headers=headers, base_url=browser.base_url, buffered=True
        )
        statuses.add(answer.status_code)
        assert answer.status_code < 500 or answer.status_code == 503, (address, query, headers)

    ask()
    assert 200 in statuses


def test_fails_on_no_words_in_a_form(app: Flask) -> None:
    browser, statuses = Buyer(app), set[int]()
    browser.add()
    forms = dict(form for address in SHOWN for form in Page(address, browser.get(address).text).forms)
    assert "/cart/add" in forms

    @examples(25)
    @given(changed(sorted(forms.items())))
    def send(form: tuple[str, dict[str, str]]) -> None:
        limiter.reset()
        answer = browser.client.post(form[0], data=form[1], base_url=browser.base_url)
        statuses.add(answer.status_code)
        assert answer.status_code < 500 or answer.status_code == 503, form

    send()
    assert statuses >= {303, 400}
