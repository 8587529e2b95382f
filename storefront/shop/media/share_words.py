"""What is written on the picture of a product, and the name of such a picture: known without drawing it."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWords:
    shop_name: str
    name: str
    price: str


def name_of(face: object) -> str:
    """Return what a drawn picture is called: by all that is drawn on it, a frozen dataclass."""
    return hashlib.sha256(repr(face).encode("utf-8", "replace")).hexdigest()[:16]
