"""An order's history on a terminal, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from storefront.cli.output import to_json_value
from storefront.core import money
from storefront.delivery.downloads.state import FileState
from storefront.orders.access import Access
from storefront.orders.notes import Note
from storefront.orders.waits_for import WaitsFor
from storefront.owner.history.attempts import Attempt
from storefront.owner.history.gift import HistoryGift
from storefront.owner.history.order import HistoryGrant, HistoryItem, OrderHistory
from storefront.owner.orders.listing import ListedOrder, OrderPage
from storefront.stripe_api.own_words import spell_words
from storefront.stripe_api.seen_waiting import WaitKind


def access_line(access: Access) -> str:
    """Return `open (paid). Paid.`: whether it works, why, and the sentence for it."""
    return f"{_word(access)} {access.sentence}"


def order_access_line(history: OrderHistory) -> str:
    """Return the same for a whole order, with the sentence that its buyer reads."""
    return f"{_word(history.access)} {history.access_text}"


def _word(access: Access) -> str:
    return f"{'open' if access.allowed else 'closed'} ({access.reason.value})."


def listed_line(order: ListedOrder, zone: ZoneInfo) -> str:
    total = money.format_money(order.total_minor, order.currency)
    paid_by = f"{order.email}  (gift)" if order.is_gift else order.email
    placed_at = order.placed_at.astimezone(zone)
    return f"{order.number}  {placed_at:%Y-%m-%d %H:%M %Z}  {total:>10}  {order.state.value}  {paid_by}"


def page_lines(page: OrderPage, zone: ZoneInfo) -> Iterator[str]:
    """Yield the lines of a list, with times of the shop's time zone."""
    yield from (listed_line(order, zone) for order in page.orders)
    yield from more_lines(page)


def more_lines(page: OrderPage) -> Iterator[str]:
    """Yield how to go on where there are more."""
    if page.older_than:
        yield f"There are more: `--older-than {page.older_than}` shows older ones."


def history_to_text(history: OrderHistory) -> Iterator[str]:
    """Yield the lines in which an owner reads an order."""
    yield f"Order {history.number} ({history.mode})"
    yield from _notices(history)
    yield f"Buyer     {_buyer(history)}"
    yield from _gift(history.gift)
    yield f"Stripe    {_stripe_ids(history)}"
    yield from _how_it_began(history)
    yield f"Page      {history.order_url}"
    yield f"Total     {_amounts(history)}"
    yield from _taxes(history)
    yield from _booked(history)
    yield f"Access    {order_access_line(history)}"
    yield f"Downloads {history.downloads.sentence}"
    yield f"Facts     {_facts(history)}"
    yield from _typed_at_checkout(history)
    yield from ("", "Items")
    for item in history.items:
        yield from _item(item, history)
    yield from _what_came_later(history)


def _how_it_began(history: OrderHistory) -> Iterator[str]:
    if history.given_because is not None:
        yield f"Given     for free: {history.given_because}"
    if history.recovered_from:
        yield f"Recovered a copy of {history.recovered_from}, which had expired"
    if history.referrer:
        yield f"Came from {history.referrer}"


def _what_came_later(history: OrderHistory) -> Iterator[str]:
    if history.notes:
        yield from ("", "Notes", *(line for note in history.notes for line in _note(note)))
    if history.attempts:
        yield from ("", "Downloads and refusals, newest first", *map(attempt_line, history.attempts))
    yield from ("", "Timeline (UTC)")
    for moment in history.timeline:
        yield f"  {moment.at:%Y-%m-%d %H:%M:%S}  {moment.text}"


def _gift(gift: HistoryGift | None) -> Iterator[str]:
    if gift is None:
        return
    to_come = f"to be sent on {gift.send_on:%Y-%m-%d}, when its days begin"
    sent = f"sent on {gift.sent_at:%Y-%m-%d}" if gift.sent_at else to_come
    whom = gift.email or "an address that was erased or lost"
    yield f"Gift      for {whom}{f', from {gift.from_name}' if gift.from_name else ''}, {sent}"


