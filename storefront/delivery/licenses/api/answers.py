"""The API's answers: Lemon Squeezy's fields, names and nulls, and `code` and `nonce` besides."""

from datetime import UTC, datetime
from typing import Any

from storefront.delivery.licenses.activations import LicenseAnswer
from storefront.delivery.licenses.codes import SENTENCES, Code, http_status
from storefront.delivery.licenses.lookup import Instance, LicenseStatus

STORE_ID = 1  # one installation is one store; programs expect a number


def _moment(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if moment else None


def _license(status: LicenseStatus | None) -> dict[str, Any] | None:
    if status is None:
        return None
    return {
        "id": status.id,
        "status": status.status,
        "key": status.key,
        "activation_limit": status.activation_limit,
        "activation_usage": status.usage,
        "created_at": _moment(status.created_at),
        "expires_at": _moment(status.expires_at),
        "test_mode": status.is_test,
    }


def _instance(instance: Instance | None) -> dict[str, Any] | None:
    if instance is None:
        return None
    return {"id": instance.id, "name": instance.name, "created_at": _moment(instance.created_at)}


def _meta(answer: LicenseAnswer) -> dict[str, Any] | None:
    """Return the order and its buyer; not for a replaced key: who still has it is not known."""
    status = answer.license
    if status is None or answer.code is Code.REPLACED:
        return None
    return {
        "store_id": STORE_ID,
        "order_id": status.order_id,
        "order_item_id": status.order_item_id,
        "product_id": status.product_id,
        "product_name": status.product_name,
        "variant_id": status.edition_id,
        "variant_name": status.edition,
        "customer_id": status.customer_id,
        "customer_name": status.customer_name,
        "customer_email": status.email,
    }


def to_json(flag: str, answer: LicenseAnswer, *, nonce: str | None) -> tuple[dict[str, Any], int]:
    """Return body and HTTP status. `flag` is `activated`, `valid` or `deactivated`."""
    is_good = answer.code is Code.VALID
    body: dict[str, Any] = {
        flag: is_good,
        "error": None if is_good else SENTENCES[answer.code],
        "license_key": _license(answer.license),
    }
    if flag != "deactivated":
        body["instance"] = _instance(answer.instance)
    body["meta"] = _meta(answer)
    body["code"] = answer.code.value
    if nonce is not None:
        body["nonce"] = nonce
    return body, 200 if is_good else http_status(answer.code)


def refusal(flag: str, code: Code, sentence: str) -> dict[str, Any]:
    """Return the body for a request that was not looked at: a field is missing, or there were too many."""
    body: dict[str, Any] = {flag: False, "error": sentence, "license_key": None}
    if flag != "deactivated":
        body["instance"] = None
    return {**body, "meta": None, "code": code.value}
