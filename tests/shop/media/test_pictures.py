"""Pictures of products: brought once however often, described, moved and removed."""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.storage import StorageClosed, StorageFull
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.media.models import Picture, ProductPicture
from storefront.shop.media.pictures import (
    MOST_PICTURES,
    add_picture,
    describe_picture,
    move_picture,
    remove_picture,
)
from storefront.shop.media.queries import find_pictures
from storefront.shop.media.refusals import (
    EmptyMedia,
    NoSuchMedia,
    TextRefused,
    TooManyMedia,
    UnknownFormat,
)
from tests.races.waiting import in_app
from tests.shop.media.drawn import SLUG, add, draw, pictures_of, saved
from tests.support.databases import BOTH
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def small(number: int) -> bytes:
    return saved(draw(8, 8, color=(number, 0, 0)))


def counts(app: Flask) -> tuple[int, int]:
    """How many pictures there are, and how often one is shown."""
    rows = count_rows(app, Picture, ProductPicture)
    return rows["pictures"], rows["product_pictures"]


def verbs(app: Flask) -> list[str]:
    return [row["verb"] for row in read_rows(app, "SELECT verb FROM audit_entries ORDER BY id")]


@both
def test_shows_a_picture_that_was_brought(app: Flask, tmp_path: Path) -> None:
    picture_id = add(app, name=r"C:\photos\On the desk.png", alt="  Twinspot on a desk ")
    (picture,) = pictures_of(app)
    assert (picture.id, picture.position, picture.alt) == (picture_id, 1, "Twinspot on a desk")
    assert (picture.width, picture.height, picture.filename) == (640, 360, "On the desk.png")
    assert picture.srcset("avif").count(" 480w, ") == 1
    assert picture.url in picture.srcset("webp")
    assert picture.preview_url.endswith(".jpg")
    kept = {f"/media/{path.name}" for path in (tmp_path / "files" / "media").iterdir() if path.is_file()}
    assert kept == {file.url for file in picture.files}
    assert (tmp_path / "files" / picture.path).read_bytes() == saved(draw())
    assert verbs(app) == ["product.picture_added"]


@both
def test_takes_the_same_picture_twice_for_one(app: Flask) -> None:
    first = add(app, alt="One")
    assert add(app, name="other.png", alt="Two") == first
    assert [picture.alt for picture in pictures_of(app)] == ["One"]
    assert (counts(app), verbs(app)) == ((1, 1), ["product.picture_added"])


@both
def test_makes_a_picture_anew_whose_files_were_lost(app: Flask, tmp_path: Path) -> None:
    """From a disk that was full of holes, say: the owner brings it again, as the warning of a backup says."""
    picture_id = add(app)
    media = tmp_path / "files" / "media"
    before = {path.name for path in media.iterdir() if path.is_file()}
    lost, cut = sorted(before)[:2]
    content = (media / cut).read_bytes()
    (media / lost).unlink()
    os.truncate(media / cut, 7)
    assert app.test_client().get(f"/media/{lost}").status_code == 404
    assert add(app) == picture_id
    assert {path.name for path in media.iterdir() if path.is_file()} == before
    assert app.test_client().get(f"/media/{lost}").status_code == 200
    assert (media / cut).read_bytes() == content
    assert (counts(app), verbs(app)) == ((1, 1), ["product.picture_added"])


@both
def test_shows_one_picture_with_two_products(app: Flask) -> None:
    assert add(app) == add(app, slug="gridling")
    assert counts(app) == (1, 2)


@both
def test_is_one_row_when_the_same_picture_comes_at_once(app: Flask) -> None:
    start = Barrier(2)

    def bring() -> int:
        start.wait(20)
        return add_picture(SLUG, BytesIO(saved(draw())), "a.png").id

    with ThreadPoolExecutor(2) as pool:
        ids = [future.result() for future in [pool.submit(in_app, app, bring) for _ in range(2)]]
    assert ids[0] == ids[1]
    assert counts(app) == (1, 1)
    assert verbs(app) == ["product.picture_added"]


@both
def test_has_room_for_one_of_two_that_come_at_once(app: Flask) -> None:
    for number in range(MOST_PICTURES - 1):
        add(app, small(number))
    start = Barrier(2)

    def bring(number: int) -> str:
        start.wait(20)
        try:
            add_picture(SLUG, BytesIO(small(number)), "a.png")
        except TooManyMedia as refusal:
            return refusal.code
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(in_app, app, partial(bring, number)) for number in (100, 101)]
        assert sorted(end.result() for end in ends) == ["taken", "too_many_media"]
    assert len(pictures_of(app)) == MOST_PICTURES


