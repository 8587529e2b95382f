"""The keys that sign license files, on a terminal and as JSON."""

from collections.abc import Iterator

from storefront.core.clock import iso
from storefront.delivery.licenses.signing.jws import encode
from storefront.delivery.licenses.signing.keys import KeyState, PublicKey
from storefront.delivery.licenses.signing.sealing import Resealed

STATES = {
    KeyState.PREPARED: "prepared: ship it, then rotate",
    KeyState.SIGNS: "signs",
    KeyState.RETIRED: "retired, still verifies",
    KeyState.REVOKED: "revoked",
}


def key_line(key: PublicKey) -> str:
    return f"{key.kid}  {encode(key.public_key)}  {key.created_at:%Y-%m-%d}  {STATES[key.state]}"


def key_to_json(key: PublicKey) -> dict[str, str | None]:
    return {
        "kid": key.kid,
        "public_key": encode(key.public_key),
        "state": key.state.value,
        "created_at": key.created_at.isoformat(),
        "signs_since": iso(key.signs_since),
        "retired_at": iso(key.retired_at),
        "revoked_at": iso(key.revoked_at),
    }


def resealed_lines(resealed: Resealed) -> Iterator[str]:
    yield f"{resealed.changed} signing keys were sealed with the present SECRET_KEY."
    for kid in resealed.skipped:
        yield f"{kid} was left as it is: an older secret sealed it. It signs no more, and still verifies."
