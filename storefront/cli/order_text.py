"""An order's history on a terminal, and as JSON."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from storefront.cli.output import plain_letter
from storefront.core import money
from storefront.orders.access import Access
from storefront.owner.history.newest import ListedOrder
from storefront.owner.history.order import HistoryItem, OrderHistory


def plain(line: str) -> str:
    """One line; a buyer's name may hold what moves the cursor or colors the terminal."""
    return "".join(map(plain_letter, line))


def in_words(found: Access) -> str:
    return f"{_word(found)} {found.sentence}"


def order_in_words(history: OrderHistory) -> str:
    return f"{_word(history.access)} {history.access_text}"


def _word(found: Access) -> str:
    return f"{'open' if found.allowed else 'closed'} ({found.reason.value})."


def to_text(history: OrderHistory) -> str:
    lines = [f"Order {history.number} ({history.mode})", *_notices(history), *_buyer(history), *_money(history)]
    lines += [f"Access    {order_in_words(history)}", *_facts(history), *_items(history), "", "Timeline (UTC)"]
    lines += [f"  {moment.at:%Y-%m-%d %H:%M:%S}  {moment.text}" for moment in history.timeline]
    return "\n".join(plain(line) for line in lines)


def _notices(history: OrderHistory) -> list[str]:
    if not history.notices:
        return []
    lines = [
        f"  {notice.id}  since {notice.created_at:%Y-%m-%d %H:%M}: {notice.text}" for notice in history.notices
    ]
    return ["", "Needs you", *lines, ""]


def _buyer(history: OrderHistory) -> list[str]:
    who = [part for part in (history.name, f"<{history.email or 'no address'}>", history.country) if part]
    tax = [f"{found.get('type')} {found.get('value')}" for found in history.tax_ids]
    ids = [history.checkout_session_id, history.payment_intent_id, history.payment_link_id]
    return [
        f"Buyer     {', '.join([' '.join(who), *tax])}",
        f"Stripe    {' '.join(part for part in ids if part)}",
        f"Page      {history.order_url}",
    ]


def _money(history: OrderHistory) -> list[str]:
    currency = history.currency
    parts = [f"{money.format_money(history.total_minor, currency)}"]
    if history.discount_minor:
        parts.append(f"discount {money.format_money(history.discount_minor, currency)}")
    if history.tax_minor:
        parts.append(f"tax {money.format_money(history.tax_minor, currency)}")
    if history.refunded_minor:
        parts.append(f"refunded {money.format_money(history.refunded_minor, currency)}")
    if history.presentment_currency and history.presentment_minor is not None:
        shown = money.format_money(history.presentment_minor, history.presentment_currency)
        parts.append(f"the buyer saw {shown}")
    if history.payment_method_type:
        parts.append(f"by {history.payment_method_type}")
    return [f"Total     {', '.join(parts)}"]


def _facts(history: OrderHistory) -> list[str]:
    facts = ["paid" if history.is_paid else "payment failed" if history.has_failed else "not paid"]
    if history.is_disputed or history.dispute_status:
        facts.append(f"disputed ({history.dispute_status or 'the shop may not read the dispute'})")
    facts.append(f"decision {history.decision.value}")
    looked = f"; Stripe was asked last at {history.looked_at:%Y-%m-%d %H:%M:%S}" if history.looked_at else ""
    return [f"Facts     {', '.join(facts)}{looked}"]


def _items(history: OrderHistory) -> list[str]:
    lines = ["", "Items"]
    for item in history.items:
        total = money.format_money(item.total_minor, history.currency)
        lines.append(f"  {item.position}  {item.description} \u00d7 {item.quantity}, {total}{_mark(item)}")
        if item.access != history.access:
            lines.append(f"     {in_words(item.access)}")
        lines += [f"     {' '.join(_grant(item, number))}" for number in range(len(item.grants))]
    return lines


def _mark(item: HistoryItem) -> str:
    return "" if item.is_known else "  [not known to this shop: nothing was handed out]"


def _grant(item: HistoryItem, number: int) -> list[str]:
    grant = item.grants[number]
    if grant.key is None:
        return [grant.kind, grant.product]
    first, *more = grant.key.splitlines()
    return [
        grant.kind,
        f"{grant.product}:",
        first,
        *([f"(and {len(more)} more lines: --json has them)"] if more else []),
    ]


def listed_to_json(order: ListedOrder) -> dict[str, Any]:
    found: dict[str, Any] = _values(asdict(order))
    return found


def to_json(history: OrderHistory) -> dict[str, Any]:
    """Every field by its name; times as ISO 8601, access with its sentence."""
    found: dict[str, Any] = _values(asdict(history))
    found["access"]["sentence"] = found.pop("access_text")
    for shown, item in zip(found["items"], history.items, strict=True):
        shown["access"]["sentence"] = item.access.sentence
    return found


def _values(found: Any) -> Any:  # noqa: ANN401 - whatever a dataclass holds
    if isinstance(found, dict):
        return {name: _values(value) for name, value in found.items()}
    if isinstance(found, list | tuple):
        return [_values(value) for value in found]
    return found.isoformat() if isinstance(found, datetime) else found
