"""What a form asks besides the payment: a phone number, and the shop's own fields."""

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.members import hash_of, inner, list_of
from storefront.devtools.sandbox.checkout.collected import collected
from storefront.devtools.sandbox.storage.records import Json, Record

_MOST_LETTERS = 255
_TEST_PHONE = "+15555550100"


def _is_key(key: str) -> bool:
    return key.isascii() and key.isalnum() and len(key) <= 200


def check_custom_fields(params: Json) -> None:
    """Judge the parameter before anything is executed."""
    keys: set[str] = set()
    for place, field in enumerate(list_of(params, "custom_fields")):
        name, key = f"custom_fields[{place}]", field["key"]
        if not _is_key(key) or key in keys:
            raise _refused("A key is unique and has up to 200 letters and digits.", f"{name}[key]")
        keys.add(key)
        _check_field(field, name)


def _check_field(field: Json, name: str) -> None:
    if len(field["label"].get("custom", "")) > 100:
        raise _refused("A label can have at most 100 characters.", f"{name}[label][custom]")
    if field["type"] == "dropdown" and not inner(field, "dropdown", "options"):
        raise _refused("A dropdown needs options.", f"{name}[dropdown]")


def take_typed(session: Record, params: Json) -> None:
    """Keep what the buyer typed until the session is complete. Errors are for buyers, beside a field."""
    given = hash_of(params, "custom_fields")
    values = {field["key"]: _value(field, given.get(field["key"], "").strip()) for field in _fields(session)}
    session.private["typed"] = {"custom_fields": values, "phone": _phone(session, params)}


def write_typed(session: Record) -> str | None:
    """Show the values at a session that is complete; return the phone number."""
    typed = session.private.get("typed") or {"custom_fields": {}, "phone": None}
    for field in _fields(session):
        field[field["type"]]["value"] = typed["custom_fields"].get(field["key"])
    phone: str | None = typed["phone"]
    return phone


def filled_in(session: Record) -> Json:
    """Return what a test buyer types who was told nothing about fields."""
    values = {field["key"]: _example(field) for field in _fields(session)}
    phone = {"phone_number": _TEST_PHONE} if session.body["phone_number_collection"]["enabled"] else {}
    return {"custom_fields": values, **phone}


def _fields(session: Record) -> list[Json]:
    fields: list[Json] = session.body["custom_fields"]
    return fields


def _phone(session: Record, params: Json) -> str | None:
    """Return the number; a page of the SDK may tell one that the shop has not asked for."""
    phone = (params.get("phone_number") or collected(session)["phone"] or "").strip()
    if not phone:
        _check_may_be_missing(session)
        return None
    return _tidy_phone(phone)


def _tidy_phone(phone: str) -> str:
    digits = "".join(letter for letter in phone if letter.isdigit())
    if not 6 <= len(digits) <= 15 or not set(phone) <= set("+0123456789 ()-."):
        raise _refused("Your phone number is invalid.", "phone_number")
    return f"+{digits}" if phone.startswith("+") else digits


def _check_may_be_missing(session: Record) -> None:
    if session.body["phone_number_collection"]["enabled"]:
        raise _refused("Please enter your phone number.", "phone_number")


def _value(field: Json, typed: str) -> str | None:
    param = f"custom_fields[{field['key']}]"
    if not typed and field["optional"]:
        return None
    if not typed:
        raise _refused("Please fill in this field.", param)
    kind, detail = field["type"], field[field["type"]]
    if kind == "dropdown":
        _check_option(typed, detail["options"], param)
        return typed
    if kind == "numeric" and not (typed.isascii() and typed.isdigit()):
        raise _refused("Please enter digits only.", param)
    _check_length(typed, detail, param)
    return typed


def _check_option(typed: str, options: list[Json], param: str) -> None:
    if typed not in {option["value"] for option in options}:
        raise _refused("Please choose one of the options.", param)


def _check_length(typed: str, detail: Json, param: str) -> None:
    least, most = detail["minimum_length"] or 0, detail["maximum_length"] or _MOST_LETTERS
    if not least <= len(typed) <= most:
        raise _refused(f"Please enter {least or 1} to {most} characters.", param)


def _example(field: Json) -> str:
    if field["type"] == "dropdown":
        return str(field["dropdown"]["options"][0]["value"])
    length = field[field["type"]]["minimum_length"] or 1
    return ("7" if field["type"] == "numeric" else "x") * length


def _refused(message: str, param: str) -> StripeApiError:
    return invalid(message, param=param, is_stored=False)
