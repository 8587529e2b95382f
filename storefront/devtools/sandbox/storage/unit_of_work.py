"""One unit of work: an open transaction, the caller's traces and the door through which events leave."""

import time
from dataclasses import dataclass, field

from storefront.devtools.sandbox import clock
from storefront.devtools.sandbox.api.json_rendering import render
from storefront.devtools.sandbox.api.versions import API_VERSION
from storefront.devtools.sandbox.event_types import matches_any
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.settings import Settings, WebhookOrder
from storefront.devtools.sandbox.storage.records import Json, Record, Records
from storefront.devtools.sandbox.webhooks.mischief import Fate, decide

# What page_first holds: the events that a return page could be too early or too late for.
_PAGE_EVENTS = ("checkout.session.completed", "checkout.session.async_payment_")
# Stripe's event ids carry the shard of the payment they speak of.
_PAYMENT_KINDS = {"payment_intent", "charge", "refund"}


@dataclass(slots=True, kw_only=True)
class UnitOfWork:
    """`request_id` stays None where a page or a timer acts, as in Stripe's own events.

    `at` is when a timer was due: what it does happened then, however late it is done.
    """

    records: Records
    settings: Settings
    base_url: str
    account_id: str
    request_id: str | None = None
    idempotency_key: str | None = None
    payloads: list[str] | None = None  # of the events, as texts, where somebody listens to all of them
    at: float | None = None
    now: int = field(init=False)
    has_deliveries: bool = False
    has_timers: bool = False

    def __post_init__(self) -> None:
        self.now = int(clock.now(self.settings) if self.at is None else self.at)

    def emit(self, event_type: str, body: Json, previous: Json | None = None) -> Record:
        """Store the event with the object as it is now, and one delivery for each endpoint that listens."""
        endpoints = self.endpoints(event_type)
        event = self.records.add(
            {
                "id": new_id("evt_3" if body["object"] in _PAYMENT_KINDS else "evt_1"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now,
                "data": _data(body, previous),
                "livemode": False,
                "pending_webhooks": len(endpoints),
                "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
                "type": event_type,
            }
        )
        if self.payloads is not None:
            self.payloads.append(render(event.body))
        fate = self._fate(event_type)
        for endpoint in endpoints:
            self._deliver_as_decided(event.body, endpoint, fate)
        return event

    def _fate(self, event_type: str) -> Fate:
        mischief = self.settings.mischief
        ordinal = self._ordinal(event_type) if mischief.is_counting else 0
        return decide(mischief, event_type, ordinal, extras=self.settings.duplicates)

    def _ordinal(self, event_type: str) -> int:
        """Count the events of this type before the newest, so that a seed's decisions can be repeated."""
        row = self.records.connection.execute(
            "SELECT count(*) AS so_far FROM objects WHERE kind = 'event' AND json_extract(body, '$.type') = ?",
            (event_type,),
        ).fetchone()
        return int(row["so_far"]) - 1

    def _deliver_as_decided(self, event: Json, endpoint_id: str, fate: Fate) -> None:
        for wait in fate.waits:
            self.deliver(event, endpoint_id, wait=wait)
        if fate.is_lost:
            self.deliver(event, endpoint_id, is_lost=True)

    def deliver(
        self, event: Json, endpoint_id: str, *, is_resend: bool = False, wait: float = 0.0, is_lost: bool = False
    ) -> None:
        """Plan a delivery; a lost one stays in the list, and can be sent again like any other event."""
        object_id = event["data"]["object"].get("id")
        is_held = not is_resend and self._is_held(event["type"], object_id)
        self.records.connection.execute(
            "INSERT INTO deliveries (event_id, event_type, object_id, endpoint_id, state, due_at, is_resend)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                event["id"],
                event["type"],
                object_id,
                endpoint_id,
                _new_state(is_lost=is_lost, is_held=is_held),
                time.time() + wait,
                is_resend,
            ),
        )
        self.has_deliveries = True

    def set_timer(self, kind: str, object_id: str, due_at: float) -> None:
        self.records.connection.execute(
            "INSERT OR REPLACE INTO timers (kind, object_id, due_at) VALUES (?, ?, ?)", (kind, object_id, due_at)
        )
        self.has_timers = True

    def settle_later(self, kind: str, object_id: str) -> None:
        """Let something end by itself after the time that the settings say, if they say one."""
        seconds = self.settings.settle_after_seconds
        if seconds is not None:
            self.set_timer(kind, object_id, self.now + seconds)

    def drop_timer(self, kind: str, object_id: str) -> None:
        self.records.connection.execute("DELETE FROM timers WHERE kind = ? AND object_id = ?", (kind, object_id))

    def endpoints(self, event_type: str | None = None) -> list[str]:
        """Return the ids of the enabled endpoints, oldest first; with a type, of those that asked for it."""
        rows = self.records.connection.execute(
            "SELECT id, json_extract(body, '$.enabled_events') AS wanted FROM objects"
            " WHERE kind = 'webhook_endpoint' AND deleted = 0 AND json_extract(body, '$.status') = 'enabled'"
            " ORDER BY seq"
        ).fetchall()
        return [row["id"] for row in rows if event_type is None or _wants(row["wanted"], event_type)]

    def _is_held(self, event_type: str, object_id: str) -> bool:
        if matches_any(event_type, self.settings.held_types):
            return True
        if self.settings.webhook_order is not WebhookOrder.PAGE_FIRST:
            return False
        return event_type.startswith(_PAGE_EVENTS) and not self._page_is_through(object_id)

    def _page_is_through(self, session_id: str) -> bool:
        """Tell whether page_first has let this session's events go: what comes later is not held again."""
        session = self.records.find("checkout.session", session_id)
        return session is not None and bool(session.private.get("news_released"))


def _wants(enabled_events: str, event_type: str) -> bool:
    """Look a type up in the JSON list of an endpoint."""
    return f'"{event_type}"' in enabled_events or '"*"' in enabled_events


def _data(body: Json, previous: Json | None) -> Json:
    return {"object": body} if previous is None else {"object": body, "previous_attributes": previous}


def _new_state(*, is_lost: bool, is_held: bool) -> str:
    if is_lost:
        return "dropped"
    return "held" if is_held else "pending"
