"""Webhook endpoints: where events go; the secret is shown once, when the endpoint is made."""

from urllib.parse import urlsplit

from stripe.params import (
    WebhookEndpointCreateParams,
    WebhookEndpointDeleteParams,
    WebhookEndpointListParams,
    WebhookEndpointRetrieveParams,
    WebhookEndpointUpdateParams,
)

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, new_metadata
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_MAXIMUM = 16


def add_endpoint(work: UnitOfWork, params: Json, secret: str | None = None) -> Record:
    return work.records.add(
        {
            "id": new_id("we_1"),
            "object": "webhook_endpoint",
            "api_version": params.get("api_version"),
            "application": None,
            "created": work.now,
            "description": params.get("description") or None,
            "enabled_events": params["enabled_events"],
            "livemode": False,
            "metadata": new_metadata(params),
            "status": "enabled",
            "url": params["url"],
        },
        {"secret": secret or new_id("whsec_")},
    )


def ensure_endpoint(work: UnitOfWork, url: str, secret: str | None) -> Record:
    """Make the endpoint given at the start, or find it again and set it to the secret given now."""
    endpoint = work.records.find_newest(Query(kind="webhook_endpoint", where=(("url", url),)))
    if endpoint is None:
        return add_endpoint(work, {"url": url, "enabled_events": ["*"]}, secret)
    endpoint.body["status"] = "enabled"
    if secret is not None:
        endpoint.private["secret"] = secret
    work.records.save(endpoint)
    return endpoint


def _check(params: Json) -> None:
    if "url" in params:
        parts = urlsplit(params["url"])
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise _bad("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")
    if params.get("enabled_events") == []:
        raise _bad("You must provide at least one event.", "enabled_events")


def _bad(message: str, param: str, code: str | None = None) -> StripeApiError:
    return invalid(message, param=param, code=code, is_stored=False)


@route("POST /v1/webhook_endpoints", WebhookEndpointCreateParams, check=_check, unsupported=("connect",))
def create_endpoint(call: Call) -> Json:
    _, has_more = call.work.records.page(Query(kind="webhook_endpoint", limit=_MAXIMUM - 1))
    if has_more:
        raise invalid(f"You have reached the maximum of {_MAXIMUM} test webhook endpoints.")
    endpoint = add_endpoint(call.work, call.params)
    return {**endpoint.body, "secret": endpoint.private["secret"]}


@route("GET /v1/webhook_endpoints/{id}", WebhookEndpointRetrieveParams)
def retrieve_endpoint(call: Call) -> Json:
    return call.get("webhook_endpoint", param="webhook_endpoint").body


@route("POST /v1/webhook_endpoints/{id}", WebhookEndpointUpdateParams, check=_check)
def update_endpoint(call: Call) -> Json:
    endpoint = call.get("webhook_endpoint", param="webhook_endpoint")
    change(endpoint, call.params, ("description", "enabled_events", "metadata", "url"))
    if "disabled" in call.params:
        endpoint.body["status"] = "disabled" if call.params["disabled"] else "enabled"
    call.work.records.save(endpoint)
    return endpoint.body


@route("DELETE /v1/webhook_endpoints/{id}", WebhookEndpointDeleteParams)
def delete_endpoint(call: Call) -> Json:
    endpoint = call.get("webhook_endpoint", param="webhook_endpoint")
    endpoint.deleted = True
    call.work.records.save(endpoint)
    return {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}


@route("GET /v1/webhook_endpoints", WebhookEndpointListParams)
def list_endpoints(call: Call) -> Json:
    return list_records(call, "webhook_endpoint", "/v1/webhook_endpoints")
