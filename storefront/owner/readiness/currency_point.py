"""The point about the main currency, of a shop in which nothing has a price in it any more."""

from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Point, State


def currency_point(facts: Facts) -> Point | None:
    if not facts.currency_trouble:
        return None
    return Point(
        code="main_currency",
        title="Main currency",
        state=State.TO_DO,
        sentence=f"{facts.currency_trouble} Choose another, or set a price.",
        where="/admin/shop#currency",
    )
