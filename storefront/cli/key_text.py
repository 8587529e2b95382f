"""License keys and their pools on a terminal, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from storefront.delivery.licenses.key_history import KeyHistory
from storefront.delivery.licenses.owner_actions import ReplacedKey
from storefront.delivery.licenses.pools.import_keys import Imported
from storefront.delivery.licenses.pools.stock import PoolCounts
from storefront.delivery.licenses.seal_keys import SealedKeys

MOST_LINES = 50  # named; --json has all


def import_lines(imported: Imported) -> Iterator[str]:
    yield f"Imported {keys_words(imported.imported)}{_left_out(imported)}. {for_sale_words(imported.unsold)}"
    if imported.long_lines:
        numbers = _line_numbers(imported.long_lines)
        yield f"Keys of several lines: {len(imported.long_lines)} (from line {numbers})."
    if imported.served_keys:
        orders = count_words(imported.served_orders, "order")
        yield f"{imported.served_keys} went to {orders} that waited; emails are on their way."
    if imported.waiting:
        yield f"{imported.waiting} more {_are(imported.waiting)} waited for."


def count_words(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def keys_words(count: int) -> str:
    return count_words(count, "key")


def for_sale_words(count: int) -> str:
    return f"{count} {_are(count)} for sale."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def sealed_lines(sealed: SealedKeys) -> Iterator[str]:
    rows = sealed.sold + sealed.imported + sealed.retired
    if rows:
        yield f"Sealed {sealed.sold} sold keys, {sealed.imported} imported and {sealed.retired} replaced ones."
    if sealed.is_resealed:
        yield "The data key is sealed with the present SECRET_KEY now: keys need the old one no more."
    if not rows and not sealed.is_resealed:
        yield "Every key is sealed already."
    if rows:
        yield "Older backups hold the keys as they were. On PostgreSQL `VACUUM FULL` clears the disk of them."


def _left_out(imported: Imported) -> str:
    counts = {"blank": len(imported.blank_lines), "comment": len(imported.comment_lines)}
    words = ", ".join(count_words(count, f"{kind} line") for kind, count in counts.items() if count)
    return f" ({words} left out)" if words else ""


def _line_numbers(numbers: tuple[int, ...]) -> str:
    more = " and more" if len(numbers) > MOST_LINES else ""
    return ", ".join(map(str, numbers[:MOST_LINES])) + more


def pool_line(pool: PoolCounts) -> str:
    return (
        f"{pool.slug}: {pool.unsold} for sale, {pool.sold} sold, {pool.withdrawn} withdrawn, "
        f"{pool.waiting} waited for"
    )


def history_to_json(history: KeyHistory) -> dict[str, Any]:
    access = history.access
    shown = access and {"allowed": access.allowed, "reason": access.reason.value}
    return asdict(history) | {"access": shown}


def history_lines(history: KeyHistory) -> Iterator[str]:
    first, *more = history.key.split("\n")
    yield f"Key        {first}"
    for line in more:
        yield f"           {line}"
    yield f"Product    {history.product}"
    yield f"Order      {history.order_number or 'not sold'}"
    state = _state(history)
    if state:
        yield f"State      {state}"
    if history.order_number:
        yield f"Devices    {history.devices} of {_limit(history)}"
        yield f"Expires    {_expiry(history)}"
    if history.upgraded_to:
        yield f"Upgraded   to {history.upgraded_to}"
    for event in history.custody:
        yield f"{event.at:%Y-%m-%d %H:%M} UTC  {event.what}  {event.detail}".rstrip()


def _state(history: KeyHistory) -> str:
    if history.is_retired:
        return "replaced by another key"
    if history.removed_at:
        return f"removed on {history.removed_at:%Y-%m-%d}"
    if history.withdrawn_at:
        return f"withdrawn on {history.withdrawn_at:%Y-%m-%d}"
    return history.access.sentence if history.access else ""


def _limit(history: KeyHistory) -> str:
    return "no limit" if history.activation_limit is None else str(history.activation_limit)


def _expiry(history: KeyHistory) -> str:
    return f"{history.expires_at:%Y-%m-%d}" if history.expires_at else "never"


def replaced_lines(replaced: ReplacedKey) -> Iterator[str]:
    first, *more = replaced.key.split("\n")
    end = "" if more else "."
    yield f"{replaced.product}, order {replaced.order_number}: {replaced.old_hint} is now {first}{end}"
    yield from more
    if replaced.was_withdrawn:
        yield "The old key was withdrawn; the new one works."
    if replaced.devices_removed:
        yield f"{replaced.devices_removed} devices were deactivated: they need the new key."
    yield _what_brings(replaced)


def _what_brings(replaced: ReplacedKey) -> str:
    if not replaced.email:
        return "Nobody is told: no address is known. Give the new key to its owner yourself."
    brings = "A mail" if replaced.is_emailed else "On its day the gift"
    return f"{brings} brings it to {replaced.email}."
