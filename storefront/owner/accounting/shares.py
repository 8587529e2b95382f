"""Splits amounts so that the parts add up to the whole, to the smallest unit."""

from collections.abc import Sequence


def shares(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split in proportion to the weights; the first has all where they are nothing."""
    total = sum(weights)
    if total == 0:
        return [amount_minor if place == 0 else 0 for place in range(len(weights))]
    reached = given = 0
    parts = []
    for weight in weights:
        reached += weight
        upto = rounded(amount_minor * reached, total)
        parts.append(upto - given)
        given = upto
    return parts


def rounded(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest, half away from zero; `denominator` is positive."""
    half_up = (2 * abs(numerator) + denominator) // (2 * denominator)
    return half_up if numerator >= 0 else -half_up
