"""Stripe's list answers: filters, cursors, `has_more`."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.parameter_checks import refuse_both, require_positive
from storefront.devtools.sandbox.api.routes import Call
from storefront.devtools.sandbox.storage.records import Json, Query, Record, UnknownCursorError

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def list_answer(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page_limit(params: Json) -> int:
    limit = int(params.get("limit", 10))
    refuse_both(params, "ending_before", "starting_after")
    require_positive(limit, "limit")
    if limit > 100:
        raise invalid(
            "This value must be less than or equal to 100.",
            param="limit",
            code="parameter_invalid_integer",
            is_stored=False,
        )
    return limit


def list_records(
    call: Call,
    kind: str,
    url: str,
    *,
    filters: tuple[str, ...] = (),
    sql: tuple[str, ...] = (),
    values: tuple[str | int, ...] = (),
) -> Json:
    """`filters` name parameters that must equal the member of the same name."""
    records, has_more = find_page(call, kind, filters=filters, sql=sql, values=values)
    return list_answer([record.body for record in records], url, has_more=has_more)


def find_page(
    call: Call,
    kind: str,
    *,
    filters: tuple[str, ...] = (),
    sql: tuple[str, ...] = (),
    values: tuple[str | int, ...] = (),
) -> tuple[list[Record], bool]:
    params = call.params
    created_sql, created_values = _created(params.get("created"))
    query = Query(
        kind=kind,
        limit=page_limit(params),
        starting_after=params.get("starting_after"),
        ending_before=params.get("ending_before"),
        where=tuple((name, params[name]) for name in filters if name in params),
        sql=(*sql, *created_sql),
        values=(*values, *created_values),
    )
    try:
        return call.work.records.page(query)
    except UnknownCursorError as error:
        name = "starting_after" if query.starting_after is not None else "ending_before"
        raise invalid(f"No such {kind}: '{error}'", param=name, code="resource_missing") from error


def one_of(expression: str, values: list[str]) -> tuple[str, ...]:
    """Return the SQL that compares with each of the values; nothing when there are none to compare with."""
    return (f"{expression} IN ({', '.join('?' * len(values))})",) if values else ()


def page_of(items: list[Json], params: Json, url: str) -> Json:
    """Return a page of items that are kept in one object, in their own order (line items)."""
    limit = page_limit(params)
    if "ending_before" in params:
        before = items[: _place(items, params, "ending_before")]
        return list_answer(before[-limit:], url, has_more=len(before) > limit)
    after = items[_place(items, params, "starting_after") + 1 :] if "starting_after" in params else items
    return list_answer(after[:limit], url, has_more=len(after) > limit)


def _place(items: list[Json], params: Json, name: str) -> int:
    ids = [item["id"] for item in items]
    if params[name] not in ids:
        raise invalid(f"No such item: '{params[name]}'", param=name, code="resource_missing")
    return ids.index(params[name])


def _created(value: int | Json | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if value is None:
        return (), ()
    if isinstance(value, int):
        return ("created = ?",), (value,)
    return tuple(f"created {_OPERATORS[name]} ?" for name in value), tuple(value.values())
