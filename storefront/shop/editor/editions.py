"""Editions of a product: made, written, moved, switched off and on, and deleted while nobody bought them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.errors import NotFound
from storefront.shop.catalog.models import BundlePart, Edition, Price, Product
from storefront.shop.catalog.queries import find_edition, lock_product, select_editions
from storefront.shop.catalog.terms import EDITION_LIMITS
from storefront.shop.catalog.upgrade_paths import read_paths
from storefront.shop.editor.places import move_within
from storefront.shop.editor.product_settings import check_values
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.stale import pick_changes
from storefront.shop.editor.texts import EDITION_RULES, clean_texts, slug_from

MOST_EDITIONS = 20
LONGEST_KEY = 40
FIELDS = (*EDITION_RULES, *EDITION_LIMITS)


def get_edition(session: Session, product: Product, edition: str) -> Edition:
    """Return an edition by its key, or by its name.

    Raises:
        NotFound: the product has none like this.
    """
    row = find_edition(session, product.id, edition)
    if row is None:
        raise NotFound(f"{product.name} has no edition {edition}. `storefront products show` lists them.")
    return row


def add_edition(slug: str, name: str, *, line: str = "", limits: Mapping[str, int | None] | None = None) -> str:
    """Add an edition at the end. It can be bought once it has a price. Returns its key.

    Raises:
        NotFound: no such product.
        ProductRefused: a name that cannot be, or that another edition of the product has; too many.
        SettingRefused: a limit that cannot be.
    """
    texts = clean_edition(name, line, limits)
    with transaction() as session:
        return make_edition(session, lock_product(session, slug), texts, limits or {}).key


def clean_edition(name: str, line: str, limits: Mapping[str, int | None] | None) -> dict[str, Any]:
    """Return the texts as they are stored. Raises ProductRefused, SettingRefused."""
    check_values(dict(limits or {}))
    return clean_texts({"name": name, "line": line}, EDITION_RULES)


def _check_new(name: str, key: str, others: list[Edition]) -> None:
    """Raises ProductRefused."""
    _check_name(name, others)
    if len(others) >= MOST_EDITIONS:
        raise ProductRefused({"name": f"A product has at most {MOST_EDITIONS} editions."})
    if any(other.key == key for other in others):
        raise ProductRefused({"key": f"There is an edition {key} already: take another key."})


def make_edition(
    session: Session,
    product: Product,
    texts: Mapping[str, Any],
    limits: Mapping[str, int | None],
    *,
    key: str = "",
) -> Edition:
    """Do as `add_edition` does with clean values, inside the caller's transaction. The product is locked.

    Raises:
        ProductRefused: as there, and a key that another edition has.
    """
    others = list(session.scalars(select_editions(product.id)))
    keys = {other.key for other in others}
    _check_new(texts["name"], key, others)
    edition = Edition(
        product_id=product.id,
        key=key or _free_key(texts["name"], keys),
        position=max((other.position for other in others), default=-1) + 1,
        **texts,
        **{limit: limits.get(limit) for limit in EDITION_LIMITS},
    )
    session.add(edition)
    session.flush()
    _record(session, "edition.created", product, edition, after=read_edition(edition))
    return edition


def change_edition(
    slug: str, edition: str, submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Write what changed of an edition: its texts and limits. What was sold keeps its terms.

    Only what changes is looked at: an edition that upgrades came from may be deleted by now, and its name stays.

    Raises:
        NotFound: no such product or edition.
        ProductRefused, SettingRefused: a value that cannot be; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    texts = {name: value for name, value in submitted.items() if name in EDITION_RULES}
    limits = {name: value for name, value in submitted.items() if name in EDITION_LIMITS}
    values = clean_texts(texts, EDITION_RULES) | limits
    with transaction() as session:
        product = lock_product(session, slug)
        row = get_edition(session, product, edition)
        changes = pick_changes(read_edition(row), values, shown)
        check_values({name: value for name, value in changes.items() if name in EDITION_LIMITS})
        _check_upgrades(session, product, row, changes.get("upgrades_from", ""))
        return write_edition(session, product, row, values, shown=shown)


def _check_upgrades(session: Session, product: Product, edition: Edition, text: str) -> None:
    """Raises ProductRefused where a path begins at no other edition. A folder may name one that is to come."""
    others = {other.key for other in session.scalars(select_editions(product.id))} - {edition.key}
    unknown = [path.from_key for path in read_paths(text) if path.from_key not in others]
    if unknown:
        words = f"{product.name} has no other edition {unknown[0]}: it has {', '.join(sorted(others)) or 'none'}."
        raise ProductRefused({"upgrades_from": words})


def write_edition(
    session: Session,
    product: Product,
    edition: Edition,
    values: Mapping[str, Any],
    *,
    shown: Mapping[str, str] | None = None,
    renamed: Collection[str] = (),
) -> list[str]:
    """Do as `change_edition` does with clean values, inside the caller's transaction. The product is locked.

    `renamed` are keys of editions that get other names in the same transaction, so that two can change theirs.
    """
    current = read_edition(edition)
    changes = pick_changes(current, values, shown)
    if "name" in changes:
        others = session.scalars(select_editions(product.id))
        keys = {edition.key, *renamed}
        _check_name(changes["name"], [other for other in others if other.key not in keys])
    for name, value in changes.items():
        setattr(edition, name, value)
    if changes:
        _record(session, "edition.changed", product, edition, before=current, after=current | changes)
    return list(changes)


def switch_edition(slug: str, edition: str, *, is_active: bool) -> bool:
    """Sell an edition again, or no more. Returns False where it is so already.

    Raises:
        NotFound: no such product or edition.
    """
    with transaction() as session:
        product = lock_product(session, slug)
        return write_switch(session, product, get_edition(session, product, edition), is_active=is_active)


def write_switch(session: Session, product: Product, edition: Edition, *, is_active: bool) -> bool:
    """Do as `switch_edition` does, inside the caller's transaction. The product is locked."""
    if edition.is_active == is_active:
        return False
    edition.is_active = is_active
    verb = "edition.switched_on" if is_active else "edition.switched_off"
    _record(session, verb, product, edition)
    return True


