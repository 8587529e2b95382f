"""Stripe's list answers: filters, cursors, `has_more`."""

from storefront.devtools.sandbox.api.errors import StripeApiError, exclusive, invalid
from storefront.devtools.sandbox.api.routes import Call
from storefront.devtools.sandbox.storage.records import Json, Query, Record, UnknownCursorError

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def list_answer(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page_limit(params: Json) -> int:
    limit = int(params.get("limit", 10))
    if "starting_after" in params and "ending_before" in params:
        raise exclusive("ending_before", "starting_after")
    if limit < 1:
        raise _bad_limit("This value must be greater than or equal to 1.")
    if limit > 100:
        raise _bad_limit("This value must be less than or equal to 100.")
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
    found, has_more = find_page(call, kind, filters=filters, sql=sql, values=values)
    return list_answer([record.body for record in found], url, has_more=has_more)


def find_page(
    call: Call,
    kind: str,
    *,
    filters: tuple[str, ...] = (),
    sql: tuple[str, ...] = (),
    values: tuple[str | int, ...] = (),
) -> tuple[list[Record], bool]:
    params = call.params
    made_sql, made_values = _created(params.get("created"))
    query = Query(
        kind=kind,
        limit=page_limit(params),
        starting_after=params.get("starting_after"),
        ending_before=params.get("ending_before"),
        where=tuple((name, params[name]) for name in filters if name in params),
        sql=(*sql, *made_sql),
        values=(*values, *made_values),
    )
    try:
        return call.work.records.page(query)
    except UnknownCursorError as error:
        name = "starting_after" if query.starting_after is not None else "ending_before"
        raise invalid(f"No such {kind}: '{error}'", param=name, code="resource_missing") from error


def page_of(items: list[Json], params: Json, url: str) -> Json:
    """The same paging over items kept in one object, in their own order (line items)."""
    limit = page_limit(params)
    ids = [item["id"] for item in items]
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in ids:
            raise invalid(f"No such item: '{params[name]}'", param=name, code="resource_missing")
    if "ending_before" in params:
        before = items[: ids.index(params["ending_before"])]
        return list_answer(before[-limit:], url, has_more=len(before) > limit)
    after = items[ids.index(params["starting_after"]) + 1 :] if "starting_after" in params else items
    return list_answer(after[:limit], url, has_more=len(after) > limit)


def _created(value: int | Json | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if value is None:
        return (), ()
    if isinstance(value, int):
        return ("created = ?",), (value,)
    return tuple(f"created {_OPERATORS[name]} ?" for name in value), tuple(value.values())


def _bad_limit(message: str) -> StripeApiError:
    return invalid(message, param="limit", code="parameter_invalid_integer", is_stored=False)
