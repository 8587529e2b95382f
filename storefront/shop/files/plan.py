"""Compares a folder with the shop: what would be made, changed and retired, and what both sides have changed."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from storefront.shop.catalog.models import ProductState
from storefront.shop.catalog.releases import ReleaseState
from storefront.shop.editor.stale import digest_of
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import AS_WRITTEN, SHOP, Fields, Kind, Objects, Ref, product_ref, refs_of
from storefront.shop.files.record import ABSENT, NOT_RECORDED, Record
from storefront.shop.translations.pairs import QUESTIONS

ORDERS = ("editions", "pictures", "samples")
ORDERED = {"order": Kind.PRODUCT, "page_order": Kind.PAGE}  # of the shop
LISTED = (Kind.PAGE, Kind.EMAIL, Kind.PRODUCT)  # in folders of their own
UNSOLD = (ProductState.DRAFT, ProductState.RETIRED)


class Act(StrEnum):
    MAKE = "make"
    CHANGE = "change"
    REMOVE = "remove"  # retire a product, switch off an edition, withdraw a release, take a picture off


class Choice(StrEnum):
    """Whose value counts where both sides have changed."""

    SHOP = "shop"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`before` is None for what is made."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    act: Act
    ref: Ref
    changes: tuple[Change, ...] = ()

    @property
    def values(self) -> Fields:
        return {change.field: change.after for change in self.changes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The shop's value is not that of the export, and not that of the folder. None: it is not there."""

    ref: Ref
    field: str
    in_shop: Any
    in_folder: Any

    @property
    def path(self) -> str:
        return f"{self.ref.path}/{self.field}" if self.field else self.ref.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """`everything` decides for all of it, `paths` for single fields or things."""

    everything: Choice | None = None
    paths: dict[str, Choice] = field(default_factory=dict)

    def find(self, path: str) -> Choice | None:
        return self.paths.get(path, self.everything)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`conflicts` wait for a decision. `kept` were decided for the shop: nothing is done with them."""

    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]
    kept: tuple[Conflict, ...]

    @property
    def is_empty(self) -> bool:
        return not self.steps and not self.conflicts

    def of_kind(self, kind: Kind) -> list[Step]:
        return [step for step in self.steps if step.ref.kind is kind]


def make_plan(
    folder: Folder, wanted: Objects, shop: Objects, record: Record, *, removed: Iterable[Ref], decisions: Decisions
) -> Plan:
    """Return what brings the shop to where the folder is. `wanted` are the folder's things by the shop's slugs.

    `removed` are the shop's things that go: pruned, or replaced.
    """
    planner = _Planner(shop, record, decisions)
    for ref, values in sorted(wanted.items(), key=lambda thing: _turn(thing[0])):
        planner.compare(ref, values)
    for ref in removed:
        planner.remove(ref)
    for (slug, name), names in folder.orders.items():
        planner.compare_order(product_ref(slug), name, names)
    return Plan(steps=tuple(planner.steps.values()), conflicts=tuple(planner.conflicts), kept=tuple(planner.kept))


def _turn(ref: Ref) -> int:
    """Return 1 for a page's translation, which needs its page, and 2 for the shop: it orders the others."""
    return 2 if ref == SHOP else int(ref.kind is Kind.TRANSLATION and bool(ref.part))


