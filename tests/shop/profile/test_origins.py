"""Sites that may show the checkout: as browsers write them, or refused with a sentence that says what would do."""

import re

import pytest

from storefront.shop.profile.origins import read_origins


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ()),
        ("https://blog.example", ("https://blog.example",)),
        (" HTTPS://Blog.Example/ \n\nhttps://blog.example:443", ("https://blog.example",)),
        ("https://a.example, https://b.example:8443", ("https://a.example", "https://b.example:8443")),
        ("http://localhost:8000 http://127.0.0.1", ("http://localhost:8000", "http://127.0.0.1")),
        ("http://[::1]:8000 http://blog.localhost:80", ("http://[::1]:8000", "http://blog.localhost")),
        ("https://bücher.example", ("https://xn--bcher-kva.example",)),
    ],
)
def test_reads_sites(typed: str, read: tuple[str, ...]) -> None:
    assert read_origins(typed) == read


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("*", "A star would let strangers"),
        ("https://*.blog.example", "A star would let strangers"),
        ("http://blog.example", "use https"),
        ("http://localhost.evil.example", "use https"),
        ("https://blog.example/shop", "leave out what follows the name, as in https://blog.example"),
        ("https://blog.example?x=1", "leave out what follows"),
        ("https://user@blog.example", "write an address like"),
        ("https://blog.example:x", "write an address like"),
        ("https://blog.example;script-src", "write an address like"),
        ("https://'none'", "write an address like"),
        ("https://[fe80::1", "write an address like"),
        ("blog.example", "write an address like"),
        ("javascript:alert(1)", "write an address like"),
        ("data:", "write an address like"),
        ("https://-blog.example", "write an address like"),
        ("https://" + "a" * 254, "write an address like"),
        ("\n".join(f"https://{number}.example" for number in range(51)), "up to 50 sites"),
    ],
)
def test_refuses_what_is_no_site(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_origins(typed)
