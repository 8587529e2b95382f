"""Products to look at on the first day: four, with real files. A shop that has any product is left alone."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record_if_asked
from storefront.core.db import db, transaction
from storefront.devtools.samples.files import make_book, make_font, make_sounds, make_tool
from storefront.devtools.samples.texts import BOOK, FONT, SOUNDS, TOOL
from storefront.shop.catalog.models import Edition, Price, Product, ProductState
from storefront.shop.catalog.upload import StoredFile, record_file, store_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    slug: str
    name: str
    summary: str
    description: str
    version: str
    notes: str
    filename: str
    make_file: Callable[[], bytes]
    editions: tuple[tuple[str, int], ...]  # name and US cents
    lines: dict[str, str] = field(default_factory=dict)  # edition -> who it is for
    license_prefix: str = ""
    activation_limit: int | None = None
    seats: dict[str, int] = field(default_factory=dict)  # edition -> people; each has the devices of one


GOODS = (
    Goods(
        slug="twinspot",
        name="Twinspot",
        summary="Finds the files you have twice. A small command-line tool that never deletes anything.",
        description=TOOL,
        version="2.1",
        notes="Groups are sorted by the space they waste. `--script` keeps the first twin of each group.",
        filename="twinspot-2.1.zip",
        make_file=make_tool,
        editions=(("Personal", 1900), ("Team", 7900)),
        lines={"Personal": "You, on your own computers", "Team": "Everybody in a small company"},
        license_prefix="TWIN",
        activation_limit=3,
        seats={"Personal": 1, "Team": 10},
    ),
    Goods(
        slug="the-patient-toolmaker",
        name="The Patient Toolmaker",
        summary="A short book about small programs, their second user, and promises you can keep.",
        description=BOOK,
        version="First edition",
        notes="",
        filename="the-patient-toolmaker.epub",
        make_file=make_book,
        editions=(("E-book", 1400),),
    ),
    Goods(
        slug="soft-taps",
        name="Soft Taps",
        summary="Twelve quiet sounds for apps and sites: taps, toggles, and the chime of a job done.",
        description=SOUNDS,
        version="1.2",
        notes="New: `toggle-on` and `toggle-off`.",
        filename="soft-taps-1.2.zip",
        make_file=make_sounds,
        editions=(("One project", 900), ("Studio", 3900)),
        lines={"One project": "One app, site or film", "Studio": "Everything that you make"},
    ),
    Goods(
        slug="gridling",
        name="Gridling",
        summary="A display font on a grid of five by seven. One case, many corners, no cost.",
        description=FONT,
        version="1.0",
        notes="",
        filename="gridling-1.0.ttf",
        make_file=make_font,
        editions=(("Desktop and web", 0),),
    ),
)


def seed() -> bool:
    """Make the sample products. Return False and change nothing when the shop has any product."""
    if _has_products(db.session()):
        return False
    files = {goods.slug: _store(goods) for goods in GOODS}
    with transaction() as session:
        # Asked again under the lock: two machines may be started at once.
        if _has_products(session):
            return False
        for position, goods in enumerate(GOODS):
            _add_goods(session, goods, position, files[goods.slug])
        record_if_asked(
            session,
            "products.seeded",
            subject_kind="shop",
            subject="sample products",
            after={"products": [goods.slug for goods in GOODS]},
        )
    return True


def _add_goods(session: Session, goods: Goods, position: int, stored: StoredFile) -> None:
    product = _add_product(session, goods, position)
    editions = [_edition(product, goods, number) for number in range(len(goods.editions))]
    session.add_all(editions)
    session.flush()
    session.add_all(
        Price(edition_id=edition.id, amount_minor=cents, currency="usd")
        for edition, (_, cents) in zip(editions, goods.editions, strict=True)
    )
    record_file(session, product_id=product.id, version=goods.version, stored=stored, notes=goods.notes)


def _has_products(session: Session) -> bool:
    return session.scalar(select(Product.id).limit(1)) is not None


def _store(goods: Goods) -> StoredFile:
    content = io.BytesIO(goods.make_file())
    return store_file(content, slug=goods.slug, version=goods.version, filename=goods.filename)


def _add_product(session: Session, goods: Goods, position: int) -> Product:
    product = Product(
        slug=goods.slug,
        name=goods.name,
        summary=goods.summary,
        description_markdown=goods.description,
        cover=f"{goods.slug}.svg",
        first_slug=goods.slug,
        state=ProductState.PUBLISHED,
        position=position,
        grants_license=bool(goods.license_prefix),
        grants_download=True,
        license_prefix=goods.license_prefix,
        activation_limit=goods.activation_limit,
    )
    session.add(product)
    session.flush()
    return product


def _edition(product: Product, goods: Goods, number: int) -> Edition:
    name = goods.editions[number][0]
    return Edition(
        product_id=product.id,
        key=name.lower().replace(" ", "-"),
        name=name,
        line=goods.lines.get(name, ""),
        position=number,
        activation_limit=(goods.activation_limit or 0) * goods.seats.get(name, 1) or None,
        seats=goods.seats.get(name),
    )
