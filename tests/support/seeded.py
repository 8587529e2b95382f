"""The products of every shop under test: real files and simple pages, so that no test waits for pictures."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import transaction
from storefront.devtools.samples.files import make_book, make_font, make_sounds, make_tool
from storefront.shop.catalog.models import Edition, Price, Product, ProductState, Release, ReleaseFile
from storefront.shop.catalog.upload import StoredFile, store_file

TOOL = """
Every disk has them: the photographs that were copied "just in case", the download that was downloaded
again, the folder that somebody dragged into itself. Twinspot reads a folder and everything below it and
shows which files have **the same content**, whatever they are called.

## What it does

- Finds files with the same content, the most wasteful group first
- Reads only files of equal size, so a large disk takes minutes, not hours
- Prints a script that would remove the twins, for you to read before you run it
- Never deletes, moves or uploads anything by itself

## What you get

One script for Python 3.9 or newer, with nothing to install, and a license key. Every release of version 2
is included; it appears on your order's page on the day it is out.
"""

BOOK = """
A drawer full of little programs, and the day one of them gets its **second user**. Ines Arvola writes about
tools that stay small on purpose: which promises to make, what to charge, and how to leave a thing in good
order when you are done with it.

> A promise is a kind of loan. Every feature borrows from the time you will have later, and a small tool
> lives long because its maker borrowed little.

Five chapters in one EPUB file, without copy protection, for any reader app or e-reader.
"""

SOUNDS = """
Sounds that a person can hear two hundred times a day. Twelve short files with a soft start, so that nothing
clicks, and at one loudness, so that nothing jumps out.

- `added`, `removed`, `tap`, `tap-soft`, `toggle-on`, `toggle-off`
- `done`, `paid`, `message`, `attention`, `refused`, `sleep`

WAV, 16 bit, mono, 22,050 Hz, in one zip. Use them in anything you make and sell; just do not sell
the sounds as sounds.
"""

FONT = """
Gridling began as the labels on a home-made synthesizer, where seven rows of dots were all there was.
Its letters keep to that grid: square shoulders, open corners, and one case for everything.

- A to Z, the numerals and the punctuation you need for a poster or a scoreboard
- Sharp at 10, 20, 30 pixels and every other multiple of ten
- A TrueType file for the desktop and for the web

Free for any use, also for money. We only ask for an address to send your download link to.
"""


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


def add_goods() -> None:
    """Make them in an empty shop."""
    files = {goods.slug: _store(goods) for goods in GOODS}
    with transaction() as session:
        for position, goods in enumerate(GOODS):
            _add_goods(session, goods, position, files[goods.slug])


def _add_goods(session: Session, goods: Goods, position: int, stored: StoredFile) -> None:
    product = _add_product(session, goods, position)
    editions = [_edition(product, goods, number) for number in range(len(goods.editions))]
    session.add_all(editions)
    session.flush()
    session.add_all(
        Price(edition_id=edition.id, amount_minor=cents, currency="usd")
        for edition, (_, cents) in zip(editions, goods.editions, strict=True)
    )
    session.add(_release(product, goods, stored))


def _release(product: Product, goods: Goods, stored: StoredFile) -> ReleaseFile:
    release = Release(product_id=product.id, version=goods.version, notes=goods.notes, published_at=clock.now())
    return ReleaseFile(
        release=release,
        filename=stored.filename,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        path=stored.path,
    )


def _store(goods: Goods) -> StoredFile:
    content = io.BytesIO(goods.make_file())
    return store_file(content, slug=goods.slug, version=goods.version, filename=goods.filename)


def _add_product(session: Session, goods: Goods, position: int) -> Product:
    product = Product(
        slug=goods.slug,
        name=goods.name,
        summary=goods.summary,
        description_markdown=goods.description,
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