class _Planner:
    def __init__(self, shop: Objects, record: Record, decisions: Decisions) -> None:
        self._shop = shop
        self._record = record
        self._decisions = decisions
        self.steps: dict[Ref, Step] = {}
        self.conflicts: list[Conflict] = []
        self.kept: list[Conflict] = []

    def compare(self, ref: Ref, values: Fields) -> None:
        current = self._shop.get(ref)
        if current is None:
            self._make(ref, values)
            return
        for name, value in values.items():
            if ref == SHOP and name in ORDERED:
                self.compare_order(ref, name, value, self._made(ORDERED[name]))
            elif name == "aliases":
                self._add_aliases(ref, value, current)
            elif name not in NOT_RECORDED and not _says_nothing(ref, name, value, current):
                self._compare_value(ref, name, current.get(name, ""), value)

    def _make(self, ref: Ref, values: Fields) -> None:
        if ref.kind is Kind.TRANSLATION and not any(values.values()):
            return  # a file without a text: the shop has none either
        if self._is_of_nothing(ref):
            return
        if ref not in self._record.digests or self._may_write(ref, "", None, _shown_whole(ref, values)):
            changes = tuple(Change(field=name, before=None, after=value) for name, value in values.items())
            self.steps[ref] = Step(act=Act.MAKE, ref=ref, changes=changes)

    def _is_of_nothing(self, ref: Ref) -> bool:
        """Return whether it is part of what was deleted in the shop, and nobody has said to bring that back.

        What was there at the export is asked about itself.
        """
        whole = ref.whole
        return not (whole is None or whole in self._shop or whole in self.steps or ref in self._record.digests)

    def _made(self, kind: Kind) -> list[str]:
        return [ref.product or ref.name for ref in self.steps if ref.kind is kind]

    def compare_order(self, ref: Ref, name: str, names: list[str], made: Collection[str] | None = None) -> None:
        """Compare an order. `made` are those that will be new, in the order in which they are made."""
        current = self._shop.get(ref)
        if current is not None and names:
            staying = [named for named in current[name] if not self._goes(ref.product, named)]
            there = full_order(staying, names if made is None else made)
            after = full_order(names, there)
            if after != there:
                self._compare_value(ref, name, current[name], after)

    def _goes(self, slug: str, sha256: str) -> bool:
        """Return whether --prune takes this picture or sample off; what else it removes keeps its place."""
        refs = (Ref(Kind.PICTURE, slug, sha256), Ref(Kind.SAMPLE, slug, sha256))
        return any(ref in self.steps and self.steps[ref].act is Act.REMOVE for ref in refs)

    def remove(self, ref: Ref) -> None:
        """Plan what goes. A thing that was made since the export is asked about first."""
        if self._is_known(ref) or self._may_write(ref, "", _shown_whole(ref, self._shop[ref]), None):
            self.steps[ref] = Step(act=Act.REMOVE, ref=ref)

    def _is_known(self, ref: Ref) -> bool:
        """Return False for what folder and shop have made each by itself since they last agreed."""
        return not self._record.digests or ref in self._record.digests

    def _add_aliases(self, ref: Ref, value: list[str], current: Fields) -> None:
        new = [slug for slug in value if slug not in current["aliases"] and slug != current["slug"]]
        if new:
            self._change(ref, "aliases", current["aliases"], sorted([*current["aliases"], *new]))

    def _compare_value(self, ref: Ref, name: str, current: Any, value: Any) -> None:  # noqa: ANN401 - of any field
        if digest_of(current) != digest_of(value) and self._may_write(ref, name, current, value):
            self._change(ref, name, current, value)

    def _change(self, ref: Ref, name: str, before: Any, after: Any) -> None:  # noqa: ANN401 - of any field
        known = self.steps.get(ref)
        changes = (*(known.changes if known else ()), Change(field=name, before=before, after=after))
        self.steps[ref] = Step(act=known.act if known else Act.CHANGE, ref=ref, changes=changes)

    def _may_write(self, ref: Ref, name: str, current: Any, value: Any) -> bool:  # noqa: ANN401 - of any field
        """Return whether the folder's value is to be written: the shop's is the exported one, or given up."""
        recorded = self._record.digests.get(ref, {}).get(name)
        if name and self._is_known(ref) and recorded in (None, digest_of(current)):
            return True
        conflict = Conflict(ref=ref, field=name, in_shop=current, in_folder=value)
        choice = self._decisions.find(conflict.path) or self._find_earlier_choice(conflict)
        if choice is None:
            self.conflicts.append(conflict)
        elif choice is Choice.SHOP:
            self.kept.append(conflict)
        return choice is Choice.FOLDER

    def _find_earlier_choice(self, conflict: Conflict) -> Choice | None:
        """The shop's, while both sides are what they were when it was chosen."""
        kept = self._record.kept.get((conflict.ref, conflict.field))
        return Choice.SHOP if kept == digests_of_sides(conflict) else None


