"""What the control API's calls have in common: the JSON body, and the object the path names."""

from typing import Any

from flask import request

from storefront.devtools.sandbox.api.errors import not_found
from storefront.devtools.sandbox.storage.records import Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def find_or_refuse(work: UnitOfWork, kind: str, object_id: str) -> Record:
    record = work.records.find(kind, object_id)
    if record is None:
        raise not_found(kind, object_id)
    return record


def json_body() -> dict[str, Any]:
    given = request.get_json(silent=True) if request.data else {}
    if not isinstance(given, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - one error type for a wrong body
    return given


def choice(given: dict[str, Any], name: str, choices: tuple[str, ...]) -> str | None:
    """The member when it is there; raises ValueError when it is none of the choices."""
    value = given.get(name)
    if value is None:
        return None
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return str(value)
