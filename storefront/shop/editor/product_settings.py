"""How a product's licenses and downloads work, and where it is paid. What was sold keeps its terms."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.shop.catalog.models import Edition, KeySource, Product
from storefront.shop.catalog.parts import read_part_names
from storefront.shop.catalog.queries import (
    find_edition,
    find_product_id,
    get_product,
    lock_product,
    select_editions,
)
from storefront.shop.catalog.tax import BEHAVIORS, find_code_problem
from storefront.shop.catalog.terms import EDITION_LIMITS
from storefront.shop.editor.goods import GOODS, NOTHING, sells_nothing
from storefront.shop.editor.stale import pick_changes

PRODUCT_FIELDS = (
    "grants_license",
    "grants_download",
    "key_source",
    "license_prefix",
    "one_key_per_order_item",
    "activation_limit",
    "seats",
    "license_days",
    "license_until",
    "update_days",
    "download_limit",
    "download_days",
    "pool_low_at",
    "pool_very_low_at",
    "checkout_ui",
    "tax_code",
    "tax_behavior",
    "most_in_form",
    "offered_beside",
)
POOL_FIELDS = ("key_source", "grants_license", "pool_low_at", "pool_very_low_at")
MAY_BE_EMPTY = ("license_prefix", "tax_code", "tax_behavior")
MAX_NUMBER = 1_000_000
MOST_DEVICES = 10_000  # of one key, whatever its seller allows: a list that a page and a lock can bear
MOST_IN_FORM = 999  # copies of one thing
MOST_BESIDE = 3
MAX_PREFIX = 12
TEST_PREFIX = "TEST"  # of keys that a test order gets where no test keys were imported

InTransaction = Callable[[Session, Product], None]


class SettingRefused(StorefrontError):
    code = "setting_refused"
    title = "This setting cannot be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSettings:
    key: str
    edition: str
    activation_limit: int | None
    seats: int | None
    update_days: int | None
    includes: list[str]
    upgrades_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSettings:
    """`values` are columns of the product by name; None is no limit."""

    slug: str
    name: str
    values: dict[str, bool | int | str | datetime | list[str] | None]
    editions: tuple[EditionSettings, ...]


def get_product_settings(slug: str) -> ProductSettings:
    """Return the settings of a product and its editions, as committed now.

    Raises:
        NotFound: no such product.
    """
    product = get_product(db.session(), slug)
    editions = db.session.scalars(select_editions(product.id)).all()
    parts = read_part_names(db.session(), [edition.id for edition in editions])
    return ProductSettings(
        slug=product.slug,
        name=product.name,
        values={name: getattr(product, name) for name in PRODUCT_FIELDS},
        editions=tuple(
            EditionSettings(
                key=edition.key,
                edition=edition.name,
                activation_limit=edition.activation_limit,
                seats=edition.seats,
                update_days=edition.update_days,
                includes=parts.get(edition.id, []),
                upgrades_from=edition.upgrades_from,
            )
            for edition in editions
            if edition.is_active
        ),
    )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    """Return nothing of a text as no letters, and of what is offered beside as no products."""
    filled = values | {name: values[name] or "" for name in MAY_BE_EMPTY & values.keys()}
    if "offered_beside" in values:
        filled["offered_beside"] = values["offered_beside"] or []
    return filled


def change_product_settings(
    slug: str,
    values: dict[str, Any],
    *,
    edition: str | None = None,
    shown: Mapping[str, str] | None = None,
    in_transaction: InTransaction | None = None,
) -> ProductSettings:
    """Change settings of a product, or of one edition by its key or name. Safe to repeat.

    `values` are columns by name; see `pick_changes` for `shown`. `in_transaction` is called with the changed
    product before the commit.

    Raises:
        NotFound: no such product or edition.
        SettingRefused: a value that cannot be; nothing is changed.
        StaleSave: somebody else changed the same setting meanwhile; nothing is changed.
    """
    _check_names(values, EDITION_LIMITS if edition else PRODUCT_FIELDS)
    values = _without_none(values)
    check_inside_checkout(values)
    with transaction() as session:
        product = lock_product(session, slug)
        target = _get_edition(session, product, edition) if edition else product
        _check_products(session, product, values.get("offered_beside") or [])
        changed = write_settings(session, product, target, values, shown=shown)
        session.flush()
        demand_goods(session, product, changed)
        if in_transaction:
            in_transaction(session, product)
    return get_product_settings(slug)


def write_settings(
    session: Session,
    product: Product,
    target: Product | Edition,
    values: dict[str, Any],
    *,
    shown: Mapping[str, str] | None = None,
    allows_past: bool = False,
) -> list[str]:
    """Do as `change_product_settings` does, inside the caller's transaction. The product is locked.

    Returns the names of what changed; `demand_goods` looks at them once everything is written.
    `allows_past`: a last day that is over, of a product that comes from another shop.
    """
    before = _read_values(target, values)
    changes = pick_changes({name: getattr(target, name) for name in values}, values, shown)
    check_values(changes, allows_past=allows_past)
    for name, value in changes.items():
        setattr(target, name, value)
    _check_pool(product)
    _record_change(session, product, target, before, _read_values(target, values))
    return list(changes)


def _read_values(target: Product | Edition, names: Iterable[str]) -> dict[str, Any]:
    """Return these columns by name, as JSON knows them."""
    values = {name: getattr(target, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _record_change(
    session: Session, product: Product, target: Product | Edition, before: dict[str, Any], after: dict[str, Any]
) -> None:
    if before == after:
        return
    if isinstance(target, Edition):
        kind, subject = "edition", f"{product.slug}/{target.name}"
    else:
        kind, subject = "product", product.slug
    record(session, f"{kind}.changed", subject_kind=kind, subject=subject, before=before, after=after)


def demand_goods(session: Session, product: Product, changed: Iterable[str]) -> None:
    """Raises SettingRefused: what buyers get was among what changed, and they would get nothing."""
    is_taken = any(name in GOODS and not getattr(product, name) for name in changed)
    if is_taken and sells_nothing(session, product.id):
        raise SettingRefused(NOTHING)


def _get_edition(session: Session, product: Product, name: str) -> Edition:
    edition = find_edition(session, product.id, name)
    if edition is None:
        raise NotFound(f"{product.name} has no edition {name}.")
    return edition


def _check_names(names: Iterable[str], allowed: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(allowed))
    if unknown:
        raise SettingRefused(f"{', '.join(unknown)}: an edition has {', '.join(EDITION_LIMITS)} of its own only.")


def check_values(values: dict[str, Any], *, allows_past: bool = False) -> None:
    """Raises SettingRefused. `allows_past`: a last day may be over."""
    for name, value in values.items():
        _check_number(name, value)
    if values.get("seats") == 0:
        raise SettingRefused("0 people would sell a key for nobody: leave it out where it does not count people.")
    _check_prefix(values.get("license_prefix", ""))
    _check_tax(code=values.get("tax_code", ""), behavior=values.get("tax_behavior", ""))
    _check_period(until=None if allows_past else values.get("license_until"), days=values.get("license_days"))
    _check_activation_limit(values.get("activation_limit"))
    check_inside_checkout(values)


def check_inside_checkout(values: dict[str, Any]) -> None:
    """Raises SettingRefused."""
    most, slugs = values.get("most_in_form"), values.get("offered_beside") or []
    if most is not None and not 2 <= most <= MOST_IN_FORM:
        raise SettingRefused(
            f"Inside Checkout buyers may take 2 to {MOST_IN_FORM}: take `none` to leave the quantity as it is."
        )
    if len(slugs) > MOST_BESIDE or len(set(slugs)) < len(slugs):
        raise SettingRefused(f"Name up to {MOST_BESIDE} products to offer inside Checkout, each once.")


def _check_products(session: Session, product: Product, slugs: Iterable[str]) -> None:
    for slug in slugs:
        product_id = find_product_id(session, slug)
        if product_id is None:
            raise SettingRefused(f"There is no product {slug} to offer inside Checkout.")
        if product_id == product.id:
            raise SettingRefused(f"{slug} is this product: name others to offer beside it.")


def _check_number(name: str, value: object) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= MAX_NUMBER:
        raise SettingRefused(f"{name} must be from 0 to {MAX_NUMBER}.")


def _check_prefix(prefix: str) -> None:
    is_plain = prefix.isascii() and prefix.isalnum() and prefix.isupper()
    if prefix and not (is_plain and len(prefix) <= MAX_PREFIX):
        raise SettingRefused(f"A prefix is up to {MAX_PREFIX} capital letters and digits.")
    if prefix == TEST_PREFIX:
        raise SettingRefused(f"{TEST_PREFIX} is what keys of test orders begin with: take another prefix.")


def _check_tax(*, code: str, behavior: str) -> None:
    problem = find_code_problem(code)
    if problem:
        raise SettingRefused(problem)
    if behavior and behavior not in BEHAVIORS:
        raise SettingRefused(f"Tax is {' or '.join(BEHAVIORS)}; take `none` where nobody has decided yet.")


def _check_period(*, until: datetime | None, days: int | None) -> None:
    if until is not None and until <= clock.now():
        raise SettingRefused("The last day is over: keys would be sold that never worked.")
    if days == 0:
        raise SettingRefused("0 days would sell a key that never works: take `none` for no end.")


def _check_activation_limit(limit: int | None) -> None:
    if limit is not None and limit > MOST_DEVICES:
        raise SettingRefused(
            f"activation_limit must be at most {MOST_DEVICES}; a key without a limit has as many devices."
        )
    if limit == 0:
        raise SettingRefused(
            "A limit of 0 devices would sell a key that nobody can use: take `none` for no limit."
        )


def _check_pool(product: Product) -> None:
    values = {name: getattr(product, name) for name in POOL_FIELDS}
    for sentence in find_pool_troubles(values).values():
        raise SettingRefused(sentence)


def find_pool_troubles(values: Mapping[str, Any]) -> dict[str, str]:
    """Return sentences about imported keys, by the setting that is wrong. `values` has all of `POOL_FIELDS`."""
    troubles = {}
    if values["key_source"] == KeySource.POOL and not values["grants_license"]:
        troubles["key_source"] = "Imported keys need a product that grants a license: switch that on, too."
    if values["pool_very_low_at"] > values["pool_low_at"]:
        troubles["pool_very_low_at"] = "The second warning comes at fewer keys than the first."
    return troubles
