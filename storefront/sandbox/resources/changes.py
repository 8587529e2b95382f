"""What updates have in common: `""` unsets, metadata is merged key by key, old values are reported."""

import copy

from storefront.sandbox.records import Json, Record
from storefront.sandbox.work import Work


def merged_metadata(old: Json, change: Json | str | None) -> Json:
    """https://docs.stripe.com/api/metadata: `""` clears everything, `metadata[key]=""` one key."""
    if change is None:
        return dict(old)
    if isinstance(change, str):
        return {}
    return {key: value for key, value in {**old, **change}.items() if value != ""}


def new_metadata(params: Json) -> Json:
    return merged_metadata({}, params.get("metadata"))


def change(record: Record, params: Json, names: tuple[str, ...]) -> Json:
    """Apply the named parameters; the answer is Stripe's `previous_attributes`."""
    old = copy.deepcopy(record.body)
    for name in names:
        if name not in params:
            continue
        if name == "metadata":
            record.body["metadata"] = merged_metadata(record.body["metadata"], params["metadata"])
        else:
            record.body[name] = None if params[name] == "" else params[name]
    return {name: old.get(name) for name in record.body if record.body[name] != old.get(name)}


def delete(work: Work, record: Record) -> Json:
    """The answer to DELETE; the event still carries the whole object."""
    work.emit(f"{record.kind}.deleted", record.body)
    record.deleted = True
    work.records.save(record)
    return {"id": record.id, "object": record.kind, "deleted": True}
