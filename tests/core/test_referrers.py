"""Where visitors come from: a host or a short name, and never more of an address."""

import pytest

from storefront.core.referrers import LONGEST, clean_name, host_of, name_in

LONG = "https://blog.example/" + "a" * 10_000


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://blog.example/a/post?reader=ada#top", "blog.example"),
        ("http://www.Blog.Example:8080", "blog.example"),
        ("https://ada:secret@blog.example/", "blog.example"),
        ("https://blog.example./", "blog.example"),
        ("https://xn--bcher-kva.example/", "b\u00fccher.example"),
        ("https://b\u00fccher.example/", "b\u00fccher.example"),
        ("https://xn--a.example/", "xn--a.example"),  # no name in Punycode
        (LONG, "blog.example"),
        ("https://" + "a" * 10_000 + ".example/", ""),
        ("https://" + "a." * 60 + "example/", ""),
        ("android-app://com.example.mail/", ""),
        ("ftp://files.example/", ""),
        ("about:client", ""),
        ("blog.example", ""),
        ("//blog.example/", ""),
        ("https://203.0.113.9/", ""),
        ("https://[2001:db8::1]:443/", ""),
        ("https://[/", ""),
        ("https://intranet/", ""),
        ("https://blog.example\u2100/", ""),
        ("https://<b>.example/", ""),
        ("", ""),
    ],
)
def test_reads_the_host_of_a_page_and_nothing_else(address: str, host: str) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Spring-Letter_2 ", "spring-letter_2"),
        ("Bu\u0308cher.example", "b\u00fccher.example"),
        ("xn--bcher-kva.example", "b\u00fccher.example"),
        ("a" * LONGEST, "a" * LONGEST),
        ("a" * (LONGEST + 1), ""),
        ("ada@example.com", ""),
        ("203.0.113.9", ""),
        ("=1+1", ""),
        ("-x", ""),
        ("two words", ""),
        ("a\nb", ""),
        ("a\n", "a"),
        ("*", ""),
        ("<script>", ""),
    ],
)
def test_takes_what_a_link_calls_itself(text: str, name: str) -> None:
    assert clean_name(text) == name
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://shop.example/products/x?ref=letter&utm_source=other", "letter"),
        ("https://shop.example/products/x?utm_source=Letter&utm_medium=email", "letter"),
        ("https://shop.example/products/x?ref=ada%40example.com&utm_source=letter", "letter"),
        ("https://shop.example/products/x?edition=2", ""),
        ("https://shop.example/?" + "a=1&" * 60 + "ref=letter", ""),
        ("https://[/?ref=letter", ""),
    ],
)
def test_reads_what_the_query_of_a_link_says(address: str, name: str) -> None:
    assert name_in(address) == name
