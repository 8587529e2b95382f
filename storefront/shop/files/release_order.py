"""The order in which versions without a date are published: as people count, so that 1.10 is newer than 1.9."""

import re
from collections.abc import Iterable, Iterator

from storefront.core import clock
from storefront.shop.catalog.releases import ReleaseState
from storefront.shop.files.objects import Fields, Kind, Objects, Ref, refs_of
from storefront.shop.files.plan import Plan, Step

_PARTS = re.compile(r"\d+|[^\W\d_]+")
_BEFORE = frozenset(  # these come before the version itself
    {"alpha", "beta", "canary", "dev", "milestone", "nightly", "pre", "prerelease", "preview", "rc", "snapshot"}
)
_V = re.compile(r"\bv(?:ersion)?\W*(?=\d)")  # a word, also that of App v1.1: not the last letter of 1.0-dev1
_SHORT = re.compile(r"(?<=\d)[-._ ]?([abm])(?=[-.]?\d)")  # 1.0b1, 1.0-b1, 1.0-M1; 1.10a comes after 1.10
_LONG = {"a": "-alpha-", "b": "-beta-", "m": "-milestone-"}

VersionKey = tuple[tuple[int, int, str], ...]
_END = (1, 0, "")
NUMBER = 3  # of a part: words that come before the version, its end, other words, numbers


def version_key(version: str) -> VersionKey:
    """Return by what versions are sorted, the oldest first: 1.9, 1.10-beta, 1.10, 1.10.1."""
    plain = _V.sub("", version.casefold())
    written_out = _SHORT.sub(lambda short: _LONG[short[1]], plain)
    return (*map(_part_key, _PARTS.findall(written_out)), _END)


def _part_key(part: str) -> tuple[int, int, str]:
    if part[0].isdecimal():  # not isdigit(): int() reads no circled and no raised one
        return NUMBER, int(part), ""
    return (0 if part in _BEFORE else 2), 0, part


def oldest_first(releases: Iterable[Ref]) -> list[Ref]:
    return sorted(releases, key=lambda ref: (version_key(ref.name), ref.name))


def explain_order(plan: Plan, shop: Objects) -> Iterator[str]:
    """Yield the order of the versions of each product that get their date only when they are written.

    And which of them buyers will take for newer than a later one that was published before.
    """
    undated: dict[str, list[Ref]] = {}
    for step in plan.of_kind(Kind.RELEASE):
        if _is_published_now(step, shop):
            undated.setdefault(step.ref.product, []).append(step.ref)
    for slug, refs in undated.items():
        if len(refs) > 1:
            yield _order_words(slug, refs)
        newest = _find_newest(slug, shop)
        yield from (_late_words(ref, newest) for ref in oldest_first(refs) if newest and _is_older(ref, newest))


def _order_words(slug: str, releases: Iterable[Ref]) -> str:
    versions = ", ".join(ref.name for ref in oldest_first(releases))
    words = "these versions have no published_at, and are published in this order, the newest last"
    return f"{slug}: {words}: {versions}."


def _find_newest(slug: str, shop: Objects) -> Ref | None:
    """Return the highest version that buyers of a product have."""
    of_product = (ref for ref in refs_of(shop, Kind.RELEASE) if ref.product == slug)
    published = [ref for ref in of_product if _is_out(shop[ref])]
    return max(published, key=lambda ref: version_key(ref.name), default=None)


def _is_out(release: Fields) -> bool:
    date = release["published_at"]
    return release["state"] == ReleaseState.PUBLISHED and date is not None and date <= clock.now()


def _is_older(release: Ref, newest: Ref) -> bool:
    """Return whether numbers say so: names like Spring and Autumn are of no certain order."""
    keys = (version_key(release.name), version_key(newest.name))
    return all(key[0][0] == NUMBER for key in keys) and keys[0] < keys[1]


def _late_words(release: Ref, newest: Ref) -> str:
    words = f"{release.name} has no published_at, and is published now, so buyers take it for newer than"
    return f"{release.product}: {words} {newest.name}. With a date before that of {newest.name} it is older."


def _is_published_now(step: Step, shop: Objects) -> bool:
    after = {"state": ReleaseState.PUBLISHED, "published_at": None} | shop.get(step.ref, {}) | step.values
    return after["state"] == ReleaseState.PUBLISHED and after["published_at"] is None
