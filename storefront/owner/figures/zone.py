"""The one time zone that every figure of the shop is counted in."""

from datetime import date
from zoneinfo import ZoneInfo

from storefront.core import clock
from storefront.core.days import day_of, find_zone
from storefront.shop.profile.read import read_profile

UTC = ZoneInfo("UTC")


def shop_zone() -> ZoneInfo:
    """Return the profile's zone; UTC where this machine does not know it any more."""
    return find_zone(read_profile().time_zone) or UTC


def today(zone: ZoneInfo) -> date:
    return day_of(clock.now(), zone)
