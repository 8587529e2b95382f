"""Backups on a terminal and as JSON."""

from collections.abc import Iterator, Sequence

from storefront.core.clock import iso
from storefront.owner.backup.check import Seen
from storefront.owner.backup.make import Made
from storefront.owner.backup.restore import Restored

MOST_NAMES = 5
KEY_LINES = (
    "The secret half opens every backup. It is shown this once: keep it away from this machine, on paper or in a",
    "password manager, with two people if you can. Without it no backup can be opened by anybody.",
    "",
    "{secret}",
    "",
    "The public half goes into the settings of the shop:",
    "",
    "BACKUP_RECIPIENT={recipient}",
)


def _size(size_bytes: int) -> str:
    for unit, bytes_of_it in (("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= bytes_of_it:
            return f"{size_bytes / bytes_of_it:.1f} {unit}"
    return f"{-(-size_bytes // 1000)} KB"


def _count(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def made_lines(made: Made) -> Iterator[str]:
    yield (
        f"{made.name}: the database and {_count(made.files, 'file')}, {_size(made.size_bytes)}. "
        f"New: {_count(made.new_files, 'file')}, {_size(made.new_bytes)} written in all."
    )
    if made.removed.backups:
        yield f"Removed: {', '.join(made.removed.backups)}."
    if made.removed.unreadable:
        yield (
            f"Nothing old was removed, because nobody can tell what {_names(made.removed.unreadable)} listed: the "
            "manifest is damaged. Delete that folder of `backups/` if you need it no more."
        )
    if made.missing:
        are = "is" if len(made.missing) == 1 else "are"
        yield (
            f"This backup is not whole: {len(made.missing)} of the shop's files {are} missing from its storage, "
            f"or cut: {_names(made.missing)}. Put them back, or take them out of the shop, and back up again. "
            "Nothing old was removed."
        )


def seen_line(seen: Seen) -> str:
    manifest = seen.manifest
    if manifest is None:
        return f"{seen.name}  its manifest is damaged"
    other = ("" if seen.is_own else ", of another SECRET_KEY") + (", dated in the future" if seen.is_ahead else "")
    return (
        f"{seen.name}  {manifest.made_at:%Y-%m-%d %H:%M} UTC, {manifest.engine}, schema {manifest.revision}, "
        f"{_count(len(manifest.files), 'file')}, {_size(manifest.size_bytes)}{other}"
    )


def seen_to_json(seen: Seen) -> dict[str, object]:
    manifest = seen.manifest
    if manifest is None:
        return {"name": seen.name, "is_readable": False}
    return {
        "name": manifest.name,
        "is_readable": True,
        "is_own": seen.is_own,
        "is_dated_in_the_future": seen.is_ahead,
        "made_at": iso(manifest.made_at),
        "version": manifest.version,
        "revision": manifest.revision,
        "engine": manifest.engine,
        "recipient": manifest.recipient,
        "files": len(manifest.files),
        "size_bytes": manifest.size_bytes,
    }


def checked_line(seen: Seen) -> str:
    manifest = seen.manifest
    if manifest is None:
        return seen_line(seen)
    whose = "" if seen.is_own else " It is of another SECRET_KEY, so nobody here can tell who made it."
    return f"{manifest.name} is whole: {len(manifest.parts)} parts, {_size(manifest.size_bytes)}.{whose}"


def restored_lines(restored: Restored) -> Iterator[str]:
    yield (
        f"{restored.name} is back: the database as it was at {restored.made_at:%Y-%m-%d %H:%M} UTC, and "
        f"{_count(restored.files, 'file')}."
    )
    if restored.is_behind:
        yield "Its schema is older than this code: run `storefront db upgrade`."
    yield "Start web server and worker, then run `storefront reconcile`: it brings back what was sold since."
