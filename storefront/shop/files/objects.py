"""What a shop and a folder both are: things by what people call them, and their fields by name."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

AS_WRITTEN = "questions_as_written"  # of a translation: its questions before the owner moved the originals
HASH_LETTERS = 12  # of a picture's or sample's hash, where people read it


class Kind(StrEnum):
    SHOP = "shop"
    PRODUCT = "product"
    EDITION = "edition"
    PRICE = "price"
    PICTURE = "picture"
    SAMPLE = "sample"
    RELEASE = "release"
    FILE = "file"
    PAGE = "page"  # `name` is its slug
    TRANSLATION = "translation"  # `name` is a language; of the product, of the page `part`, or of the shop
    EMAIL = "email"  # the owner's words: `name` is kind and language, like receipt.de
    LOOKS = "looks"  # a file of the shop's looks: `name` is logo, logo_dark, icon or font


class Ref(NamedTuple):
    """A thing: `name` is an edition's key, the SHA-256 of a picture or sample, or a version.

    `part` is the currency of a price, or the name of a release's file.
    """

    kind: Kind
    product: str = ""
    name: str = ""
    part: str = ""

    @property
    def path(self) -> str:
        """Return what people call it: `tidy-tool/personal/usd`."""
        if self.kind is Kind.TRANSLATION and not self.product:
            return f"pages/{self.part}/{self.name}" if self.part else f"shop/{self.name}"
        if self.kind in (Kind.PAGE, Kind.EMAIL):
            return f"{self.kind}s/{self.name}"
        name = self.name[:HASH_LETTERS] if self.kind in (Kind.PICTURE, Kind.SAMPLE) else self.name
        return "/".join(filter(None, (self.product, name, self.part))) or self.kind.value

    @property
    def edition(self) -> "Ref":
        return Ref(Kind.EDITION, self.product, self.name)

    @property
    def release(self) -> "Ref":
        return Ref(Kind.RELEASE, self.product, self.name)

    @property
    def whole(self) -> "Ref | None":
        """Return without what it cannot be made: the edition of a price, the page of a translation."""
        if self.kind is Kind.TRANSLATION and self.part:
            return Ref(Kind.PAGE, name=self.part)
        return self.edition if self.kind is Kind.PRICE else None


SHOP = Ref(Kind.SHOP)
Fields = dict[str, Any]
Objects = dict[Ref, Fields]


def refs_of(things: Iterable[Ref], kind: Kind) -> list[Ref]:
    return [ref for ref in things if ref.kind is kind]


def product_ref(slug: str) -> Ref:
    return Ref(Kind.PRODUCT, slug)


def write_ref(ref: Ref) -> str:
    """Return a thing as the record of an export calls it: no slug, key or name holds a slash."""
    return "/".join(ref)


def read_ref(text: str) -> Ref | None:
    """Return the thing of `write_ref`; None for anything else."""
    kind, *names = text.split("/")
    if kind not in {known.value for known in Kind} or len(names) != 3:
        return None
    return Ref(Kind(kind), *names)
