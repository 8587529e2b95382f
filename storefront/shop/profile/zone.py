"""The one time zone that the shop has its days in: figures, exports, receipts."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from storefront.core import clock
from storefront.core.days import day_of, find_zone, in_zone
from storefront.shop.profile.read import read_profile

UTC = ZoneInfo("UTC")


def shop_zone() -> ZoneInfo:
    """Return the profile's zone; UTC where this machine does not know it any more."""
    return find_zone(read_profile().time_zone) or UTC


def at_shop(moment: datetime) -> datetime:
    """Return the moment in the shop's zone, so that its day is the one that the accountant has."""
    return in_zone(moment, shop_zone())


def today(zone: ZoneInfo) -> date:
    return day_of(clock.now(), zone)
