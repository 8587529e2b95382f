"""Whatever a stranger may send: texts, JSON, and the forms of a page with other words in their fields."""

import os
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

MANY = 2_000
# What has broken programs before, between texts of any kind.
KNOWN = (
    "", " ", "0", "-1", "1e9", "1.5", "NaN", "9" * 30, "2147483648", "\x00", "a\x00b", "\u202e", "\ufeff",
    "\u0661", "é" * 300, "💩", "None", "null", "true", "[]", "{}", "'\"><script>", "%00", "%s{0}", "a@b",
    "../../etc/passwd", "x" * 5_000, "2026-02-30", "0000-00-00", "9999-12-31T23:59:59Z", "http://[", "=1+1",
    "//example.com", "javascript:1", "\r\nX: y",
)  # fmt: skip
TEXTS = st.sampled_from(KNOWN) | st.text(max_size=40)
ONES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JSON = st.recursive(
    ONES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)


def examples(few: int) -> settings:
    """`few` with all tests; `EXAMPLES=many`, as in `make fuzz`, many others."""
    wanted = MANY if os.environ.get("EXAMPLES") == "many" else few
    return settings(max_examples=wanted, suppress_health_check=list(HealthCheck))


class Page(HTMLParser):
    """The links of a page, and its POST forms: their address and what their fields say. `files` take files."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.files: set[str] = set()
        self._is_in_form = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(self._path(given.get("href", "")))
        elif tag == "form":
            self._begin(given)
        elif self._is_in_form and given.get("name"):
            self.forms[-1][1].setdefault(given["name"], given.get("value", ""))
            self.files |= {given["name"]} if given.get("type") == "file" else set()

    def handle_endtag(self, tag: str) -> None:
        self._is_in_form = self._is_in_form and tag != "form"

    def _begin(self, given: dict[str, str]) -> None:
        self._is_in_form = given.get("method", "").lower() == "post"
        if self._is_in_form:
            self.forms.append((self._path(given.get("action", "")), {}))

    def _path(self, address: str) -> str:
        """Within the shop; of another site, nothing."""
        parts = urlsplit(urljoin(self.address, address))
        is_here = not parts.netloc or parts.hostname == "localhost"
        return parts._replace(scheme="", netloc="", fragment="").geturl() if is_here else ""


def changed(forms: Iterable[tuple[str, dict[str, str]]]) -> st.SearchStrategy[tuple[str, dict[str, str]]]:
    """One of the forms with any words in some of its fields."""

    def change(form: tuple[str, dict[str, str]]) -> st.SearchStrategy[tuple[str, dict[str, str]]]:
        address, fields = form
        names = st.sampled_from(sorted(fields)) if fields else TEXTS
        others = st.dictionaries(names, TEXTS, max_size=3)
        return others.map(lambda other: (address, {**fields, **other}))

    return st.sampled_from(list(forms)).flatmap(change)
