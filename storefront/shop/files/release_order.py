"""The order in which versions without a date are published: as people count, so that 1.10 is newer than 1.9."""

import re
from collections.abc import Iterable, Iterator

from storefront.shop.catalog.releases import ReleaseState
from storefront.shop.files.objects import Kind, Objects, Ref
from storefront.shop.files.plan import Plan, Step

_PARTS = re.compile(r"\d+|[^\W\d_]+")
_BEFORE = frozenset(  # these come before the version itself
    {"alpha", "beta", "canary", "dev", "milestone", "nightly", "pre", "prerelease", "preview", "rc", "snapshot"}
)
_LEADING_V = re.compile(r"^\W*v(?:ersion)?\W*(?=\d)")  # not that of 1.0-dev1
_SHORT = re.compile(r"(?<=\d)[ab](?=\d)")  # 1.0b1, as Python's packages are called; 1.10a comes after 1.10
_LONG = {"a": "-alpha-", "b": "-beta-"}

VersionKey = tuple[tuple[int, int, str], ...]
_END = (1, 0, "")


def version_key(version: str) -> VersionKey:
    """Return by what versions are sorted, the oldest first: 1.9, 1.10-beta, 1.10, 1.10.1."""
    plain = _LEADING_V.sub("", version.casefold())
    written_out = _SHORT.sub(lambda short: _LONG[short[0]], plain)
    return (*map(_part_key, _PARTS.findall(written_out)), _END)


def _part_key(part: str) -> tuple[int, int, str]:
    if part[0].isdecimal():  # not isdigit(): int() reads no circled and no raised one
        return 3, int(part), ""
    return (0 if part in _BEFORE else 2), 0, part


def oldest_first(releases: Iterable[Ref]) -> list[Ref]:
    return sorted(releases, key=lambda ref: (version_key(ref.name), ref.name))


def explain_order(plan: Plan, shop: Objects) -> Iterator[str]:
    """Yield the order of the versions of each product that get their date only when they are written."""
    undated: dict[str, list[Ref]] = {}
    for step in plan.of_kind(Kind.RELEASE):
        if _is_published_now(step, shop):
            undated.setdefault(step.ref.product, []).append(step.ref)
    for slug, refs in undated.items():
        if len(refs) > 1:
            yield _order_words(slug, refs)


def _order_words(slug: str, releases: Iterable[Ref]) -> str:
    versions = ", ".join(ref.name for ref in oldest_first(releases))
    words = "these versions have no published_at, and are published in this order, the newest last"
    return f"{slug}: {words}: {versions}."


def _is_published_now(step: Step, shop: Objects) -> bool:
    after = {"state": ReleaseState.PUBLISHED, "published_at": None} | shop.get(step.ref, {}) | step.values
    return after["state"] == ReleaseState.PUBLISHED and after["published_at"] is None