def digests_of_sides(conflict: Conflict) -> tuple[str, str]:
    """Return by what a decision is known later: the digests of the folder's value and of the shop's."""
    return (
        ABSENT if conflict.in_folder is None else digest_of(conflict.in_folder),
        ABSENT if conflict.in_shop is None else digest_of(conflict.in_shop),
    )


def _shown_whole(ref: Ref, values: Fields) -> Any:  # noqa: ANN401 - of any field
    """Return what a conflict shows of a thing that only one side has: of a price its amount."""
    return values["amount"] if ref.kind is Kind.PRICE else True


def full_order(names: Collection[str], current: Collection[str]) -> list[str]:
    """Return those that are named, then those that are only there."""
    named = set(names)
    return [*names, *(name for name in current if name not in named)]


def _says_nothing(ref: Ref, name: str, value: Any, current: Fields) -> bool:  # noqa: ANN401 - of any field
    """A date of `none` is that of a draft; whoever publishes it later leaves it standing in the folder.

    Translated questions stay with their originals where the owner moves these: a folder that has them as they were
    written says nothing new.
    """
    if ref.kind is Kind.TRANSLATION and name == QUESTIONS and value == current.get(AS_WRITTEN):
        return True
    return ref.kind is Kind.RELEASE and name == "published_at" and value is None and current[name] is not None


def find_replaced(folder: Folder, shop: Objects, record: Record) -> Iterator[Ref]:
    """Yield pictures and samples whose file has other bytes than when folder and shop last agreed."""
    for ref, source in folder.sources.items():
        before = record.files.get(source.relative_to(folder.root).as_posix())
        if ref.kind in (Kind.PICTURE, Kind.SAMPLE) and before and not ref.name.startswith(before):
            yield from _find_gone(folder, shop, ref, before)


def _find_gone(folder: Folder, shop: Objects, ref: Ref, sha256: str) -> Iterator[Ref]:
    for other in shop:
        if other[:2] == ref[:2] and other not in folder.objects and other.name.startswith(sha256):
            yield other


def find_absent(folder: Folder, wanted: Objects, shop: Objects) -> Iterator[Ref]:
    """Yield what the shop sells or shows and the folder has not, of lists that the folder has."""
    products = {ref.product for ref in refs_of(wanted, Kind.PRODUCT)}
    for ref, values in shop.items():
        is_part = ref.kind not in LISTED
        if ref in wanted or (is_part and ref.product not in products):
            continue
        if _is_listed(folder, ref) and _is_in_use(ref, values):
            yield ref


def _is_listed(folder: Folder, ref: Ref) -> bool:
    if ref.kind in LISTED:
        return ("", f"{ref.kind.value}s") in folder.lists
    lists = {
        Kind.EDITION: "editions",
        Kind.PRICE: f"prices of {ref.name}",
        Kind.PICTURE: "pictures",
        Kind.SAMPLE: "samples",
        Kind.RELEASE: "releases",
    }
    return (ref.product, lists.get(ref.kind, "")) in folder.lists


def _is_in_use(ref: Ref, values: Fields) -> bool:
    match ref.kind:
        case Kind.PAGE:
            return bool(values["is_published"])
        case Kind.PRODUCT:
            return values["state"] not in UNSOLD
        case Kind.EDITION:
            return bool(values["is_active"])
        case Kind.RELEASE:
            return bool(values["state"] == ReleaseState.PUBLISHED)
        case _:
            return True
