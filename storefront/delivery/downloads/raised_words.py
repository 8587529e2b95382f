"""What an owner reads who allowed more downloads."""

from storefront.orders.access import order_access
from storefront.orders.lookup import get_order


def say_raised(reference: str, *, downloads: int, days: int) -> str:
    """Return a sentence, and a second one where the order is closed: what was allowed waits there.

    Raises:
        NotFound: no such order in the running mode.
    """
    counted = ((downloads, "more download", " of each file"), (days, "more day", ""))
    words = ", ".join(f"{count} {one}{'' if count == 1 else 's'}{of}" for count, one, of in counted if count)
    access = order_access(get_order(reference))
    closed = "" if access.allowed else f" Nothing can be downloaded while the order is closed: {access.sentence}"
    return f"{words or 'Nothing more'}.{closed}"
