"""Download all: an order's files as one zip, made while it is sent, of constant memory and known size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zipstream import ZIP_STORED, ZipStream

from storefront.core.errors import NotFound, StorefrontError
from storefront.core.languages import say
from storefront.core.storage import storage
from storefront.core.texts import marked
from storefront.delivery.downloads.counting import find_refusal
from storefront.delivery.downloads.granted_files import GrantedFile, find_newest_files
from storefront.delivery.downloads.missing_files import report_missing
from storefront.orders.models import Order
from storefront.shop.catalog.file_names import same_name

LEFT_OUT = "Not in this archive.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The newest release of everything in an order that may still be downloaded."""

    files: tuple[GrantedFile, ...]
    zipped: ZipStream

    @property
    def size_bytes(self) -> int:
        return len(self.zipped)

    def stream(self) -> Iterator[bytes]:
        yield from self.zipped


def open_archive(order: Order) -> Archive:
    """Stored, not deflated: what is sold is packed already, and the size is known before the first byte.

    A file that was downloaded as often as it may be is left out, and a text in the zip says so; it must not keep
    the others from the buyer.

    Raises:
        AccessDenied: nothing in the order is open.
        NotFound: it has no files.
        DownloadLimitReached, DownloadsExpired: no file may be downloaded any more; what holds for the first.
        FileMissing: one is not in the storage, not whole, or closed to the shop, whoever sends single files.
        StorageUnavailable: it may be tried again.
    """
    granted_files = find_newest_files(order)
    if not granted_files:
        raise NotFound(marked("There is nothing to download in this order."))
    refusals = _find_refusals(granted_files)
    left_out = [granted for granted in granted_files if granted.file.id in refusals]
    files = [granted for granted in granted_files if granted.file.id not in refusals]
    if not files:
        raise refusals[left_out[0].file.id]
    note = "".join(_line(granted, refusals[granted.file.id]) for granted in left_out)
    return Archive(files=tuple(files), zipped=_zip(files, note))


def _find_refusals(files: Iterable[GrantedFile]) -> dict[int, StorefrontError]:
    return {granted.file.id: refusal for granted in files if (refusal := find_refusal(granted))}


def _zip(files: Iterable[GrantedFile], note: str) -> ZipStream:
    """`note` says what is missing; empty for nothing."""
    zipped = ZipStream(compress_type=ZIP_STORED, sized=True)
    names: set[str] = set()
    for granted in files:
        _add_file(zipped, granted, names)
    if note:
        zipped.add(note.encode(), _free_name(LEFT_OUT, names, "1"))
    return zipped


def _line(granted: GrantedFile, refusal: StorefrontError) -> str:
    return f"{granted.file.filename}: {say(refusal.message)}\r\n"


def _add_file(zipped: ZipStream, granted: GrantedFile, names: set[str]) -> None:
    file = granted.file
    if storage().find_size(file.path) != file.size_bytes:
        raise report_missing(file.path)
    zipped.add(storage().read(file.path), _free_name(file.filename, names, file.version), size=file.size_bytes)


def _free_name(filename: str, used_names: set[str], version: str) -> str:
    """Two products may have a file of one name, or of two that are one on a buyer's disk."""
    name = filename
    number = 1
    while same_name(name) in used_names:
        number += 1
        name = _numbered(filename, version, number)
    used_names.add(same_name(name))
    return name


def _numbered(filename: str, version: str, number: int) -> str:
    stem, dot, ending = filename.rpartition(".")
    return f"{stem or filename} ({version}, {number}){dot}{ending if stem else ''}"
