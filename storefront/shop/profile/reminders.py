"""Whether buyers who left Checkout get one email about it, where they agreed there to hear from the shop."""

from storefront.shop.profile.row import ProfilePart, read_part

REMINDERS = ProfilePart(verb="shop.changed", columns={"sends_reminders": False})


def are_reminders_on() -> bool:
    """Return what was committed last."""
    return bool(read_part(REMINDERS)["sends_reminders"])
