"""Parameters, answers and events of older API versions: turned into the newest shape and back."""

from collections.abc import Callable
from typing import Any

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.versions import CLOVER, DAHLIA, Version, read_version
from storefront.devtools.sandbox.storage.records import Json, Records

# https://docs.stripe.com/changelog/dahlia/2026-03-25/updates-available-checkout-session-ui-modes
_NEWER_UI_MODE = {"custom": "elements", "embedded": "embedded_page", "hosted": "hosted_page"}
_OLDER_UI_MODE = {newer: older for older, newer in _NEWER_UI_MODE.items()}


def newer_parameters(tree: Tree, path: str, version: Version | None) -> Tree:
    """Return what the newest version would have been sent. Without a version both names of a mode are taken.

    Raises:
        StripeApiError: a value that came later than the version.
    """
    mode = tree.get("ui_mode")
    if path != "/v1/checkout/sessions" or not isinstance(mode, str):
        return tree
    if version is None:
        return {**tree, "ui_mode": _NEWER_UI_MODE.get(mode, mode)}
    if not version.is_before(DAHLIA):
        return tree
    if mode not in _NEWER_UI_MODE:
        raise invalid(
            "Invalid ui_mode: must be one of custom, embedded, or hosted", param="ui_mode", is_stored=False
        )
    return {**tree, "ui_mode": _NEWER_UI_MODE[mode]}


def older_answer(records: Records, body: Json, version: Version | None) -> Json:
    """Return the object, and all that is inside it, as a caller of this version knows it."""
    changes = [] if version is None else [change for day, change in _CHANGES if version.is_before(day)]
    result: Json = _changed(records, body, changes) if changes else body
    return result


def event_for(records: Records, event: Json, api_version: str | None) -> Json:
    """Return the event in the version of the endpoint that it goes to; None is the account's."""
    if api_version is None:
        return event
    data = {name: older_answer(records, value, read_version(api_version)) for name, value in event["data"].items()}
    return {**event, "api_version": api_version, "data": data}


_Change = Callable[[Records, Json], Json]


def _changed(records: Records, node: Any, changes: list[_Change]) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(node, list):
        return [_changed(records, item, changes) for item in node]
    # An event keeps the version that it was made in, whoever asks for it.
    if not isinstance(node, dict) or node.get("object") == "event":
        return node
    body = {name: _changed(records, value, changes) for name, value in node.items()}
    for change in changes:
        body = change(records, body)
    return body


def _rename_ui_mode(_records: Records, body: Json) -> Json:
    if body.get("object") != "checkout.session":
        return body
    return {**body, "ui_mode": _OLDER_UI_MODE.get(body["ui_mode"], body["ui_mode"])}


def _name_coupon(records: Records, body: Json) -> Json:
    """Put the whole coupon on top of a discount or promotion code.

    https://docs.stripe.com/changelog/clover/2025-09-30/add-discount-source-property
    https://docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon
    """
    holder = {"discount": "source", "promotion_code": "promotion"}.get(body.get("object", ""))
    if holder is None or holder not in body:
        return body
    coupon = _whole_coupon(records, body[holder]["coupon"])
    return {**{name: value for name, value in body.items() if name != holder}, "coupon": coupon}


def _whole_coupon(records: Records, coupon: Any) -> Any:  # noqa: ANN401 - an id, or the object where it was expanded
    record = records.find("coupon", coupon) if isinstance(coupon, str) else None
    return coupon if record is None else record.body


# The day of the version that brought a change, and what is undone for versions before it.
_CHANGES: tuple[tuple[str, _Change], ...] = ((DAHLIA, _rename_ui_mode), (CLOVER, _name_coupon))
