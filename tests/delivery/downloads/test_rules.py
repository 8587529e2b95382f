"""How long addresses live and how long one download lasts."""

from datetime import timedelta

import pytest

from storefront.delivery.downloads.rules import counting_window, link_lifetime, presigned_lifetime

GIB = 1024**3


def test_gives_bigger_files_more_time() -> None:
    assert link_lifetime(0) == timedelta(minutes=10)
    assert link_lifetime(10**9) > timedelta(hours=2)
    assert link_lifetime(10**12) == timedelta(hours=24)


@pytest.mark.parametrize("size_bytes", [0, 10**6, 10**8, 5 * GIB, 10**12])
def test_lasts_as_long_as_its_address(size_bytes: int) -> None:
    assert counting_window(size_bytes) >= max(timedelta(hours=1), link_lifetime(size_bytes))


def test_ends_an_address_at_a_bucket_after_an_hour_at_most() -> None:
    assert presigned_lifetime(0) == timedelta(minutes=10)
    assert timedelta(minutes=10) < presigned_lifetime(10**8) < timedelta(hours=1)
    assert presigned_lifetime(5 * GIB) == timedelta(hours=1)
