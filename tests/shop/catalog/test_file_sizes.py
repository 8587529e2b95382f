"""File sizes for people."""

import pytest

from storefront.shop.catalog.file_sizes import format_size


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
