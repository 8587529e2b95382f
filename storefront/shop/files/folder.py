"""What a folder says: things and their fields, each with its place, and the files that belong to them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from storefront.shop.files.disk import Entry, open_file
from storefront.shop.files.mistakes import Mistakes, Wrong
from storefront.shop.files.nodes import Items, Node, Table, unknown_name
from storefront.shop.files.objects import Objects, Ref
from storefront.shop.files.values import Field, items, table

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    line: int


@dataclass(slots=True, kw_only=True)
class Folder:
    """`sources` are files on the disk by what they are of. `lists` are those that were given, of which product.

    `places` are those of fields; of a thing as a whole where the field is empty. `orders` are the names of a
    product's editions, pictures and samples as they stand there.
    """

    root: Path
    mistakes: Mistakes = field(default_factory=Mistakes)
    objects: Objects = field(default_factory=dict)
    places: dict[tuple[Ref, str], Place] = field(default_factory=dict)
    sources: dict[Ref, Path] = field(default_factory=dict)
    lists: set[tuple[str, str]] = field(default_factory=set)
    orders: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, ref: Ref, place: Place) -> bool:
        """Return False, with a mistake, for what stands there twice."""
        if ref in self.objects:
            first = self.places[ref, ""]
            self.mistakes.add(place.file, place.line, f"this is on line {first.line} of {first.file} already.")
            return False
        self.objects[ref] = {}
        self.places[ref, ""] = place
        return True

    def wrong(self, ref: Ref, name: str, words: str) -> None:
        """Add a mistake at the place of a field, or of the thing where the field has none."""
        place = self.places.get((ref, name)) or self.places.get((ref, "")) or Place("shop.toml", 0)
        self.mistakes.add(place.file, place.line, f"{name}: {words}" if name else words)

    def read_fields(
        self, ref: Ref, fields: Iterable[Field], source: Table, file: str, others: Iterable[str]
    ) -> None:
        """Read the fields of a thing. `others` are names that are read elsewhere."""
        known = {known.name: known for known in fields}
        for name, node in source.nodes.items():
            line = source.lines[name]
            if name in known:
                self.read_field(ref, known[name], node, Place(file, line))
            elif name not in others:
                self.mistakes.add(file, line, unknown_name(name, [*known, *others]))

    def read_field(self, ref: Ref, known: Field, node: Node, place: Place) -> None:
        self.places[ref, known.name] = place
        try:
            self.objects[ref][known.name] = known.read(node)
        except Wrong as wrong:
            self.mistakes.add(place.file, wrong.line or place.line, f"{known.name}: {wrong}")

    def read_list(self, name: str, source: Table, file: str) -> tuple[Table, ...]:
        """Return the tables of a list; none where it is not there or is no such list."""
        node = source.nodes.get(name)
        if node is None:
            return ()
        try:
            return tuple(table(entry) for entry in items(node))
        except Wrong as wrong:
            self.mistakes.add(file, wrong.line or source.lines[name], f"{name}: {wrong}")
            return ()

    def has_list(self, name: str, source: Table) -> bool:
        return isinstance(source.nodes.get(name), Items)


def hash_file(entry: Entry) -> str:
    """Return the SHA-256 of a file. Raises Wrong."""
    digest = hashlib.sha256()
    with open_file(entry.path) as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