def _notices(history: OrderHistory) -> Iterator[str]:
    if not history.notices:
        return
    yield from ("", "Needs you")
    for notice in history.notices:
        yield f"  {notice.id}  since {notice.created_at:%Y-%m-%d %H:%M} UTC: {notice.text}"
    yield ""


def _buyer(history: OrderHistory) -> str:
    """Return name, company, address, country and tax ids."""
    parts = (history.name, history.business_name, f"<{history.email or 'no address'}>", history.country)
    who = " ".join(part for part in parts if part)
    return ", ".join([who, *(_tax_id(tax_id) for tax_id in history.tax_ids)])


def _tax_id(tax_id: dict[str, Any]) -> str:
    status = f" ({tax_id['verification']})" if tax_id.get("verification") else ""
    return f"{tax_id.get('type')} {tax_id.get('value')}{status}"


def _stripe_ids(history: OrderHistory) -> str:
    ids = (history.checkout_session_id, history.payment_intent_id, history.payment_link_id)
    return " ".join(stripe_id for stripe_id in ids if stripe_id)


def _typed_at_checkout(history: OrderHistory) -> Iterator[str]:
    if history.phone:
        yield f"{'Phone':<10}{history.phone}"
    for label, value in history.answers:
        yield f"{'Answer':<10}{label}: {value}"
    if history.checkout_text:
        how = "Accepted" if history.has_accepted else "Shown"
        yield f"{how:<10}{' '.join(spell_words(history.checkout_text).split())}"


def _amounts(history: OrderHistory) -> str:
    """Return the total, and what else is not nothing."""
    parts = [money.format_money(history.total_minor, history.currency)]
    others = {
        f"discount{_with_code(history)}": history.discount_minor,
        "tax": history.tax_minor,
        "refunded": history.refunded_minor,
        "sent too much": history.excess_minor,
    }
    parts += [f"{name} {money.format_money(minor, history.currency)}" for name, minor in others.items() if minor]
    return ", ".join([*parts, *_way_of_paying(history)])


def _way_of_paying(history: OrderHistory) -> Iterator[str]:
    if history.presentment_currency and history.presentment_minor is not None:
        shown = money.format_money(history.presentment_minor, history.presentment_currency)
        yield f"the buyer saw {shown}"
    if history.payment_method_type:
        method = (history.payment_method_type, history.payment_brand, history.payment_last4)
        yield f"by {' '.join(filter(None, method))}"


def _with_code(history: OrderHistory) -> str:
    return f" with {history.discount_code}" if history.discount_code else ""


def _tax_parts(history: OrderHistory) -> list[str]:
    taxes = history.taxes
    parts = [f"{line.label} {money.format_money(line.amount_minor, history.currency)}" for line in taxes.lines]
    if parts:
        parts.insert(0, f"net {money.format_money(taxes.net_minor, history.currency)}")
    return parts + ([taxes.reverse_charge] if taxes.reverse_charge else [])


def _taxes(history: OrderHistory) -> Iterator[str]:
    """Yield what the receipt says of tax, and the invoice; nothing where there is neither."""
    parts = _tax_parts(history)
    if parts:
        yield f"Tax       {', '.join(parts)}"
    if history.invoice_number:
        yield f"Invoice   {' '.join(filter(None, (history.invoice_number, history.invoice_url)))}"


def _booked(history: OrderHistory) -> Iterator[str]:
    """Yield what Stripe booked, with its fee; a fee that it has not told yet is not nothing."""
    if history.fee_is_unknown:
        yield "Fee       not known yet"
    for line in history.booked:
        amount, fee, net = (
            money.format_money(minor, line.currency)
            for minor in (line.amount_minor, line.fee_minor, line.net_minor)
        )
        payout = f"payout {line.payout_id}" if line.payout_id else "not paid out yet"
        yield f"Booked    {line.kind.replace('_', ' ')} {amount}, fee {fee}, net {net}, {payout}"


