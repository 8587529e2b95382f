"""What the control API's calls have in common: the JSON body, and the object the path names."""

from typing import Any

from flask import request

from storefront.devtools.sandbox.api.errors import not_found
from storefront.devtools.sandbox.json_values import is_whole_number, refuse_unknown_members
from storefront.devtools.sandbox.storage.records import Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_ALL = 100_000


def find_or_refuse(work: UnitOfWork, kind: str, object_id: str) -> Record:
    record = work.records.find(kind, object_id)
    if record is None:
        raise not_found(kind, object_id)
    return record


def oldest_first(work: UnitOfWork, kind: str) -> list[Record]:
    """Return all objects of a kind."""
    records, _ = work.records.page(Query(kind=kind, limit=_ALL))
    return records[::-1]


def json_body(*names: str) -> dict[str, Any]:
    """Return the request's JSON object, empty without a body. With names, others are refused by ValueError."""
    body = request.get_json(silent=True) if request.data else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - one error type for a wrong body
    if names:
        refuse_unknown_members(body, names)
    return body


def choice(given: dict[str, Any], name: str, choices: tuple[str, ...]) -> str | None:
    """Return the member when it is there; raise ValueError when it is none of the choices."""
    value = given.get(name)
    if value is None:
        return None
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return str(value)


def positive_number(given: dict[str, Any], name: str) -> int | None:
    """Return the member when it is there; raise ValueError when it is no whole number above zero."""
    value = given.get(name)
    if value is None:
        return None
    if not is_whole_number(value) or value < 1:
        raise ValueError(f"{name} must be a positive whole number")
    return value
