"""File sizes for people."""

import pytest
from flask import Flask

from storefront.core.languages import Language, speaking
from storefront.shop.catalog.file_sizes import format_size, show_size
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 KB"),
        (9_949, "9.9 KB"),
        (9_999, "10 KB"),
        (155_952, "156 KB"),
        (999_499, "999 KB"),
        (999_600, "1.0 MB"),
        (1_400_000, "1.4 MB"),
        (2_500_000_000, "2.5 GB"),
        (4_000_000_000_000, "4000 GB"),
    ],
)
def test_writes_a_size_like_a_file_manager(size_bytes: int, text: str) -> None:
    assert format_size(size_bytes) == text


@pytest.mark.parametrize(
    ("size_bytes", "german", "french", "spanish"),
    [
        (1, "1 Byte", "1 octet", "1 byte"),
        (12, "12 Byte", "12 octets", "12 bytes"),
        (2_200, "2,2 kB", "2,2 ko", "2,2 kB"),
        (9_999, "10 kB", "10 ko", "10 kB"),
        (1_400_000, "1,4 MB", "1,4 Mo", "1,4 MB"),
        (4_000_000_000_000, "4000 GB", "4000 Go", "4000 GB"),
    ],
)
def test_writes_a_size_as_each_language_does(
    app: Flask, size_bytes: int, german: str, french: str, spanish: str
) -> None:
    said = {}
    with app.app_context():
        for language in Language:
            with speaking(language):
                said[language] = show_size(size_bytes).replace("\xa0", " ").replace("\u202f", " ")
    assert said == {"en": format_size(size_bytes), "de": german, "fr": french, "es": spanish}


def test_shows_sizes_to_buyers_in_their_language_and_to_owners_in_english(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    assert " Ko" not in buyer.get("/products/the-patient-toolmaker").text
    assert "\u202fko</span>" in buyer.get("/products/the-patient-toolmaker").text
    owner = sign_in_at_admin(app, make_person(app))
    owner.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    page = owner.get("/admin/products/the-patient-toolmaker/files").text
    assert " KB" in page
    assert "ko</span>" not in page
