"""Which backups stay: the newest, also of so many days, weeks and months, and ways back. Others go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.core import clock
from storefront.core.depots import Depot
from storefront.core.runtime import settings
from storefront.owner.backup.manifest import (
    BACKUPS,
    OBJECTS,
    Manifest,
    is_genuine,
    list_names,
    path_of,
    read_manifest,
)
from storefront.owner.backup.refusals import BackupDamaged

LEFT_OVER = timedelta(days=1)  # what no backup lists and is younger may belong to one that is being made
WAY_BACK = timedelta(days=7)  # in which somebody may still want the version before, with its database


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many of each; with none at all every backup stays."""

    newest: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0

    @property
    def is_everything(self) -> bool:
        return not any((self.newest, self.daily, self.weekly, self.monthly))


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """`unreadable`: backups whose manifest cannot be read, so that nothing was removed."""

    backups: tuple[str, ...] = ()
    objects: int = 0
    unreadable: tuple[str, ...] = ()


def _day(when: datetime) -> object:
    return when.date()


def _week(when: datetime) -> object:
    return when.isocalendar()[:2]


def _month(when: datetime) -> object:
    return when.year, when.month


def choose(made: dict[str, datetime], keep: Keep, now: datetime) -> set[str]:
    """Return the names that stay, of names and when each was made (UTC). Pure. The newest one always stays.

    What was made by a clock that was ahead counts as the oldest.
    """
    newest_first = sorted(
        made, key=lambda name: (not clock.is_ahead(made[name], now), made[name], name), reverse=True
    )
    if keep.is_everything:
        return set(made)
    spans = ((keep.daily, _day), (keep.weekly, _week), (keep.monthly, _month))
    of_spans = (name for count, span in spans for name in _newest_of_each(newest_first, made, count, span))
    return {*newest_first[: max(keep.newest, 1)], *of_spans}


def _newest_of_each(
    newest_first: Iterable[str], made: dict[str, datetime], count: int, span: Callable[[datetime], object]
) -> list[str]:
    first_of: dict[object, str] = {}
    for name in newest_first:
        first_of.setdefault(span(made[name]), name)
    return list(first_of.values())[:count]


def find_ways_back(backups: Iterable[Manifest], now: datetime) -> set[str]:
    """Return the names of the last backup of each schema that was made in the last days, whatever `Keep` says.

    An upgrade is made right after a backup. Any later one of that day would take its place.
    """
    oldest_first = sorted(backups, key=lambda backup: (backup.made_at, backup.name))
    last_of = {backup.revision: backup for backup in oldest_first if not clock.is_ahead(backup.made_at, now)}
    return {backup.name for backup in last_of.values() if now - backup.made_at <= WAY_BACK}


def remove_old(place: Depot, keep: Keep, now: datetime, *, new: str) -> Removed:
    """Remove manifests first: killed half way, it leaves objects that nobody lists, and the next one removes.

    `new` is the backup that was just made, which stays whatever the clock says.

    A manifest that cannot be read stays, and with it every object: somebody has to look. One that no key of this
    shop signed is another shop's, or a forgery: it stays, and takes the place of none of ours.
    """
    if keep.is_everything:
        return Removed()
    manifests, unreadable = _read_all(place)
    if unreadable:
        return Removed(unreadable=tuple(unreadable))
    own = [manifest for manifest in manifests if is_genuine(manifest, settings().secret_keys)]
    chosen = choose({manifest.name: manifest.made_at for manifest in own}, keep, now)
    stays = chosen | find_ways_back(own, now) | {new}
    gone = [manifest for manifest in own if manifest.name not in stays]
    for manifest in gone:
        place.delete(path_of(manifest.name))
    objects = _remove_unlisted(place, [manifest for manifest in manifests if manifest not in gone], gone, now)
    return Removed(backups=tuple(manifest.name for manifest in gone), objects=objects)


def _read_all(place: Depot) -> tuple[list[Manifest], list[str]]:
    """Return the manifests, and the names of backups whose own cannot be read."""
    manifests, unreadable = [], []
    for name in list_names(place):
        try:
            manifests.append(read_manifest(place, name))
        except BackupDamaged:
            unreadable.append(name)
    return manifests, unreadable


def _remove_unlisted(place: Depot, stay: list[Manifest], gone: list[Manifest], now: datetime) -> int:
    listed = {part.name for manifest in stay for part in manifest.parts}
    listed |= {path_of(manifest.name) for manifest in stay}
    of_gone = {part.name for manifest in gone for part in manifest.parts}
    unlisted = [
        found.name
        for folder in (BACKUPS, OBJECTS)
        for found in list(place.list(folder))
        if found.name not in listed and (found.name in of_gone or now - found.changed_at > LEFT_OVER)
    ]
    for name in unlisted:
        place.delete(name)
    return len(unlisted)
