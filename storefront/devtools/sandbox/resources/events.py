"""Events over the API, and sending one again."""

from stripe.params import EventListParams, EventRetrieveParams

from storefront.devtools.sandbox.api.errors import invalid, no_such
from storefront.devtools.sandbox.api.lists import find_page, list_answer
from storefront.devtools.sandbox.api.parameter_types import TEXT, Kind, Spec
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_UNDELIVERED = (
    "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event_id = objects.id AND deliveries.state <> 'succeeded')"
)


def event_json(work: UnitOfWork, event: Record) -> Json:
    """`pending_webhooks` counts the endpoints that have not said 2xx yet."""
    row = work.records.connection.execute(
        "SELECT count(DISTINCT endpoint_id) AS waiting FROM deliveries WHERE event_id = ?"
        " AND state IN ('pending', 'held', 'in_flight')",
        (event.id,),
    ).fetchone()
    event.body["pending_webhooks"] = row["waiting"]
    return event.body


@route("GET /v1/events/{id}", EventRetrieveParams)
def retrieve_event(call: Call) -> Json:
    return event_json(call.work, call.get("event"))


@route("GET /v1/events", EventListParams)
def list_events(call: Call) -> Json:
    params = call.params
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of these parameters: type, types.", code="parameters_exclusive")
    types = params.get("types") or []
    if len(types) > 20:
        raise invalid("You can list at most 20 types.", param="types")
    sql: list[str] = []
    values: list[str | int] = []
    if types:
        sql.append(f"json_extract(body, '$.type') IN ({', '.join('?' * len(types))})")
        values += types
    if "type" in params:
        sql.append("json_extract(body, '$.type') GLOB ?")
        values.append(params["type"])
    if "delivery_success" in params:
        sql.append(f"NOT {_UNDELIVERED}" if params["delivery_success"] else _UNDELIVERED)
    found, has_more = find_page(call, "event", sql=tuple(sql), values=tuple(values))
    return list_answer([event_json(call.work, each) for each in found], "/v1/events", has_more=has_more)


@route(
    "POST /v1/events/{id}/retry",
    # Not part of the public API: what `stripe events resend` sends.
    extra={"webhook_endpoint": TEXT, "for_stripecli": Spec(kind=Kind.BOOLEAN)},
)
def retry_event(call: Call) -> Json:
    event = call.get("event")
    resend(call.work, event, call.params.get("webhook_endpoint"))
    return event_json(call.work, event)


def resend(work: UnitOfWork, event: Record, endpoint_id: str | None = None) -> None:
    """To one endpoint, or to every enabled one, whatever it subscribed to."""
    if endpoint_id is not None:
        endpoint = work.records.find("webhook_endpoint", endpoint_id)
        if endpoint is None or endpoint.deleted:
            raise no_such("webhook endpoint", endpoint_id, "webhook_endpoint")
        work.deliver(event.body, endpoint.id, is_resend=True)
        return
    for each in work.endpoints():
        work.deliver(event.body, each, is_resend=True)
