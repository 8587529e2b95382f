"""Rules that several calls share: what excludes each other, what must be there, which objects must exist."""

from storefront.devtools.sandbox.api.errors import exclusive, missing, no_such, too_small
from storefront.devtools.sandbox.api.members import member_name
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def refuse_both(params: Json, first: str, second: str, name: str = "") -> None:
    """`name` is the hash that holds the two, empty for the call's own parameters."""
    if first in params and second in params:
        raise exclusive(member_name(name, first), member_name(name, second))


def require(params: Json, *members: str, name: str = "") -> None:
    for member in members:
        if member not in params:
            raise missing(member_name(name, member))


def require_either(params: Json, first: str, second: str, name: str = "") -> None:
    """Name the first in the error when both are missing."""
    if second not in params:
        require(params, first, name=name)


def require_positive(value: int, param: str) -> None:
    if value < 1:
        raise too_small(param)


def get_named(work: UnitOfWork, kind: str, object_id: str, param: str, label: str = "") -> Record:
    """Return the object that a parameter names, or raise Stripe's 400; `label` is its kind in the error."""
    record = work.records.find(kind, object_id)
    if record is None:
        raise no_such(label or kind, object_id, param)
    return record


def get_undeleted(work: UnitOfWork, kind: str, object_id: str, param: str, label: str = "") -> Record:
    record = get_named(work, kind, object_id, param, label)
    if record.deleted:
        raise no_such(label or kind, object_id, param)
    return record


def check_customer(work: UnitOfWork, params: Json) -> None:
    """Refuse a customer that never was; a deleted one passes."""
    if "customer" in params:
        get_named(work, "customer", params["customer"], "customer")
