"""Lists that an owner puts in order: whoever comes too late sees what is there and what was wanted."""

import html
import io
import re
from collections.abc import Callable

import pytest
from flask import Flask

from storefront.shop.editor.editions import move_edition
from storefront.shop.editor.order import move_product
from storefront.shop.editor.places import digest_of_order
from storefront.shop.media.pictures import move_picture
from storefront.shop.media.samples import move_sample
from tests.owner.admin.editor_forms import TWINSPOT, said
from tests.shop.editor.acts import at_once
from tests.shop.media.drawn import SAMPLES, add, add_one_sample, draw, pictures_of, samples_of, saved
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer

NAMES = {1: "Plum", 2: "Sky", 3: "Moss"}


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def add_pictures(app: Flask) -> list[int]:
    return [add(app, saved(draw(color=(place * 60, 90, 160))), alt=alt) for place, alt in NAMES.items()]


def add_samples(app: Flask) -> list[int]:
    return [add_one_sample(app, name, title=name) for name in ("tap.mp3", "chapter.pdf", "type.ttf")]


def order_of_pictures(app: Flask) -> list[str]:
    return [view.alt for view in pictures_of(app)]


def order_in(page: str, part: str) -> dict[str, str]:
    """What the first form of a list carries."""
    return {"shown-order": re.findall(r'name="shown-order" value="(\w+)"', page.split(f'id="{part}"')[1])[0]}


def late_form(page: str) -> tuple[str, dict[str, str]]:
    """Where the button below the refusal leads, and what it carries."""
    form = page.split('class="late-move"')[1].split("</form>", maxsplit=1)[0]
    address = re.findall(r'action="([^"]+)"', form)[0]
    fields = dict(re.findall(r'name="(shown-order|position)" value="(\w+)"', form))
    return html.unescape(address), fields


def test_shows_theirs_and_yours_to_a_move_that_comes_too_late(app: Flask, owner: Buyer) -> None:
    plum, _sky, moss = add_pictures(app)
    digests = order_in(owner.get(TWINSPOT).text, "pictures")
    assert "Moved." in said(owner, owner.post(f"{TWINSPOT}/pictures/{moss}/move", position="2", **digests))
    late = owner.post(f"{TWINSPOT}/pictures/{plum}/move", position="3", **digests)
    assert late.status_code == 409
    assert "Somebody else changed this list meanwhile" in late.text
    assert "Yours: Plum at place 3. Nothing was moved." in late.text
    assert order_of_pictures(app) == ["Plum", "Moss", "Sky"]
    address, fields = late_form(late.text)
    assert "Moved." in said(owner, owner.post(address, **fields))
    assert order_of_pictures(app) == ["Moss", "Sky", "Plum"]
    assert "Nothing was changed." in said(owner, owner.post(address, **fields))  # the second click


def test_shows_both_for_samples_editions_and_products_too(app: Flask, owner: Buyer) -> None:
    first, _second, third = add_samples(app)
    page = owner.get(TWINSPOT).text
    for part, theirs, mine, to in (
        ("samples", f"/samples/{first}/move", f"/samples/{third}/move", "1"),
        ("editions", "/editions/personal/move", "/editions/team/move", "2"),
    ):
        digests = order_in(page, part)
        owner.post(TWINSPOT + theirs, position="9", **digests)
        late = owner.post(TWINSPOT + mine, position=to, **digests)
        assert late.status_code == 409, part
        address, fields = late_form(late.text)
        assert address == TWINSPOT + mine
        said(owner, owner.post(address, **fields))
    assert [view.title for view in samples_of(app)] == ["type.ttf", "chapter.pdf", "tap.mp3"]
    digests = order_in(owner.get("/admin/products").text, "gridling")
    owner.post("/admin/products/twinspot/move", to="down", **digests)
    late = owner.post("/admin/products/gridling/move", position="1", **digests)
    assert late.status_code == 409
    assert "Yours: Gridling at place 1." in late.text
    address, fields = late_form(late.text)
    assert "Moved." in said(owner, owner.post(address, **fields))
    verbs = read_rows(app, "SELECT before, after FROM audit_entries WHERE verb = 'product.sample_moved'")
    assert len(verbs) == 2


Act = Callable[[], object]


def two_pictures(app: Flask) -> list[Act]:
    ids = add_pictures(app)
    shown = digest_of_order(ids)
    return [
        lambda: move_picture("twinspot", ids[0], 2, shown=shown),
        lambda: move_picture("twinspot", ids[2], 2, shown=shown),
    ]


def two_samples(app: Flask) -> list[Act]:
    ids = add_samples(app)
    shown = digest_of_order(ids)
    return [
        lambda: move_sample("twinspot", ids[0], 2, shown=shown),
        lambda: move_sample("twinspot", ids[2], 2, shown=shown),
    ]


def two_products(app: Flask) -> list[Act]:
    rows = read_rows(app, "SELECT slug FROM products ORDER BY position, id")
    shown = digest_of_order([row["slug"] for row in rows])
    return [lambda: move_product("twinspot", 3, shown=shown), lambda: move_product("gridling", 1, shown=shown)]


def two_editions(_app: Flask) -> list[Act]:
    shown = digest_of_order(["personal", "team"])
    return [
        lambda: move_edition("twinspot", "personal", 2, shown=shown),
        lambda: move_edition("twinspot", "team", 1, shown=shown),
    ]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("moves", [two_pictures, two_samples, two_products])
def test_lets_one_of_two_owners_move_at_the_same_moment(app: Flask, moves: Callable[[Flask], list[Act]]) -> None:
    assert at_once(app, *moves(app)) == ["", "stale_order"]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_refuses_nobody_where_both_want_the_same_order(app: Flask) -> None:
    assert at_once(app, *two_editions(app)) == ["", ""]


@pytest.mark.parametrize("place", ["0", "-1", "first", "", "1.5", "1" * 400])
def test_refuses_a_place_that_is_none(app: Flask, owner: Buyer, place: str) -> None:
    picture, sample = add(app), add_one_sample(app)
    for what in (f"pictures/{picture}", f"samples/{sample}", "editions/team"):
        answer = owner.post(f"{TWINSPOT}/{what}/move", position=place)
        assert answer.status_code == 400, what
        assert "Place" in answer.text or "Positions count from 1" in answer.text


def test_adds_the_other_files_when_one_is_no_picture(app: Flask, owner: Buyer) -> None:
    files = [
        (io.BytesIO(saved(draw(color=(10, 10, 10)))), "one.png"),
        (io.BytesIO(SAMPLES["chapter.txt"]), "../notes\u202e.txt"),
        (io.BytesIO(b""), "empty.png"),
        (io.BytesIO(saved(draw(color=(200, 10, 10)))), "two.png"),
    ]
    answer = owner.post(f"{TWINSPOT}/pictures", files=files)
    assert answer.status_code == 415
    assert "2 added." in answer.text
    problem = html.unescape(answer.text.split('id="pictures-error"')[1].split("</p>")[0])
    assert "notes.txt: " in problem
    assert "empty.png: " in problem
    assert "one.png" not in problem
    assert [view.filename for view in pictures_of(app)] == ["one.png", "two.png"]
