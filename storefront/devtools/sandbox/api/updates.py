"""What updates have in common: `""` unsets, metadata is merged key by key, old values are reported."""

import copy
from typing import Any

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.validation import MAXIMUM_METADATA_KEYS, TOO_MUCH_METADATA
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def merged_metadata(old: Json, change: Json | str | None) -> Json:
    """Merge metadata: `""` clears everything, `metadata[key]=""` one key; 50 keys in all.

    Source: https://docs.stripe.com/api/metadata.
    """
    if change is None:
        return dict(old)
    if isinstance(change, str):
        return {}
    merged = {key: value for key, value in {**old, **change}.items() if value != ""}
    if len(merged) > MAXIMUM_METADATA_KEYS:
        raise invalid(TOO_MUCH_METADATA, param="metadata")
    return merged


def new_metadata(params: Json) -> Json:
    return merged_metadata({}, params.get("metadata"))


def change(record: Record, params: Json, names: tuple[str, ...]) -> Json:
    """Apply the named parameters; return Stripe's `previous_attributes`."""
    old = copy.deepcopy(record.body)
    for name in names:
        if name in params:
            record.body[name] = _changed(record.body, name, params[name])
    return difference(old, record.body)


def save_change(work: UnitOfWork, record: Record, previous: Json, event: str = "") -> None:
    """Store a change and tell of it, if there is one; the event is the kind's `….updated` where none is given."""
    if previous:
        work.records.save(record)
        work.emit(event or f"{record.kind}.updated", record.body, previous)


def _changed(body: Json, name: str, value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if name == "metadata":
        return merged_metadata(body["metadata"], value)
    return None if value == "" else value


def difference(old: Json, new: Json) -> Json:
    """Return Stripe's `previous_attributes`: what was otherwise before, of hashes only the members that changed.

    Lists are told whole, and what was not there is null (https://docs.stripe.com/api/events/object).
    """
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {name: _previous(old.get(name), new.get(name)) for name in names}


def _previous(was: Any, now: Any) -> Any:  # noqa: ANN401 - JSON values
    return difference(was, now) if isinstance(was, dict) and isinstance(now, dict) else was


def delete(work: UnitOfWork, record: Record) -> Json:
    """Return the answer to DELETE; the event still carries the whole object."""
    work.emit(f"{record.kind}.deleted", record.body)
    record.deleted = True
    work.records.save(record)
    return {"id": record.id, "object": record.kind, "deleted": True}
