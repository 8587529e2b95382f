"""The sample shop: made once, complete, and what its pages say is true."""

import re
from io import BytesIO
from pathlib import Path
from threading import Barrier, Thread
from typing import IO, Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.devtools.samples.folder import lay_out, list_slugs
from storefront.devtools.samples.seed import add_pictures, seed, seed_without_pictures
from storefront.shop.catalog.models import BundlePart, Edition, Price, Product, Release, ReleaseFile
from storefront.shop.editor.products import change_slug
from storefront.shop.files.apply import plan_folder
from storefront.shop.media.models import ProductPicture, ProductSample
from storefront.shop.media.pictures import add_picture, prepare_picture, remove_picture
from storefront.shop.media.queries import list_pictures
from storefront.shop.pages.words import SAMPLE_MARK
from storefront.shop.profile.change import change_profile
from tests.shop.media.drawn import draw, saved
from tests.support.databases import BOTH
from tests.support.recoded import recode_each_once
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.shop import Buyer

TABLES = (Product, Edition, Price, BundlePart, Release, ReleaseFile, ProductSample)
ROWS = {
    "products": 8, "editions": 12, "prices": 24, "bundle_parts": 3, "releases": 7, "release_files": 10,
    "product_samples": 9,
}  # fmt: skip
EMPTYING = (
    "bundle_parts", "product_pictures", "product_samples", "release_files", "releases", "prices", "editions",
    "products",
)  # fmt: skip


def test_publishes_every_product_whole(app: Flask, buyer: Buyer) -> None:
    assert count_rows(app, *TABLES) == ROWS
    assert {row["state"] for row in read_rows(app, "SELECT state FROM products")} == {"published"}
    front = buyer.get("/").text
    names = re.findall(r"<h3[^>]*><a[^>]+>([^<]+)</a>", front)
    rows = read_rows(app, "SELECT name, slug FROM products ORDER BY position")
    assert names == [row["name"] for row in rows]
    assert [row["slug"] for row in rows] == list_slugs()
    assert "Small things, made with care" in front
    legal = ["imprint", "terms", "privacy", "refunds"]
    assert re.findall(r'href="/pages/([a-z]+)"', front[front.find("<footer") :]) == legal
    assert all("This is a sample" in buyer.get(f"/pages/{slug}").text for slug in legal)
    bodies = [row["body_markdown"] for row in read_rows(app, "SELECT body_markdown FROM pages")]
    assert all(body.startswith(SAMPLE_MARK) for body in bodies)


def test_keeps_the_words_of_a_shop_that_has_some(app: Flask, buyer: Buyer) -> None:
    change_rows(app, *(f"DELETE FROM {table}" for table in EMPTYING), "DELETE FROM pages WHERE slug <> 'terms'")
    change_rows(app, "UPDATE pages SET title = 'My terms'")
    with app.test_request_context():
        change_profile({"tagline": "All mine."})
        assert seed_without_pictures() is True
    assert read_rows(app, "SELECT title FROM pages") == [{"title": "My terms"}]
    front = buyer.get("/").text
    assert "All mine." in front
    assert "Daybook" in front


def test_changes_nothing_where_there_is_a_product(app: Flask) -> None:
    change_rows(app, "UPDATE products SET name = 'Mine'")
    with app.app_context():
        assert seed() is False
    assert count_rows(app, *TABLES) == ROWS
    assert {row["name"] for row in read_rows(app, "SELECT name FROM products")} == {"Mine"}


def test_says_what_its_settings_say(buyer: Buyer) -> None:
    tool = buyer.get("/products/twinspot?currency=eur").text
    assert "€18.00" in tool
    assert "For one person · On up to 3 devices · Never expires · All updates" in tool
    assert "For 10 people · On up to 30 devices · Never expires · All updates" in tool
    journal = buyer.get("/products/daybook?currency=usd").text
    assert "$24.00" in journal
    assert "For 5 people · On up to 10 devices · Never expires · Updates for one year" in journal
    assert "Free" in buyer.get("/products/gridling").text


def test_serves_samples_as_what_they_are(app: Flask, buyer: Buyer) -> None:
    kinds = {}
    for row in read_rows(app, "SELECT filename, name, size_bytes FROM product_samples"):
        with buyer.get(f"/media/{row['name']}") as answer:
            assert (answer.status_code, len(answer.data)) == (200, row["size_bytes"])
            kinds[row["filename"]] = answer.mimetype
    assert kinds["the-second-user.pdf"] == "application/pdf"
    assert kinds["done.wav"] == "audio/wav"
    assert kinds["gridling-1.0.ttf"] == "font/ttf"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_is_made_once_by_two_machines_at_once(app: Flask, engine: str) -> None:
    assert engine
    change_rows(app, *(f"DELETE FROM {table}" for table in EMPTYING))
    start = Barrier(2)
    answers: list[bool] = []

    def start_one() -> None:
        with app.app_context():
            start.wait()
            answers.append(seed_without_pictures())
            db.session.remove()

    machines = [Thread(target=start_one) for _ in range(2)]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join()
    assert sorted(answers) == [False, True]
    assert count_rows(app, *TABLES) == ROWS


def test_leaves_pictures_alone_that_somebody_changed_meanwhile(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def own_picture(slug: str, color: str) -> int:
        return add_picture(slug, BytesIO(saved(draw(320, 180, color=color))), f"{color}.png").id

    def prepare(_stream: IO[bytes], filename: str) -> tuple[str, dict[str, Any] | None]:
        """An owner adds a picture to Soft Taps while its own are made ready."""
        own_picture("soft-taps", "gold")
        return prepare_picture(BytesIO(saved(draw(320, 180, color="teal"))), filename)

    slugs = ("twinspot", "daybook", "soft-taps", "no-product-any-more")
    monkeypatch.setattr("storefront.devtools.samples.seed.list_slugs", lambda: slugs)
    monkeypatch.setattr("storefront.devtools.samples.seed.prepare_picture", prepare)
    with app.app_context():
        own_picture("twinspot", "navy")
        remove_picture("daybook", own_picture("daybook", "plum"))
        change_slug("twinspot", "twin-finder")
        add_pictures()
        shown = {slug: [view.filename for view in list_pictures(slug)] for slug in slugs[:3]}
    assert shown == {"twinspot": ["navy.png"], "daybook": [], "soft-taps": ["gold.png"]}


@pytest.mark.slow
def test_brings_in_the_pictures_with_words_for_each(
    app: Flask,
    buyer: Buyer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    recode_each_once(monkeypatch, tmp_path_factory)
    with app.app_context():
        add_pictures()
    pictures = count_rows(app, ProductPicture)["product_pictures"]
    assert pictures == 17
    assert len(read_rows(app, "SELECT id FROM product_pictures WHERE length(alt) > 30")) == pictures
    for slug in list_slugs():
        page = buyer.get(f"/products/{slug}").text
        covers = re.findall(r'<img class="cover" src="(/media/[0-9a-f]{64}\.webp)" alt="[^"]{30,}"', page)
        assert len(covers) == 1
        with buyer.get(covers[0]) as answer:
            assert answer.mimetype == "image/webp"
    lay_out(tmp_path / "shop")
    with app.app_context():
        add_pictures()
        assert plan_folder(tmp_path / "shop").plan.is_empty
