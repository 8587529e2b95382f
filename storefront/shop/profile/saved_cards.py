"""Whether buyers who are signed in may save their card at Stripe, and pay by bank transfer."""

from storefront.shop.profile.read import read_profile
from storefront.shop.profile.row import ProfilePart, change_part, read_part

SAVED_CARDS = ProfilePart(verb="shop.changed", columns={"saves_cards": False})


def switch_saved_cards(*, is_on: bool, shown: dict[str, str] | None = None) -> bool:
    """Return whether that changed anything. It counts for checkouts that begin from now on.

    Raises:
        StaleSave: somebody else switched it since the form was shown.
    """
    return bool(change_part(SAVED_CARDS, {"saves_cards": is_on}, shown=shown))


def are_cards_saved() -> bool:
    """Return what was committed last."""
    return bool(read_part(SAVED_CARDS)["saves_cards"])


def may_save_cards() -> bool:
    """Return what counts for this request, without a statement of its own."""
    return read_profile().saves_cards
