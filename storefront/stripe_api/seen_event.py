"""Stripe's events as small dataclasses: which object to look at again, and nothing that they claim of it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.core.errors import StorefrontError


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """A verified webhook delivery: which object to look at again. Its body is never believed.

    `object_id` is the payment's where the event is about one (charge, refund, dispute, fraud warning), and the
    Customer's where it is about an invoice, a tax id or money that was sent and not used. It is empty where an
    account chose the id itself, and where there is none.
    """

    id: str
    type: str
    object_id: str
    created_at: datetime
    livemode: bool


# What destinations of the payload style "Thin" get. Stripe shows the answer where that can be mended.
THIN = "v2.core.event"


class BadPayload(StorefrontError):
    code = "bad_payload"
    status = 400
    title = "The body is not a Stripe event"


# Their ids may look like Stripe's own and are any text (a plan is a price too). No event of ours is about one.
CHOSEN_BY_OWNER = ("coupon", "plan", "price", "product", "sku")
OF_CUSTOMERS = ("cash_balance", "invoice", "tax_id")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")


def read_event(text: str) -> SeenEvent:
    """Raises BadPayload for what is no snapshot event, however it is broken; a thin one is told so."""
    try:
        event = json.loads(text)
        _refuse_thin(event["object"])
        is_snapshot = event["object"] == "event" and isinstance(event["id"], str)
        seen = read_listed_event(event)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise BadPayload from error
    if not all(NAME.fullmatch(name) for name in (seen.id, seen.type, seen.object_id or "-")):
        raise BadPayload  # not what Stripe names things, half a pair, a NUL: no database stores those
    if not is_snapshot:
        raise BadPayload
    return seen


def _refuse_thin(kind: object) -> None:
    if kind == THIN:
        raise BadPayload(
            "This is a thin event, and the shop reads snapshots. In Stripe's Workbench make a destination with "
            "the payload style Snapshot, and delete this one."
        )


def read_listed_event(event: dict[str, Any]) -> SeenEvent:
    """Read an event of Stripe's own list, where nobody can have broken it."""
    return SeenEvent(
        id=str(event["id"]),
        type=str(event["type"]),
        object_id=_pointer(event["data"]["object"]),
        created_at=clock.from_unix(int(event["created"])),
        livemode=bool(event["livemode"]),
    )


def _pointer(body: dict[str, Any]) -> str:
    if body.get("object") in OF_CUSTOMERS:
        return _unless_chosen(body.get("customer"))
    if body.get("object") in CHOSEN_BY_OWNER:
        return ""
    if body.get("object", "checkout.session") == "checkout.session":
        return str(body.get("id", ""))
    payment = body.get("payment_intent")
    return payment if isinstance(payment, str) else _unless_chosen(body.get("id"))


def _unless_chosen(object_id: object) -> str:
    """Return an id as Stripe makes them: a Customer's, among others, may be any text, such as an email address."""
    name = str(object_id or "")
    return name if NAME.fullmatch(name) else ""