def _facts(history: OrderHistory) -> str:
    """Return what Stripe said last, and when."""
    facts = [_payment_word(history)]
    if history.is_disputed or history.dispute_status:
        facts.append(f"disputed ({history.dispute_status or 'the shop may not read the dispute'})")
    facts.append(f"decision {history.decision.value}")
    looked = f"; Stripe was asked last at {history.looked_at:%Y-%m-%d %H:%M:%S} UTC" if history.looked_at else ""
    return f"{', '.join(facts)}{looked}"


def _payment_word(history: OrderHistory) -> str:
    if history.is_paid:
        return "paid"
    if history.waits_for is not None:
        return f"not paid, {_waits_for(history.waits_for, history.currency)}"
    return "payment failed" if history.has_failed else "not paid"


def _waits_for(waits_for: WaitsFor, currency: str) -> str:
    """Return what the buyer must still do."""
    if waits_for.kind is WaitKind.TRANSFER:
        missing = money.format_money(waits_for.remaining_minor or 0, currency)
        return f"{missing} still to come by bank transfer"
    until = f" until {waits_for.expires_at:%Y-%m-%d %H:%M} UTC" if waits_for.expires_at else ""
    return f"a voucher can be paid{until}"


def _item(item: HistoryItem, history: OrderHistory) -> Iterator[str]:
    total = money.format_money(item.total_minor, history.currency)
    mark = "" if item.is_known else "  [not known to this shop: nothing was handed out]"
    yield f"  {item.position}  {item.description} \u00d7 {item.quantity}, {total}{mark}"
    if item.access != history.access:
        yield f"     {access_line(item.access)}"
    for grant in item.grants:
        yield f"     {_grant(grant, is_waiting=history.gift is not None and history.gift.sent_at is None)}"
        for device in grant.devices:
            yield f"       device {device.id}  {device.name}"


def _grant(grant: HistoryGrant, *, is_waiting: bool) -> str:
    """Return one line; of a key of several lines it shows the first. The days of a gift begin when it is sent."""
    if grant.key is None:
        return f"{grant.kind} {grant.product}"
    first, *more = grant.key.splitlines()
    named = f" “{grant.label}”" if grant.label else ""
    until = f", until {grant.expires_at:%Y-%m-%d}" if grant.expires_at and not is_waiting else ""
    hidden = f" (and {len(more)} more lines: --json has them)" if more else ""
    return f"{grant.kind} {grant.product}: {first}{hidden}{named}{until}"


def _note(note: Note) -> Iterator[str]:
    yield f"  {note.id}  {note.at:%Y-%m-%d %H:%M} UTC  {note.author}"
    for line in note.text.splitlines():
        yield f"     {line}"


def attempt_line(attempt: Attempt) -> str:
    return f"  {attempt.at:%Y-%m-%d %H:%M:%S} UTC  {attempt.text} ({attempt.client})"


def file_line(file: FileState) -> str:
    """Return a file, how often it was downloaded, and what stands against it."""
    limit = f" of {file.limit}" if file.limit is not None else ""
    until = f", until {file.ends_at:%Y-%m-%d}" if file.ends_at else ""
    refusal = f"; it {file.refusal}" if file.refusal else ""
    return f"  {file.filename} ({file.version}), downloaded {file.used}{limit} times{until}{refusal}"


def history_to_json(history: OrderHistory) -> dict[str, Any]:
    """Return every field by its name; times in ISO 8601, access with its sentence."""
    value: dict[str, Any] = to_json_value(asdict(history))
    value["access"]["sentence"] = value.pop("access_text")
    for shown, item in zip(value["items"], history.items, strict=True):
        shown["access"]["sentence"] = item.access.sentence
    return value
