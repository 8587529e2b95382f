"""The shop as it would be after a folder was applied, and what checks ask of all of it: found once for all."""

from collections.abc import Iterator

from storefront.shop.editor.parts import INCLUDES
from storefront.shop.files.objects import Fields, Kind, Objects, Ref, refs_of


class Merged(dict[Ref, Fields]):
    """Nobody changes it once it is made. `shop` is what it was before."""

    def __init__(self, objects: Objects, shop: Objects) -> None:
        super().__init__(objects)
        self._things: dict[tuple[str, ...], list[Ref]] = {}
        self._owners: dict[str, list[str]] = {}
        self._bundles: dict[str, str] = {}
        for ref in self:
            self._things.setdefault(ref[:2], []).append(ref)
            self._things.setdefault(ref[:3], []).append(ref)
        for ref in refs_of(self, Kind.PRODUCT):
            for slug in _slugs_of(ref, self[ref], shop.get(ref, {})):
                self._owners.setdefault(slug, []).append(ref.product)
        for ref in refs_of(self, Kind.EDITION):
            for slug in self._slugs_of_parts(ref):
                self._bundles.setdefault(slug, ref.product)

    def of(self, kind: Kind, product: str, *name: str) -> list[Ref]:
        """Return what a product has of a kind; with a name what an edition or a release has of it."""
        return self._things.get((kind, product, *name), [])

    def is_address(self, slug: str) -> bool:
        """Tell whether a product has, or had, this address."""
        return slug in self._owners

    def find_owner(self, slug: str, *, beside: str) -> str | None:
        """Return another product that has, or had, this address, or is known by it to sold programs."""
        return next((owner for owner in reversed(self._owners.get(slug, [])) if owner != beside), None)

    def find_bundle_with(self, slug: str) -> str | None:
        return self._bundles.get(slug)

    def _slugs_of_parts(self, edition: Ref) -> Iterator[str]:
        return (part.partition("/")[0] for part in self[edition].get(INCLUDES, ()))


def _slugs_of(ref: Ref, values: Fields, current: Fields) -> set[str]:
    aliases = [*values.get("aliases", ()), *current.get("aliases", ())]
    return {ref.product, values["slug"], values.get("first_slug", ref.product), *aliases}