def test_refuses_one_too_many_but_not_the_same_again(app: Flask) -> None:
    ids = [add(app, small(number)) for number in range(MOST_PICTURES)]
    with pytest.raises(TooManyMedia, match="at most 8"):
        add(app, small(200))
    assert add(app, small(3)) == ids[3]


@both
def test_moves_a_picture_and_counts_on(app: Flask) -> None:
    a, b, c = (add(app, small(number)) for number in range(3))

    def order() -> list[int]:
        return [picture.id for picture in pictures_of(app)]

    with app.app_context():
        assert move_picture(SLUG, c, 1)
        assert order() == [c, a, b]
        assert move_picture(SLUG, c, 99)
        assert order() == [a, b, c]
        assert not move_picture(SLUG, c, 3)
        with pytest.raises(TextRefused, match="from 1"):
            move_picture(SLUG, c, 0)
        remove_picture(SLUG, a)
        assert order() == [b, c]
        with pytest.raises(NoSuchMedia, match="no picture"):
            remove_picture(SLUG, a)
    positions = read_rows(app, "SELECT position FROM product_pictures ORDER BY position")
    assert [row["position"] for row in positions] == [1, 2]
    assert verbs(app)[3:] == ["product.picture_moved"] * 2 + ["product.picture_removed"]


def test_keeps_the_bytes_of_a_picture_that_is_removed(app: Flask, tmp_path: Path) -> None:
    picture_id = add(app)
    before = sorted((tmp_path / "files" / "media").rglob("*"))
    with app.app_context():
        remove_picture(SLUG, picture_id)
    assert sorted((tmp_path / "files" / "media").rglob("*")) == before
    assert add(app) == picture_id


def test_describes_a_picture(app: Flask) -> None:
    picture_id = add(app, alt="One")
    with app.app_context():
        assert describe_picture(SLUG, picture_id, "Two")
        assert not describe_picture(SLUG, picture_id, "Two")
        with pytest.raises(TextRefused, match="200 fit"):
            describe_picture(SLUG, picture_id, "x" * 201)
        with pytest.raises(TextRefused, match="one line"):
            describe_picture(SLUG, picture_id, "a\nb")
        with pytest.raises(TextRefused, match="cannot be shown"):
            describe_picture(SLUG, picture_id, "a\0b")
    assert [picture.alt for picture in pictures_of(app)] == ["Two"]


@pytest.mark.parametrize(
    "act",
    [
        lambda: add_picture("nothing", BytesIO(saved(draw())), "a.png"),
        lambda: describe_picture("nothing", 1, ""),
        lambda: move_picture("nothing", 1, 1),
        lambda: remove_picture("nothing", 1),
    ],
)
def test_refuses_a_product_that_is_none(app: Flask, act: Callable[[], object]) -> None:
    with app.app_context(), pytest.raises(NotFound, match="no product nothing"):
        act()


@pytest.mark.parametrize(
    ("content", "alt", "refusal"),
    [(b"", "", EmptyMedia), (b"a,b\n1,2\n", "", UnknownFormat), (saved(draw()), "x" * 201, TextRefused)],
)
def test_leaves_nothing_of_what_it_refuses(
    app: Flask, tmp_path: Path, content: bytes, alt: str, refusal: type[StorefrontError]
) -> None:
    with pytest.raises(refusal):
        add(app, content, alt=alt)
    assert not (tmp_path / "files" / "media").exists()
    assert (counts(app), verbs(app)) == ((0, 0), [])


@pytest.mark.parametrize(("number", "refusal"), [(errno.ENOSPC, StorageFull), (errno.EACCES, StorageClosed)])
def test_leaves_no_rows_where_the_folder_takes_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, number: int, refusal: type[StorefrontError]
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(number, "no")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)  # a disk cannot be filled in a test
        with pytest.raises(refusal, match="nothing was saved"):
            add(app)
    assert (counts(app), verbs(app)) == ((0, 0), [])
    add(app)


@both
def test_finds_the_pictures_of_many_products_by_one_statement(app: Flask) -> None:
    first, second = add(app, small(1)), add(app, small(2), slug="gridling")
    with app.app_context():
        ids = [get_product_id(db.session(), slug) for slug in (SLUG, "gridling", "soft-taps")]
        with counted(app) as statements:
            pictures = find_pictures(ids)
        assert len(statements) == 1
        assert [[view.id for view in pictures[product_id]] for product_id in ids] == [[first], [second], []]
        assert find_pictures([]) == {}


def test_finds_a_product_by_a_slug_that_it_had(app: Flask) -> None:
    change_rows(
        app,
        "INSERT INTO product_aliases (slug, product_id, created_at) "
        "SELECT 'old-twinspot', id, created_at FROM products WHERE slug = 'twinspot'",
    )
    assert add(app, slug="old-twinspot") == add(app)
