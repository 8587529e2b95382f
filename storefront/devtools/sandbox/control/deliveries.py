"""`/_sandbox/…`: events and their deliveries: looked at, sent again, held, released, disturbed."""

import click
from flask import Blueprint, Response, jsonify, request

from storefront.devtools.sandbox.control.request_data import find_or_refuse, json_body, oldest_first
from storefront.devtools.sandbox.resources.events import event_json, resend
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.store import current_store
from storefront.devtools.sandbox.webhooks.deliveries import release as release_held

deliveries = Blueprint("deliveries", __name__)
_COLUMNS = {"type": "event_type", "event": "event_id", "object": "object_id", "state": "state"}


def _is_wanted(name: str, value: object) -> bool:
    """Compare with the request's argument of this name; without one, everything is wanted."""
    return request.args.get(name) in {None, value}


@deliveries.get("/events")
def events() -> Response:
    """Oldest first; `?type=` and `?object=` narrow it."""
    with current_store().work() as work:
        data = [event_json(work, record) for record in oldest_first(work, "event")]
    return jsonify(data=list(filter(_is_event_wanted, data)))


def _is_event_wanted(event: Json) -> bool:
    return _is_wanted("type", event["type"]) and _is_wanted("object", event["data"]["object"].get("id"))


@deliveries.post("/events/<event_id>/resend")
def resend_event(event_id: str) -> Response:
    """`{"webhook_endpoint": "we_…"}`, or to every endpoint."""
    with current_store().work() as work:
        event = find_or_refuse(work, "event", event_id)
        resend(work, event, json_body().get("webhook_endpoint"))
        return jsonify(event_json(work, event))


@deliveries.get("/deliveries")
def show_deliveries() -> Response:
    """Oldest first, each with its attempts; `?type=`, `?event=`, `?object=` and `?state=` narrow it."""
    given = {column: request.args[name] for name, column in _COLUMNS.items() if name in request.args}
    wanted = " AND ".join(["1", *(f"{column} = :{column}" for column in given)])
    chosen = f"SELECT * FROM deliveries WHERE {wanted} ORDER BY id"  # noqa: S608 - own text only
    of_these = f"SELECT * FROM attempts WHERE delivery_id IN (SELECT id FROM ({chosen})) ORDER BY id"  # noqa: S608
    with current_store().database.transaction() as connection:
        rows = [dict(row) for row in connection.execute(chosen, given)]
        tried = [dict(row) for row in connection.execute(of_these, given)]
    attempts = _by_delivery(tried)
    return jsonify(
        data=[
            {**row, "is_resend": bool(row["is_resend"]), "attempts": attempts.get(row["id"], [])} for row in rows
        ]
    )


def _by_delivery(tried: list[Json]) -> dict[int, list[Json]]:
    attempts: dict[int, list[Json]] = {}
    for attempt in tried:
        attempts.setdefault(attempt.pop("delivery_id"), []).append(attempt)
    return attempts


@deliveries.post("/deliveries/hold")
def hold() -> Response:
    """`{"types": ["checkout.session.*"]}`: from now on these wait; without types, all do."""
    types = json_body().get("types", ["*"])
    return jsonify(current_store().change_settings({"held_types": types}).to_json())


@deliveries.post("/deliveries/release")
def release() -> Response:
    """`{"types": […], "object": "cs_…", "order": "oldest_first|newest_first|shuffled", "keep_holding": false}`."""
    given, store = json_body(), current_store()
    if not given.get("keep_holding"):
        store.change_settings({"held_types": []})
    count = release_held(
        store,
        types=tuple(given.get("types", ["*"])),
        object_id=given.get("object"),
        order=given.get("order", "oldest_first"),
    )
    return jsonify(released=count)


@deliveries.get("/mischief")
def show_mischief() -> Response:
    return jsonify(current_store().settings.mischief.to_json())


@deliveries.post("/mischief")
def make_mischief() -> Response:
    """`{"rules": [{"types": "charge.*", "do": "drop"}], "seed": 7, "duplicate": 0.3, …}`; `{}` ends it.

    A seed that was drawn is printed and answered: with it the same events suffer the same again.
    """
    mischief = current_store().change_settings({"mischief": json_body()}).mischief
    if mischief.is_random:
        click.echo(f"Webhook mischief at random, seed {mischief.seed}")
    return jsonify(mischief.to_json())
