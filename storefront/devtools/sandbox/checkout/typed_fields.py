"""What a form asks besides the payment: a phone number, and the shop's own fields."""

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.checkout.collected import collected
from storefront.devtools.sandbox.storage.records import Json, Record

_MOST_LETTERS = 255
_TEST_PHONE = "+15555550100"


def check_custom_fields(params: Json) -> None:
    """Judge the parameter before anything is executed."""
    keys: set[str] = set()
    for place, field in enumerate(params.get("custom_fields") or []):
        name, key = f"custom_fields[{place}]", field["key"]
        if not (key.isascii() and key.isalnum()) or len(key) > 200 or key in keys:
            raise _refused("A key is unique and has up to 200 letters and digits.", f"{name}[key]")
        keys.add(key)
        if len(field["label"].get("custom", "")) > 100:
            raise _refused("A label can have at most 100 characters.", f"{name}[label][custom]")
        if field["type"] == "dropdown" and not (field.get("dropdown") or {}).get("options"):
            raise _refused("A dropdown needs options.", f"{name}[dropdown]")


def take_typed(session: Record, params: Json) -> None:
    """Keep what the buyer typed until the session is complete. Errors are for buyers, beside a field."""
    given = params.get("custom_fields") or {}
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
    digits = "".join(letter for letter in phone if letter.isdigit())
    if not phone and not session.body["phone_number_collection"]["enabled"]:
        return None
    if not phone:
        raise _refused("Please enter your phone number.", "phone_number")
    if not 6 <= len(digits) <= 15 or not set(phone) <= set("+0123456789 ()-."):
        raise _refused("Your phone number is invalid.", "phone_number")
    return f"+{digits}" if phone.startswith("+") else digits


def _value(field: Json, typed: str) -> str | None:
    param = f"custom_fields[{field['key']}]"
    if not typed:
        if field["optional"]:
            return None
        raise _refused("Please fill in this field.", param)
    kind, detail = field["type"], field[field["type"]]
    if kind == "dropdown":
        if typed not in {option["value"] for option in detail["options"]}:
            raise _refused("Please choose one of the options.", param)
        return typed
    if kind == "numeric" and not (typed.isascii() and typed.isdigit()):
        raise _refused("Please enter digits only.", param)
    least, most = detail["minimum_length"] or 0, detail["maximum_length"] or _MOST_LETTERS
    if not least <= len(typed) <= most:
        raise _refused(f"Please enter {least or 1} to {most} characters.", param)
    return typed


def _example(field: Json) -> str:
    if field["type"] == "dropdown":
        return str(field["dropdown"]["options"][0]["value"])
    length = field[field["type"]]["minimum_length"] or 1
    return ("7" if field["type"] == "numeric" else "x") * length


def _refused(message: str, param: str) -> StripeApiError:
    return invalid(message, param=param, is_stored=False)
