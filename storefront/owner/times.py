"""Moments as the pages of /admin show them: in the shop's zone, with the offset for programs."""

import re
from datetime import UTC, datetime, timedelta

from flask import Flask
from markupsafe import Markup, escape

from storefront.core.days import find_whole_day, in_zone
from storefront.core.languages import show_day
from storefront.shop.profile.zone import shop_zone

IN_SENTENCES = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC", re.ASCII)


def show_minute(moment: datetime) -> Markup:
    """Return a `<time>` like 2026-11-28 15:00, with the zone as its title."""
    return _time(moment, "%Y-%m-%d %H:%M")


def show_end(moment: datetime) -> Markup:
    """Return a `<time>` like 2026-11-28 15:00; an end at midnight like `2026-11-28, the whole day`."""
    zone = shop_zone()
    day = find_whole_day(moment, zone)
    return _element(in_zone(moment, zone), f"{day}, the whole day") if day else show_minute(moment)


def show_last_day(end: datetime) -> Markup:
    """Return a `<time>` like November 28, 2026: the last day on which there is something that ends then."""
    return show_long_date(end - timedelta(microseconds=1))


def show_second(moment: datetime) -> Markup:
    return _time(moment, "%Y-%m-%d %H:%M:%S")


def show_date(moment: datetime) -> Markup:
    """Return a `<time>` like 2026-11-28: the day of the shop's zone."""
    return _time(moment, "%Y-%m-%d")


def show_long_date(moment: datetime) -> Markup:
    """Return a `<time>` like November 28, 2026."""
    here = in_zone(moment, shop_zone())
    return _element(here, show_day(here))


def show_utc_day(moment: datetime) -> str:
    """For what is a day in UTC wherever the shop is: the last one of a license, and of a payout at Stripe."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def show_sentence(text: str) -> Markup:
    """Return a sentence that programs read as well, its minutes in UTC as those of the shop's zone."""
    return Markup(IN_SENTENCES.sub(_of_sentence, str(escape(text))))  # noqa: S704 - escaped, and elements of ours


def _of_sentence(found: re.Match[str]) -> str:
    try:
        return str(show_minute(datetime.fromisoformat(found[1]).replace(tzinfo=UTC)))
    except (ValueError, OverflowError):  # a text of somebody that only looks like a time
        return found[0]


def _time(moment: datetime, pattern: str) -> Markup:
    here = in_zone(moment, shop_zone())
    return _element(here, here.strftime(pattern))


def _element(here: datetime, words: str) -> Markup:
    html = Markup('<time datetime="{}" title="{}">{}</time>')
    return html.format(here.isoformat(timespec="seconds"), shop_zone(), words)


def set_up_times(app: Flask) -> None:
    """Give templates the filters by which every moment of /admin is shown."""
    app.jinja_env.globals["shop_zone"] = shop_zone
    app.jinja_env.filters.update(
        minute=show_minute,
        second=show_second,
        date=show_date,
        long_date=show_long_date,
        end=show_end,
        last_day=show_last_day,
        utc_day=show_utc_day,
        sentence=show_sentence,
    )