def move_edition(slug: str, edition: str, position: int, *, shown: str | None = None) -> bool:
    """Offer an edition at another place: 1 is the first, and beyond the end is the end. Returns False where it is.

    `shown` is a digest of the order that a page showed.

    Raises:
        NotFound: no such product or edition.
        ProductRefused: there is no such place.
        StaleOrder: somebody else changed the list of editions meanwhile.
    """
    if position < 1:
        raise ProductRefused({"position": "Places count from 1, which is the first edition."})
    with transaction() as session:
        product = lock_product(session, slug)
        row = get_edition(session, product, edition)
        ordered = list(session.scalars(select_editions(product.id)))
        keys = [other.key for other in ordered]
        if move_within(ordered, row, position, keys=keys, what=row.name, shown=shown) is None:
            return False
        _number(session, product, ordered, moved=row)
        return True


def order_editions(session: Session, product: Product, keys: Sequence[str]) -> bool:
    """Put these editions first, in this order, inside the caller's transaction. Returns False where they are."""
    before = list(session.scalars(select_editions(product.id)))
    places = {key: place for place, key in enumerate(keys)}
    ordered = sorted(before, key=lambda edition: places.get(edition.key, len(places)))
    if ordered == before:
        return False
    _number(session, product, ordered, moved=ordered[0])
    return True


def _number(session: Session, product: Product, ordered: list[Edition], *, moved: Edition) -> None:
    for position, edition in enumerate(ordered):
        edition.position = position
    _record(session, "edition.moved", product, moved, after={"order": [edition.key for edition in ordered]})


def delete_edition(slug: str, edition: str) -> None:
    """Delete an edition with its prices, while nobody has bought it and Stripe does not know it.

    A price that is at Stripe may be on a form that somebody is about to pay, or in a Payment Link: with its mirror
    gone, who paid would get nothing.

    Raises:
        NotFound: no such product or edition.
        ProductRefused: it was sold, a bundle includes it, or somebody may be paying for it.
    """
    try:
        with transaction() as session:
            product = lock_product(session, slug)
            row = get_edition(session, product, edition)
            _record(session, "edition.deleted", product, row, before=read_edition(row))
            session.execute(delete(BundlePart).where(BundlePart.edition_id == row.id))
            session.execute(delete(Price).where(Price.edition_id == row.id))
            session.execute(delete(Edition).where(Edition.id == row.id))
    except IntegrityError as error:
        words = (
            f"{edition} was sold, is a part of a bundle, or somebody may be paying for it right now: "
            "switch it off instead."
        )
        raise ProductRefused({"edition": words}) from error


def read_edition(edition: Edition) -> dict[str, Any]:
    return {name: getattr(edition, name) for name in FIELDS}


def _check_name(name: str, others: list[Edition]) -> None:
    namesake = next((other for other in others if other.name.casefold() == name.casefold()), None)
    if namesake is None:
        return
    words = f"There is an edition {name} already: take another name."
    if not namesake.is_active:
        words = (
            f"The edition {namesake.key}, which is switched off, is called {namesake.name}: take another name, "
            "or give that one another name first."
        )
    raise ProductRefused({"name": words})


def _free_key(name: str, taken: set[str]) -> str:
    start = slug_from(name)[:LONGEST_KEY].strip("-")
    key, number = start, 1
    while key in taken:
        number += 1
        key = f"{start[: LONGEST_KEY - 4].rstrip('-')}-{number}"
    return key


def _record(
    session: Session,
    verb: str,
    product: Product,
    edition: Edition,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    subject = f"{product.slug}/{edition.key}"
    record(session, verb, subject_kind="edition", subject=subject, before=before, after=after)
