"""Referrers among the figures: anybody can make up names, so few of them are kept, and the rest is one."""

from collections import defaultdict
from collections.abc import Mapping

from storefront.owner.figures.sums import Facet, Key, Sums, add_up

OTHER = "*"  # no name has it
KEPT_A_DAY = 50  # of one currency


def bound_names(found: Mapping[Key, Sums]) -> dict[Key, Sums]:
    """Return the sums with the largest referrers of each day and currency, and all others as one."""
    by_day: dict[Key, list[Key]] = defaultdict(list)
    for key in found:
        if key.facet is Facet.REFERRER:
            by_day[_other_of(key)].append(key)
    bounded = dict(found)
    for other, keys in by_day.items():
        keys.sort(key=lambda key: (-found[key].paid_minor, -found[key].orders, key.name))
        rest = [bounded.pop(key) for key in keys[KEPT_A_DAY:]]
        if rest:
            bounded[other] = add_up(rest)
    return bounded


def _other_of(key: Key) -> Key:
    return Key(day=key.day, facet=key.facet, name=OTHER, currency=key.currency)
