"""The facts of a sale that tests invent, in amounts as Stripe tells them."""

from dataclasses import dataclass

from storefront.orders.facts import Facts, item_facts
from storefront.orders.models import Decision, Order, OrderItem


@dataclass(frozen=True, kw_only=True)
class SaleFacts:
    """Amounts in minor units; of an order and one of its items, which no database knows."""

    is_paid: bool = True
    has_failed: bool = False
    total_minor: int = 1900
    refunded_minor: int = 0
    is_disputed: bool = False
    dispute_status: str | None = None
    decision: Decision = Decision.FOLLOW_PAYMENT
    is_item_refunded: bool = False

    @property
    def facts(self) -> Facts:
        order = Order(
            is_paid=self.is_paid,
            has_failed=self.has_failed,
            total_minor=self.total_minor,
            refunded_minor=self.refunded_minor,
            is_disputed=self.is_disputed,
            dispute_status=self.dispute_status,
            decision=self.decision,
        )
        return item_facts(order, OrderItem(is_refunded=self.is_item_refunded))
