"""Download all: an order's files as one zip, made while it is sent, of constant memory and known size."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from zipstream import ZIP_STORED, ZipStream

from storefront.db import db
from storefront.downloads import counting
from storefront.downloads.links import GrantedFile, find_files, get_granted_file, includes
from storefront.downloads.missing import report_missing
from storefront.errors import AccessDenied, NotFound
from storefront.orders.access import item_access
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.storage import storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The newest release of everything in an order."""

    files: tuple[GrantedFile, ...]
    zipped: ZipStream

    @property
    def size_bytes(self) -> int:
        return len(self.zipped)

    def stream(self) -> Iterator[bytes]:
        yield from self.zipped


def open_archive(order: Order) -> Archive:
    """Stored, not deflated: what is sold is packed already, and the size is known before the first byte.

    Raises:
        AccessDenied: nothing in the order is open.
        NotFound: it has no files.
        DownloadLimitReached, DownloadsEnded: for the first file that may not be downloaded any more.
        FileMissing: one is not in the storage.
    """
    granted = [get_granted_file(order, file_id) for file_id in _newest(order)]
    if not granted:
        raise NotFound("There is nothing to download in this order.")
    zipped = ZipStream(compress_type=ZIP_STORED, sized=True)
    taken: set[str] = set()
    for each in granted:
        counting.demand_allowance(each)
        if storage().find_size(each.file.path) != each.file.size_bytes:
            raise report_missing(each.file.path)
        name = _free_name(each.file.filename, taken, each.file.version)
        zipped.add(storage().read(each.file.path), name, size=each.file.size_bytes)
    return Archive(files=tuple(granted), zipped=zipped)


def _newest(order: Order) -> list[int]:
    """Ids of the files of each product's newest release that the order includes and still opens."""
    items = db.session.execute(
        select(OrderItem, Grant.product_id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .where(OrderItem.order_id == order.id, Grant.kind == GrantKind.DOWNLOAD)
        .order_by(OrderItem.position)
    ).all()
    accesses = [(item_access(order, item), product_id) for item, product_id in items]
    if accesses and not any(found.allowed for found, _product_id in accesses):
        raise AccessDenied(accesses[0][0].sentence)
    products = list(dict.fromkeys(product_id for found, product_id in accesses if found.allowed))
    newest: dict[int, int] = {}
    return [
        file.id
        for file in find_files(products)
        if includes(order, file) and newest.setdefault(file.product_id, file.release_id) == file.release_id
    ]


def _free_name(filename: str, taken: set[str], version: str) -> str:
    """Two products may have a file of one name."""
    name = filename
    number = 1
    while name.lower() in taken:
        number += 1
        stem, dot, ending = filename.rpartition(".")
        name = f"{stem or filename} ({version}, {number}){dot}{ending if stem else ''}"
    taken.add(name.lower())
    return name
