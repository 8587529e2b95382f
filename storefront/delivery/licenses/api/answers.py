"""The API's answers: Lemon Squeezy's fields, names and nulls, and `code` and `nonce` besides."""

from datetime import UTC, datetime
from typing import Any

from storefront.delivery.licenses.activations import LicenseAnswer
from storefront.delivery.licenses.codes import SENTENCES, Code, http_status
from storefront.delivery.licenses.lookup import Instance, LicenseStatus

STORE_ID = 1  # one installation is one store; programs expect a number


def _moment(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if moment else None


def _license(found: LicenseStatus) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status,
        "key": found.key,
        "activation_limit": found.activation_limit,
        "activation_usage": found.usage,
        "created_at": _moment(found.created_at),
        "expires_at": _moment(found.expires_at),
        "test_mode": found.is_test,
    }


def _instance(instance: Instance | None) -> dict[str, Any] | None:
    if instance is None:
        return None
    return {"id": instance.id, "name": instance.name, "created_at": _moment(instance.created_at)}


def _meta(found: LicenseStatus) -> dict[str, Any]:
    return {
        "store_id": STORE_ID,
        "order_id": found.order_id,
        "order_item_id": found.order_item_id,
        "product_id": found.product_id,
        "product_name": found.product_name,
        "variant_id": found.price_id,
        "variant_name": found.edition,
        "customer_id": found.customer_id,
        "customer_name": found.customer_name,
        "customer_email": found.email,
    }


def to_json(flag: str, answer: LicenseAnswer, *, nonce: str | None) -> tuple[dict[str, Any], int]:
    """Body and HTTP status. `flag` is `activated`, `valid` or `deactivated`.

    A replaced key's answer names neither its buyer nor its order: who still has it is not known.
    """
    is_good = answer.code is Code.VALID
    body: dict[str, Any] = {flag: is_good, "error": None if is_good else SENTENCES[answer.code]}
    found = answer.license
    body["license_key"] = _license(found) if found else None
    if flag != "deactivated":
        body["instance"] = _instance(answer.instance)
    body["meta"] = _meta(found) if found and answer.code is not Code.REPLACED else None
    body["code"] = answer.code.value
    if nonce is not None:
        body["nonce"] = nonce
    return body, 200 if is_good else http_status(answer.code)


def refusal(flag: str, code: Code, sentence: str) -> dict[str, Any]:
    """Of a request that was not looked at: a field is missing, or there were too many."""
    body: dict[str, Any] = {flag: False, "error": sentence, "license_key": None}
    if flag != "deactivated":
        body["instance"] = None
    return {**body, "meta": None, "code": code.value}
