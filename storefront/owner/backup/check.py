"""Which backups there are, and whether one of them is whole. No key is needed for it."""

from dataclasses import dataclass

from storefront.core.depots import Depot, FolderDepot
from storefront.core.runtime import settings
from storefront.owner.backup.manifest import (
    Manifest,
    fingerprint,
    is_ahead,
    is_genuine,
    list_names,
    read_manifest,
)
from storefront.owner.backup.refusals import BackupDamaged, NoBackup
from storefront.owner.backup.sealed import check_sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`manifest` is None where it cannot be read; `is_own`: the shop that made it has this SECRET_KEY.

    `is_ahead`: it is dated in the future, so it is the newest for nobody.
    """

    name: str
    manifest: Manifest | None
    is_own: bool = False
    is_ahead: bool = False


def list_backups(place: Depot) -> list[Seen]:
    """Return all of them, the newest first; last those that are dated in the future.

    Raises:
        NoBackup: there is not even the folder, which is no place without a backup.
    """
    if isinstance(place, FolderDepot) and not place.root.is_dir():
        raise NoBackup(f"There is no folder {place.root}: is its disk mounted, and is the address right?")
    return [_look(place, name) for name in list_names(place)]


def _look(place: Depot, name: str) -> Seen:
    try:
        manifest = read_manifest(place, name)
    except BackupDamaged:
        return Seen(name=name, manifest=None)
    return Seen(name=name, manifest=manifest, is_own=is_own(manifest), is_ahead=is_ahead(name))


def find_backup(place: Depot, name: str | None) -> Manifest:
    """Return one by its name, or the newest one that is not dated in the future, if there is one.

    Raises:
        NoBackup: there is none.
        BackupDamaged: its manifest cannot be read.
    """
    if name is None:
        names = list_names(place)
        if not names:
            raise NoBackup("There is no backup here: look at the address.")
        name = names[0]
    return read_manifest(place, name)


def is_own(manifest: Manifest) -> bool:
    """Tell whether the shop that made it has this SECRET_KEY, or had it before."""
    return manifest.secret_key in map(fingerprint, settings().secret_keys)


def check_backup(place: Depot, name: str | None) -> Seen:
    """Read all of a backup, by default the newest, and hold it against what was written.

    Raises:
        NoBackup, BackupDamaged: there is none; something is missing, cut, replaced or not signed by us.
    """
    manifest = find_backup(place, name)
    demand_genuine(manifest)
    for part in manifest.parts:
        check_sealed(place, part)
    return Seen(name=manifest.name, manifest=manifest, is_own=is_own(manifest), is_ahead=is_ahead(manifest.name))


def demand_genuine(manifest: Manifest) -> None:
    """Raises BackupDamaged. Of a shop with another SECRET_KEY nobody here can tell."""
    if is_own(manifest) and not is_genuine(manifest, settings().secret_keys):
        raise BackupDamaged(f"The manifest of {manifest.name} was altered: take another backup.")
