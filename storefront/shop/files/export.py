"""Writes the shop into a folder: everything beside it first, then file by file into its place."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from storefront.core.db import db, end_read
from storefront.core.errors import StorefrontError
from storefront.core.storage import measure, storage
from storefront.shop.files.disk import open_file
from storefront.shop.files.layout import OutFile, lay_out
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.names import is_left_behind
from storefront.shop.files.objects import Kind, refs_of
from storefront.shop.files.record import Record, read_record
from storefront.shop.files.renew import DIGEST_LETTERS, TEXT_ENDINGS, digest_of_text, record_of, save_record
from storefront.shop.files.shop_state import read_shop


class CannotExport(StorefrontError):
    code = "cannot_export"
    status = 409
    title = "The shop cannot be written there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`written` and `removed` are files below the folder; those that were the same already are not among them."""

    products: int
    files: int
    written: tuple[str, ...]
    removed: tuple[str, ...]


def export_shop(root: Path, *, overwrite: bool = False) -> Exported:
    """Write the shop into an empty folder, or into that of an earlier export.

    With `overwrite` what was edited there since is lost.

    Raises:
        CannotExport: the folder holds something else, or what would be lost; nothing was written.
        StorageUnavailable: the bucket does not answer.
    """
    shop = read_shop(db.session())
    end_read()
    out = list(lay_out(shop))
    record = _check_folder(root)
    digests = {file.path: _digest_of(file) for file in out}
    if not overwrite:
        _check_edits(root, record, digests)
    with _writing(root), _folder_inside(root) as beside:
        written = _write_changed(root, beside, out, digests)
        removed = _remove_old(root, record, digests)
        if not save_record(root, record_of(shop, digests)):
            raise CannotExport(f"{root} cannot be written.")
    products = len(refs_of(shop, Kind.PRODUCT))
    return Exported(products=products, files=len(out), written=tuple(written), removed=tuple(removed))


def _remove_old(root: Path, record: Record, digests: dict[str, str]) -> list[str]:
    """Take away what the shop has no more, and return its paths."""
    old = {path: digest for path, digest in record.files.items() if path not in digests}
    return [path for path, digest in old.items() if _remove(root, path, digest)]


def _write_changed(root: Path, beside: Path, out: list[OutFile], digests: dict[str, str]) -> list[str]:
    """Write all that changed beside the folder's files first, then put each into its place."""
    changed = [file for file in out if _digest_on_disk(root / file.path) != digests[file.path]]
    for number, file in enumerate(changed):
        _write(file, beside / str(number))
    for number, file in enumerate(changed):
        _put(beside / str(number), root, file.path)
    return [file.path for file in changed]


def _check_folder(root: Path) -> Record:
    """Return the record of an earlier export, which may be of any shop."""
    if not root.exists():
        return Record()
    if not root.is_dir():
        raise CannotExport(f"{root} is a file: name a folder.")
    record = read_record(root)
    if record is None and _has_files(root):
        raise CannotExport(f"{root} is neither empty nor an earlier export: name another folder.")
    return record or Record()


def _has_files(root: Path) -> bool:
    return any(not is_left_behind(path.name) for path in root.iterdir())


def _check_edits(root: Path, record: Record, digests: dict[str, str]) -> None:
    edited = []
    for path in sorted({*record.files, *digests}):
        there = _digest_on_disk(root / path)
        if there not in (None, record.files.get(path), digests.get(path)):
            edited.append(path)
    if edited:
        names = ", ".join(edited[:5]) + (f" and {len(edited) - 5} more" if len(edited) > 5 else "")
        raise CannotExport(
            f"Edited since the last export: {names}. Nothing was written. `storefront shop apply` brings it into "
            "the shop, and --overwrite gives it up."
        )


def _digest_of(file: OutFile) -> str:
    return file.sha256[:DIGEST_LETTERS] if file.sha256 else digest_of_text(file.text)


def _digest_on_disk(path: Path) -> str | None:
    """Return the digest of a file; None where there is none, or what is there is no file."""
    if not path.is_file() or path.is_symlink():
        return None
    with suppress(Wrong), open_file(path) as content:
        if path.suffix in TEXT_ENDINGS:
            return digest_of_text(content.read().decode("utf-8-sig", errors="replace"))
        return measure(content)[1][:DIGEST_LETTERS]
    return None


@contextmanager
def _folder_inside(root: Path) -> Iterator[Path]:
    """On the same disk, so that a file moves into its place in one step: the folder may be a disk of its own."""
    root.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=root, prefix=".storefront-"))
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotExport(
            f"{root} cannot be written ({error.strerror}): is there room, and is it yours?"
        ) from error


def _write(file: OutFile, target: Path) -> None:
    if not file.sha256:
        target.write_text(file.text, encoding="utf-8", newline="\n")
        return
    digest = hashlib.sha256()
    try:
        with target.open("wb") as output:
            for chunk in storage().read(file.stored_path):
                digest.update(chunk)
                output.write(chunk)
    except FileNotFoundError as error:
        raise CannotExport(
            f"{file.path} is missing in the storage: `storefront releases check` says more."
        ) from error
    if digest.hexdigest() != file.sha256:
        raise CannotExport(f"{file.path} is damaged in the storage: its SHA-256 is another one.")


def _put(source: Path, root: Path, path: str) -> None:
    """Move a file into its place. No link in the folder leads the way out of it."""
    folder = root
    for part in PurePosixPath(path).parent.parts:
        folder = folder / part
        if folder.is_symlink():
            raise CannotExport(f"{folder} is a link: take it out.")
        folder.mkdir(exist_ok=True)
    source.chmod(0o644)
    source.replace(root / path)


def _remove(root: Path, path: str, digest: str) -> bool:
    """Take away what an earlier export wrote and the shop has no more, with the folders that are empty then."""
    parts = PurePosixPath(path).parts
    target = root.joinpath(*parts)
    folders = [root.joinpath(*parts[:length]) for length in range(1, len(parts))]
    if any(folder.is_symlink() for folder in folders) or _digest_on_disk(target) != digest:
        return False
    target.unlink()
    for folder in reversed(folders):
        with suppress(OSError):  # not empty
            folder.rmdir()
    return True
