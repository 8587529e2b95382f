"""Imports keys into a product's pool, all or none, and serves the orders that waited for them, oldest first."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.delivery.licenses.pools.fill_backorders import (
    FilledBackorders,
    fill_batches,
    fill_product_backorders,
    fill_while_there_are_keys,
    list_batches,
)
from storefront.delivery.licenses.pools.insert_keys import KeptRow, insert_keys, rows_of
from storefront.delivery.licenses.pools.key_files import KeyFile, Problem
from storefront.delivery.licenses.pools.known_keys import find_known_keys
from storefront.delivery.licenses.pools.notices import settle_pool_notices
from storefront.delivery.licenses.pools.refusal import NO_KEYS, KeysRefused
from storefront.delivery.licenses.pools.stock import count_waiting
from storefront.delivery.licenses.queries import count_unsold
from storefront.shop.catalog.models import KeySource, Product
from storefront.shop.catalog.queries import get_product, lock_product


class _DryRun(Exception):
    """Rolls a dry run back, once it knows what to say."""

    def __init__(self, imported: "Imported") -> None:
        super().__init__()
        self.imported = imported


class NotAPool(StorefrontError):
    code = "not_a_pool"
    status = 409
    title = "This product takes no imported keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`blank_lines` and `comment_lines` are the numbers of lines that were left out.

    `long_lines` are those where a key of several lines begins: a quote too many makes one key of two.
    """

    imported: int
    long_lines: tuple[int, ...]
    blank_lines: tuple[int, ...]
    comment_lines: tuple[int, ...]
    served_keys: int
    served_orders: int
    unsold: int
    waiting: int


def import_keys(slug: str, file: KeyFile, *, dry_run: bool = False) -> Imported:
    """Import keys into a product's pool of the running mode, all of them or none.

    A dry run does it all, and takes it back: it says what a run would say. Every line is checked, and every key
    sealed, before the transaction, so that sales wait no longer than it takes to write the rows of one file. What
    another import brings in between, the schema refuses: then the lines are checked again, and named. Where
    hundreds of keys are waited for, who waits longest is served in the same transaction, and the others in further
    ones.

    Raises:
        NotFound: no such product.
        NotAPool: its keys are generated.
        KeysRefused: a line is unusable, or its key was imported, sold or replaced before; nothing is changed.
    """
    _check_pool(get_product(db.session(), slug))
    _check_lines(file, (*file.problems, *find_known_keys(db.session(), file.keys)))
    rows = rows_of(file.keys)
    try:
        imported, product_id, rest = _import(slug, file, rows, dry_run=dry_run)
    except _DryRun as dry_run_done:
        return dry_run_done.imported
    except IntegrityError as error:
        known = find_known_keys(db.session(), file.keys)
        if not known:
            raise
        raise KeysRefused(known) from error
    if rest:
        filled = FilledBackorders(imported.served_keys, imported.served_orders) + fill_batches(product_id, rest)
        imported = _report(db.session(), product_id, file, filled)
    if imported.served_orders:
        nudge("outbox")
    return imported


def _check_lines(file: KeyFile, problems: Collection[Problem]) -> None:
    if problems:
        raise KeysRefused(problems)
    if not file.keys:
        raise KeysRefused([NO_KEYS])


def _import(
    slug: str, file: KeyFile, rows: list[KeptRow], *, dry_run: bool
) -> tuple[Imported, int, list[list[int]]]:
    """Return also the product's id and, as `list_batches` does, the orders that may be served now."""
    with transaction() as session:
        product = lock_product(session, slug)  # imports of one product come one after the other
        _check_pool(product)
        insert_keys(session, product.id, file.keys, rows)
        batches = list_batches(session, product.id)
        filled = fill_while_there_are_keys(
            batches if dry_run else batches[:1], partial(fill_product_backorders, session, product.id)
        )
        settle_pool_notices(session, settings().mode, [product.id])
        imported = _report(session, product.id, file, filled)
        if dry_run:
            raise _DryRun(imported)
        record(
            session,
            "keys.imported",
            subject_kind="product",
            subject=product.slug,
            after={
                "imported": imported.imported,
                "served_keys": imported.served_keys,
                "served_orders": imported.served_orders,
                "unsold": imported.unsold,
            },
        )
        return imported, product.id, [] if filled.is_short else batches[1:]


def _report(session: Session, product_id: int, file: KeyFile, filled: FilledBackorders) -> Imported:
    mode = settings().mode
    return Imported(
        imported=len(file.keys),
        long_lines=tuple(line.number for line in file.keys if "\n" in line.key),
        blank_lines=file.blanks,
        comment_lines=file.comments,
        served_keys=filled.keys,
        served_orders=filled.orders,
        unsold=count_unsold(session, product_id, mode),
        waiting=count_waiting(session, mode, [product_id]).get(product_id, 0),
    )


def _check_pool(product: Product) -> None:
    if product.key_source is not KeySource.POOL or not product.grants_license:
        raise NotAPool(
            f"{product.name} makes its keys itself. To sell imported ones: "
            f"`storefront products set {product.slug} --key-source pool`."
        )
