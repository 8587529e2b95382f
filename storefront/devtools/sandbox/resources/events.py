"""Events over the API, and sending one again."""

from stripe.params import EventListParams, EventRetrieveParams

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import find_page, list_answer, one_of
from storefront.devtools.sandbox.api.members import list_of
from storefront.devtools.sandbox.api.parameter_checks import get_undeleted, refuse_both
from storefront.devtools.sandbox.api.parameter_types import TEXT, Kind, Spec
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_TYPE = "json_extract(body, '$.type')"
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
    refuse_both(params, "type", "types")
    types = list_of(params, "types")
    if len(types) > 20:
        raise invalid("You can list at most 20 types.", param="types")
    sql = (*one_of(_TYPE, types), *_type_pattern(params), *_delivery_condition(params))
    values = [*types, params["type"]] if "type" in params else types
    events, has_more = find_page(call, "event", sql=sql, values=tuple(values))
    return list_answer([event_json(call.work, event) for event in events], "/v1/events", has_more=has_more)


def _type_pattern(params: Json) -> tuple[str, ...]:
    return (f"{_TYPE} GLOB ?",) if "type" in params else ()


def _delivery_condition(params: Json) -> tuple[str, ...]:
    if "delivery_success" not in params:
        return ()
    return (f"NOT {_UNDELIVERED}",) if params["delivery_success"] else (_UNDELIVERED,)


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
    """Send the event to one endpoint, or to every enabled one, whatever it subscribed to."""
    if endpoint_id is None:
        endpoint_ids = work.endpoints()
    else:
        endpoint_ids = [
            get_undeleted(work, "webhook_endpoint", endpoint_id, "webhook_endpoint", "webhook endpoint").id
        ]
    for receiver_id in endpoint_ids:
        work.deliver(event.body, receiver_id, is_resend=True)
