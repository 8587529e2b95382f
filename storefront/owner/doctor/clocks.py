"""Three clocks: of this machine, of Stripe, of the database. Stripe's signatures are good for 300 seconds."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from storefront.core import clock
from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.owner.doctor.finding import Seen, fail, ok, warn
from storefront.stripe_api.stripe_clock import read_stripe_time

WRONG_SECONDS = 60


def look_at_clocks(shop: Settings) -> Iterator[Seen]:
    if not shop.database_url.startswith("sqlite"):  # that one is this machine's
        yield compare("the database", db.session.scalar(select(func.clock_timestamp())), clock.now())
    yield compare("Stripe", read_stripe_time(shop.stripe_api_base), clock.now())


def compare(whose: str, theirs: datetime | None, ours: datetime) -> Seen:
    """Judge this machine's clock by another one, which may be a second old."""
    if theirs is None:
        return warn(f"The clock of {whose} cannot be read: it doesn't answer, or says no time.")
    seconds = round((ours - theirs).total_seconds())
    if abs(seconds) <= WRONG_SECONDS:
        return ok(f"This machine's clock and that of {whose} agree ({abs(seconds)} seconds).")
    how = "ahead of" if seconds > 0 else "behind"
    return fail(
        f"This machine's clock is {abs(seconds)} seconds {how} that of {whose}: set it (`timedatectl` shows it), "
        "because webhooks are refused from 300 seconds."
    )
