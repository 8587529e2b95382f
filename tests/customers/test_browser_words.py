"""Browsers in words: the ones people use, and headers that nobody sends by accident."""

import pytest

from storefront.core.texts import Marked
from storefront.customers.browser_words import browser_words, client_words, say_browser

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) {APPLE}"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) {APPLE}"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE}"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36"
LINUX = f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36"
GALAXY = f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
KNOWN = [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Windows"),
    (WINDOWS, "Chrome on Windows"),
    (f"{WINDOWS} Edg/142.0.0.0", "Edge on Windows"),
    (f"{LINUX} OPR/120.0.0.0", "Opera on Linux"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    (GALAXY, "Samsung Internet on Android"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541) {WEBKIT} Chrome/142.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
    (f"{MAC} Version/26.0 Safari/605.1.15", "Safari on Mac"),
    (f"{IPHONE} Version/26.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
    (f"{IPAD} FxiOS/145.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPad"),
    (f"{IPHONE} CriOS/142.0.0.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
]


@pytest.mark.parametrize(("header", "words"), KNOWN, ids=[words for _header, words in KNOWN])
def test_names_browser_and_system(header: str, words: str) -> None:
    assert browser_words(header) == words


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "Unknown browser"),
        ("curl/8.10.1", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
        ("x" * 5000 + "Firefox/1", "Unknown browser"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Unknown browser on Linux"),
        ("Firefox/145.0", "Firefox"),
    ],
)
def test_says_no_more_than_it_knows(header: str, words: str) -> None:
    assert browser_words(header) == words


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("curl/8.10.1", "curl"),
        ("Wget/1.24.5", "Wget"),
        ("", "Unknown program"),
        ("Fieldnotes/2.1 (Linux)", "Unknown program on Linux"),
        (WINDOWS, "Chrome on Windows"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "A robot"),
    ],
)
def test_names_programs_that_fetch_files_too(header: str, words: str) -> None:
    assert client_words(header) == words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Firefox on Windows", "Firefox unter Windows"),
        ("Unknown browser on Linux", "UNKNOWN BROWSER unter Linux"),
        ("Unknown browser", "UNKNOWN BROWSER"),
    ],
)
def test_says_what_a_row_keeps_in_the_readers_language(words: str, said: str) -> None:
    shown = say_browser(words)
    assert shown == words
    assert isinstance(shown, Marked)
    assert (
        shown.said(
            lambda source, _plural, _number: (
                source.upper() if "%" not in source else "%(browser)s unter %(system)s"
            )
        )
        == said
    )


def test_says_a_name_alone_as_it_is() -> None:
    assert say_browser("Firefox") == "Firefox"
