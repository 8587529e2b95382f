"""Who may save a card: who is signed in to the library. An order's link, or a code for one, is no sign-in."""

from storefront.customers.browser_session import find_signed_in
from storefront.shop.profile.saved_cards import may_save_cards


def find_saver() -> int | None:
    """Return who is signed in, where the shop saves cards; no statement where it does not."""
    customer = find_signed_in() if may_save_cards() else None
    return customer.id if customer else None


def is_theirs(customer_id: int | None) -> bool:
    """Tell whether this browser may go on with a checkout that shows the cards of that customer, or of nobody."""
    if customer_id is None:
        return True
    customer = find_signed_in()
    return customer is not None and customer.id == customer_id
