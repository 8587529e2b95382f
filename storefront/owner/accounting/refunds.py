"""What a refund takes of an order's taxes: those of items that it gives back whole, else a part of what is left.

Refunds are counted one after the other, so that one never changes what an earlier one took, and all of an order
together take no more tax than it had.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from storefront.owner.accounting.shares import rounded, shares
from storefront.owner.accounting.taxes import NO_LINE, Line, Share

NEVER = Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """`line` is the item that it gives back whole, where it is one."""

    amount_minor: int
    tax_minor: int
    shares: tuple[Share, ...]
    line: Line


def rate_of(refund: Refunded) -> Decimal | None:
    """Return the percentage of the tax that it takes; None where there is no tax, or several rates made it."""
    rates = {share.tax.percentage if share.tax else None for share in refund.shares}
    return rates.pop() if refund.tax_minor and len(rates) == 1 else None


@dataclass(slots=True, kw_only=True)
class _Pot:
    """What was not refunded of an order at a rate; of all of it, where an item does not say which rate is its own.

    `rate` is in percent, None where Stripe does not say.
    """

    rate: Decimal | None
    shares: Sequence[Share]
    total_minor: int
    tax_minor: int
    reached_minor: int = 0
    given_tax_minor: int = 0

    @property
    def left_minor(self) -> int:
        return self.total_minor - self.reached_minor

    def take(self, amount_minor: int) -> list[Share]:
        """Take some of what is left, with its part of the tax."""
        if not amount_minor:
            return []
        self.reached_minor += amount_minor
        upto = rounded(self.tax_minor * self.reached_minor, self.total_minor)
        tax_minor = upto - self.given_tax_minor
        self.given_tax_minor = upto
        return self._as_shares(amount_minor - tax_minor, tax_minor)

    def take_line(self, line: Line) -> list[Share]:
        """Take an item with its own tax, or what is left where that is less."""
        total_minor = min(line.total_minor, self.left_minor)
        tax_left_minor, others_minor = self.tax_minor - self.given_tax_minor, self.left_minor - total_minor
        tax_minor = min(max(line.tax_minor, tax_left_minor - others_minor), tax_left_minor)
        self.total_minor, self.tax_minor = others_minor, tax_left_minor - tax_minor
        self.reached_minor = self.given_tax_minor = 0
        return self._as_shares(total_minor - tax_minor, tax_minor)

    def give_back(self, share: Share) -> None:
        """Put back what a refund took that failed."""
        self.total_minor = self.left_minor + share.total_minor
        self.tax_minor += share.tax_minor - self.given_tax_minor
        self.reached_minor = self.given_tax_minor = 0

    def misses(self, line: Line) -> Decimal:
        """Return by how much the item's tax is not what it would be here."""
        net_minor = line.total_minor - line.tax_minor
        return NEVER if self.rate is None else abs(net_minor * self.rate / 100 - line.tax_minor)

    def _as_shares(self, net_minor: int, tax_minor: int) -> list[Share]:
        nets = shares(net_minor, [share.net_minor for share in self.shares])
        taxes = shares(tax_minor, [share.tax_minor for share in self.shares])
        found = zip(self.shares, nets, taxes, strict=True)
        return [Share(tax=share.tax, net_minor=net, tax_minor=tax) for share, net, tax in found if net or tax]


class Unrefunded:
    """What is left of an order, whose taxes were rounded to steps of its currency."""

    def __init__(self, sold: Sequence[Share], lines: Iterable[Line], *, step_minor: int) -> None:
        self._lines = {line.position: line for line in lines}
        self._all_lines = {**self._lines}
        self._pots = _pots_by_rate(sold)
        if any(self._nearest(line).misses(line) > step_minor for line in self._lines.values()):
            self._pots = [_pot(None, sold)]

    def take(self, amount_minor: int, positions: Iterable[int]) -> Refunded:
        """Take a refund, which names items by `positions`, or nothing."""
        lines = self._whole_lines(amount_minor, positions)
        taken = [share for line in lines for share in self._take_line(line)]
        taken += self._spread(amount_minor - _total(taken))
        return Refunded(
            amount_minor=amount_minor,
            tax_minor=_tax(taken),
            shares=tuple(taken),
            line=replace(lines[0], quantity=0) if len(lines) == 1 else NO_LINE,
        )

    def give_back(self, refund: Refunded, positions: Iterable[int]) -> None:
        """Put back what a refund took that failed: what others took stays as it is."""
        for share in refund.shares:
            next(pot for pot in self._pots if any(share.tax == own.tax for own in pot.shares)).give_back(share)
        lines = [self._all_lines[position] for position in positions if position in self._all_lines]
        if _total(lines) == refund.amount_minor:
            self._lines |= {line.position: line for line in lines}

    def _whole_lines(self, amount_minor: int, positions: Iterable[int]) -> list[Line]:
        """Return the items that it gives back whole: those that it names, none of them for the second time."""
        lines = [self._lines[position] for position in positions if position in self._lines]
        return lines if _total(lines) == amount_minor else []

    def _take_line(self, line: Line) -> list[Share]:
        del self._lines[line.position]
        return self._nearest(line).take_line(line)

    def _spread(self, amount_minor: int) -> list[Share]:
        lefts = [pot.left_minor for pot in self._pots]
        amounts = shares(min(amount_minor, sum(lefts)), lefts)
        return [share for pot, amount in zip(self._pots, amounts, strict=True) for share in pot.take(amount)]

    def _nearest(self, line: Line) -> _Pot:
        return min(self._pots, key=lambda pot: pot.misses(line))


def _pots_by_rate(sold: Iterable[Share]) -> list[_Pot]:
    by_rate: dict[Decimal | None, list[Share]] = defaultdict(list)
    for share in sold:
        by_rate[_rate(share)].append(share)
    return [_pot(rate, parts) for rate, parts in by_rate.items()]


def _rate(share: Share) -> Decimal | None:
    return Decimal(0) if share.tax is None or share.tax.is_reverse_charge else share.tax.percentage


def _pot(rate: Decimal | None, parts: Sequence[Share]) -> _Pot:
    return _Pot(rate=rate, shares=parts, total_minor=_total(parts), tax_minor=_tax(parts))


def _total(parts: Iterable[Share | Line]) -> int:
    return sum(part.total_minor for part in parts)


def _tax(parts: Iterable[Share]) -> int:
    return sum(part.tax_minor for part in parts)
