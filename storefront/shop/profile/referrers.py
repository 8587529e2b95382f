"""Whether orders say which site their buyer came from."""

from storefront.shop.profile.read import read_profile
from storefront.shop.profile.row import ProfilePart, change_part, read_part

REFERRERS = ProfilePart(verb="shop.changed", columns={"ignores_referrers": False})


def ignore_referrers(*, is_on: bool, shown: dict[str, str] | None = None) -> bool:
    """Return whether that changed anything. It counts for checkouts that begin from now on.

    Raises:
        StaleSave: somebody else switched it since the form was shown.
    """
    return bool(change_part(REFERRERS, {"ignores_referrers": is_on}, shown=shown))


def are_referrers_ignored() -> bool:
    """Return what was committed last."""
    return bool(read_part(REFERRERS)["ignores_referrers"])


def may_keep_referrers() -> bool:
    """Return what counts for this request, without a statement of its own."""
    return not read_profile().ignores_referrers
