"""A license with all that its answer needs, found by its key in one statement, whether it exists or not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    ScalarSelect,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.customers.models import Customer
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.device_names import kept_forms
from storefront.delivery.licenses.models import Activation, License, RetiredKey
from storefront.delivery.licenses.sealed import hashes_of
from storefront.delivery.licenses.validity import license_refusal
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import Grant, ItemPart, Order, OrderItem
from storefront.orders.upgrades import NOT_UPGRADED, find_upgraded, is_upgraded, widest
from storefront.shop.catalog.models import Edition, Price, Product

_L = License.__table__.c
_G = Grant.__table__.c
_I = OrderItem.__table__.c
_IP = ItemPart.__table__.c
_O = Order.__table__.c
_A = Activation.__table__.c
_P = Product.__table__.c
_E = Edition.__table__.c
_C = Customer.__table__.c

_USED = Activation.__table__.alias("used")
_USAGE = select(func.count()).select_from(_USED).where(_USED.c.license_id == _L.id).scalar_subquery()


def _id_by(name: str, *, is_replaced: bool) -> ScalarSelect[int]:
    """Not IN, whose text is made anew each time: it depends on how many values come."""
    licenses, retired = License.__table__.alias(), RetiredKey.__table__.alias()
    hashes = retired.c.key_hash if is_replaced else licenses.c.key_hash
    ids = select(licenses.c.id).where(
        or_(hashes == bindparam(f"{name}_now"), hashes == bindparam(f"{name}_before")),
        licenses.c.mode == bindparam("mode"),
    )
    if is_replaced:
        ids = ids.join(retired, retired.c.license_id == licenses.c.id)
    return ids.limit(literal_column("1")).scalar_subquery()


# A key is what is written, before it is another spelling of one of ours; and itself, before one that was replaced.
_ID = func.coalesce(
    _id_by("exact", is_replaced=False),
    _id_by("exact", is_replaced=True),
    _id_by("normal", is_replaced=False),
    _id_by("normal", is_replaced=True),
)
_FINGERPRINTS = ("fingerprint", "fingerprint_now", "fingerprint_before")
_HASHES = ("exact_now", "exact_before", "normal_now", "normal_before")
# Of tables and built once: entities cost twice as much, and a program asks this at each of its starts.
_FIND = (
    select(
        _L.id,
        _L.key,
        _L.key_hash,
        _L.mode,
        _L.activation_limit,
        _L.expires_at,
        _L.withdrawn_at,
        _L.created_at,
        _USAGE.label("usage"),
        _I.order_id,
        _I.id.label("order_item_id"),
        _L.grant_id,
        is_upgraded(_I.id).label("is_upgraded"),
        _P.id.label("product_id"),
        _P.slug,
        _P.first_slug,
        _P.name.label("product_name"),
        _E.id.label("edition_id"),
        _E.name.label("edition"),
        _C.id.label("customer_id"),
        case((_O.is_gift, None), else_=_O.name).label("customer_name"),
        # Who gives is not named to who receives, also where the shop does not know yet who that is.
        case((_O.is_gift & _O.holder_id.is_(None), None), (_O.is_gift, _C.email), else_=_O.email).label("email"),
        *FACT_COLUMNS,
        _A.id.label("instance_id"),
        _A.name.label("instance_name"),
        _A.fingerprint,
        _A.created_at.label("instance_created_at"),
    )
    .select_from(License.__table__)
    .join(Grant.__table__, _G.id == _L.grant_id)
    .join(OrderItem.__table__, _I.id == _G.order_item_id)
    .join(Order.__table__, _O.id == _I.order_id)
    .join(Customer.__table__, _C.id == func.coalesce(_O.holder_id, _O.customer_id))
    .join(Product.__table__, _P.id == _G.product_id)
    .outerjoin(Price.__table__, Price.__table__.c.id == _I.price_id)
    .outerjoin(ItemPart.__table__, (_IP.order_item_id == _I.id) & (_IP.product_id == _G.product_id))
    .outerjoin(Edition.__table__, _E.id == func.coalesce(_IP.edition_id, Price.__table__.c.edition_id))
    .outerjoin(
        Activation.__table__,
        (_A.license_id == _L.id)
        & or_(
            _A.id == bindparam("instance_id"),
            (bindparam("instance_id") == "") & or_(*(_A.fingerprint == bindparam(name) for name in _FINGERPRINTS)),
        ),
    )
    .where(_L.id == _ID)
)


@dataclass(frozen=True, slots=True)
class Instance:
    id: str
    name: str
    fingerprint: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseStatus:
    """A license as it is now; `refusal` is what stands against it, whoever asks, or None."""

    id: int
    key: str
    key_hash: str  # of the key that it has now
    mode: str
    activation_limit: int | None
    usage: int
    expires_at: datetime | None
    created_at: datetime
    refusal: Code | None
    order_id: int
    order_item_id: int
    product_id: int
    slug: str
    first_slug: str
    product_name: str
    edition_id: int | None
    edition: str | None
    customer_id: int
    customer_name: str | None
    email: str | None  # None: a gift that is nobody's yet
    instance: Instance | None

    @property
    def status(self) -> str:
        """Return one of Lemon Squeezy's four words."""
        if self.refusal is Code.EXPIRED:
            return "expired"
        if self.refusal is not None:
            return "disabled"
        return "active" if self.usage else "inactive"

    @property
    def is_test(self) -> bool:
        return self.mode != Mode.LIVE


def find_license_status(
    session: Session | Connection, key: str, *, mode: str, instance_id: str = "", fingerprint: str = ""
) -> LicenseStatus | None:
    """Find a license by its key as it is written, one of ours in any spelling, or one that was replaced.

    The instance is the one named, or else the device's. Its id is a UUID, which programs may write in capitals
    (RFC 9562, section 4).

    It is the same one statement for a key that exists and for a guess, so that time tells them apart no better
    than the answer does.
    """
    hashes = dict(zip(_HASHES, hashes_of(key).all, strict=True))
    device = dict(zip(_FINGERPRINTS, kept_forms(fingerprint), strict=True))
    row = session.execute(_FIND, {**hashes, "mode": mode, "instance_id": instance_id.lower(), **device}).first()
    if row is None:
        return None
    is_replaced = row.key_hash not in hashes.values()
    upgraded = find_upgraded(session, [row.order_item_id] if row.is_upgraded else []).get(
        row.grant_id, NOT_UPGRADED
    )
    return LicenseStatus(
        id=row.id,
        key_hash=row.key_hash,
        key=key.strip() if is_replaced else row.key,  # whoever has the old one is not told the new one
        mode=row.mode,
        activation_limit=widest(row.activation_limit, upgraded.activation_limit),
        usage=row.usage,
        expires_at=row.expires_at,
        created_at=row.created_at,
        refusal=license_refusal(
            facts_of_row(row),
            withdrawn_at=row.withdrawn_at,
            expires_at=row.expires_at,
            now=clock.now(),
            is_replaced=is_replaced,
        ),
        order_id=row.order_id,
        order_item_id=row.order_item_id,
        product_id=row.product_id,
        slug=row.slug,
        first_slug=row.first_slug,
        product_name=row.product_name,
        edition_id=upgraded.last.edition_id if upgraded.last else row.edition_id,
        edition=upgraded.last.own_edition if upgraded.last else row.edition,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        email=row.email,
        instance=_instance(row),
    )


def _instance(row: Row[*tuple[Any, ...]]) -> Instance | None:
    if row.instance_id is None:
        return None
    return Instance(row.instance_id, row.instance_name, row.fingerprint, row.instance_created_at)
