"""How much one payment can be: said before Stripe, which would refuse it, is asked."""

from storefront.core.languages import show_money
from storefront.core.money import most_chargeable
from storefront.core.texts import joined, marked

LESS = marked("Choose a smaller quantity, or buy in several orders.")


def find_too_much(total_minor: int, currency: str) -> str:
    """Say to the buyer that nobody can pay so much at once; empty where Stripe takes it."""
    most = most_chargeable(currency)
    return (
        marked("One payment can be at most %(most)s.", most=show_money(most, currency))
        if total_minor > most
        else ""
    )


def find_cart_too_much(total_minor: int, currency: str) -> str:
    """Say it with what helps, where the buyer chooses how many."""
    trouble = find_too_much(total_minor, currency)
    return joined(trouble, LESS) if trouble else ""
