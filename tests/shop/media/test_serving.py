"""`/media`: kept for a year, read in parts, and nothing but what lies there under the name of its own content."""

import hashlib
import re
from xml.parsers.expat import ParserCreate

import pytest
from flask import Flask, render_template_string

from storefront.shop.catalog.models import ProductState
from storefront.shop.media.drawn_cover import draw_cover
from storefront.shop.media.sending import PIECE_BYTES
from tests.shop.media.drawn import MP3, PDF, add, add_one_sample, pictures_of, samples_of
from tests.support.goods import make_product
from tests.support.impossible_dates import CONDITIONS, with_impossible_dates
from tests.support.shop import Buyer


@pytest.fixture
def sample(app: Flask) -> str:
    add_one_sample(app)
    return samples_of(app)[0].url


def test_sends_every_file_of_a_picture_for_a_year(app: Flask, buyer: Buyer) -> None:
    add(app)
    types = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
    for file in pictures_of(app)[0].files:
        answer = buyer.get(file.url)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, types[file.format])
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["ETag"].strip('"') == hashlib.sha256(answer.data).hexdigest()
        assert "Set-Cookie" not in answer.headers
        assert "Content-Disposition" not in answer.headers


def test_sends_nothing_to_who_has_it(buyer: Buyer, sample: str) -> None:
    tag = buyer.get(sample).headers["ETag"]
    answer = buyer.get(sample, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-", (206, MP3, f"bytes 0-{len(MP3) - 1}/{len(MP3)}")),
        ("bytes=1-2", (206, MP3[1:3], f"bytes 1-2/{len(MP3)}")),
        ("bytes=500-9999", (206, MP3[500:], f"bytes 500-{len(MP3) - 1}/{len(MP3)}")),
        ("bytes=-4", (206, MP3[-4:], f"bytes {len(MP3) - 4}-{len(MP3) - 1}/{len(MP3)}")),
        ("bytes=9999-", (416, b"", f"bytes */{len(MP3)}")),
        ("bytes=0-1,4-5", (200, MP3, None)),
    ],
)
def test_lets_players_seek(buyer: Buyer, sample: str, asked: str, expected: tuple[int, bytes, str | None]) -> None:
    answer = buyer.get(sample, headers={"Range": asked})
    assert (answer.status_code, answer.data, answer.headers.get("Content-Range")) == expected
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_length == len(answer.data)


@with_impossible_dates
def test_ignores_a_date_that_no_calendar_has(buyer: Buyer, sample: str, date: str) -> None:
    for name in CONDITIONS:
        for method in ("GET", "HEAD"):
            answer = buyer.client.open(sample, method=method, headers={name: date})
            assert (answer.status_code, answer.data) == (200, MP3 if method == "GET" else b"")


def test_sends_players_a_piece_at_a_time(app: Flask, buyer: Buyer) -> None:
    """A player that is paused reads no further, and must not hold a thread."""
    long = MP3 + b"x" * 3 * PIECE_BYTES
    add_one_sample(app, content=long)
    add_one_sample(app, "chapter.pdf", PDF + b"x" * PIECE_BYTES)
    played, read = samples_of(app)
    answer = buyer.get(played.url, headers={"Range": "bytes=7-"})
    assert answer.data == long[7 : 7 + PIECE_BYTES]
    assert answer.headers["Content-Range"] == f"bytes 7-{6 + PIECE_BYTES}/{len(long)}"
    assert buyer.get(played.url).data == long
    assert len(buyer.get(read.url, headers={"Range": "bytes=0-"}).data) == read.size_bytes


def test_tells_the_size_without_the_bytes(app: Flask, sample: str) -> None:
    answer = app.test_client().head(sample)
    assert (answer.status_code, answer.content_length, answer.data) == (200, len(MP3), b"")


def test_lets_browsers_save_and_not_show_what_is_no_picture_or_sound(app: Flask, buyer: Buyer) -> None:
    for name in ("chapter.pdf", "chapter.txt"):
        add_one_sample(app, name)
    for view in samples_of(app):
        answer = buyer.get(view.url)
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Content-Type"] == view.content_type


@pytest.mark.parametrize(
    "path",
    [
        "/media/",
        "/media/nothing.webp",
        f"/media/{'0' * 64}.webp",
        f"/media/{'0' * 64}.html",
        f"/media/{'0' * 64}",
        f"/media/{'A' * 64}.webp",
        f"/media/{'0' * 64}.webp%0a",
        "/media/../twinspot/2.1/twinspot-2.1.zip",
        "/media/%2e%2e%2ftwinspot%2f2.1%2ftwinspot-2.1.zip",
        "/media/..%5c..%5cshop.db",
        "/media/originals",
    ],
)
def test_knows_no_other_address(app: Flask, buyer: Buyer, path: str) -> None:
    add(app)
    assert buyer.get(path).status_code in (301, 404, 308)
    assert buyer.get(path, follow_redirects=True).status_code == 404


def test_sends_no_picture_as_it_came(app: Flask, buyer: Buyer) -> None:
    add(app)
    (picture,) = pictures_of(app)
    assert buyer.get(f"/media/{picture.path.rpartition('/')[2]}").status_code == 404
    assert buyer.get(f"/media/originals/{picture.path.rpartition('/')[2]}").status_code == 404


class TestBehindNginx:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"ACCEL_PREFIX": "/protected/"}

    def test_lets_nginx_send_the_bytes(self, buyer: Buyer, sample: str) -> None:
        answer = buyer.get(sample)
        assert answer.headers["X-Accel-Redirect"] == "/protected" + sample
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.data == b""


def test_draws_a_cover_of_a_name(buyer: Buyer) -> None:
    answer = buyer.get("/media/cover/twinspot.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers
    assert ">Twinspot</text>" in answer.text
    again = buyer.get("/media/cover/twinspot.svg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("state", ProductState)
def test_draws_covers_of_what_buyers_may_see(app: Flask, buyer: Buyer, state: ProductState) -> None:
    make_product(app, "thing", (900, "usd"), state=state)
    expected = 404 if state is ProductState.DRAFT else 200
    assert buyer.get("/media/cover/thing.svg").status_code == expected
    assert buyer.get("/media/cover/nothing.svg").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>", "A & B \"C\" 'D'", "\0\x07\u202eback", "W" * 120, "a " * 60, "☕", "",
        "The Patient Toolmaker and Other Stories of Very Calm People", "متجر", "\ud83d",
    ],
)  # fmt: skip
def test_draws_any_name_as_text(name: str) -> None:
    drawn = draw_cover(name)
    elements = []
    parser = ParserCreate()
    parser.StartElementHandler = lambda element, _attributes: elements.append(element)
    parser.Parse(drawn.encode(), True)
    assert set(elements) <= {"svg", "rect", "path", "g", "text"}
    assert draw_cover(name) == drawn
    assert "style" not in drawn


@pytest.mark.parametrize(
    ("name", "begin", "direction"),
    [
        ("دليل المصمم الهادئ.", 896, "rtl"), ("2. שלום Twinspot", 896, "rtl"),
        ("Twinspot שלום.", 64, ""), ("2.1!", 64, ""), ("", 64, ""),
    ],
)  # fmt: skip
def test_begins_a_name_at_the_side_of_its_first_letter(name: str, begin: int, direction: str) -> None:
    drawn = draw_cover(name)
    assert set(re.findall(r'<text x="(\d+)"', drawn)) == {str(begin)}
    assert re.findall(r'<g [^>]*direction="(\w+)"', drawn) == ([direction] if direction else [])


def test_gives_other_names_other_covers() -> None:
    assert len({draw_cover(f"Product {number}").partition("<g")[0] for number in range(20)}) == 20


def test_shows_pictures_and_samples_in_pages(app: Flask) -> None:
    add(app, alt='A "desk"')
    for name in ("tap.mp3", "tour.mp4", "chapter.pdf"):
        add_one_sample(app, name, title=f"<{name}>")
    with app.test_request_context("/"):
        page = render_template_string(
            "{% import 'shop/media/_media.html' as media %}"
            "{{ media.picture(view, sizes='50vw') }}"
            "{% for sample in samples %}{{ media.sample(sample) }}{% endfor %}"
            "{{ media.drawn_cover('twinspot', alt='Twinspot') }}",
            view=pictures_of(app)[0],
            samples=samples_of(app),
        )
    assert page.index('type="image/avif"') < page.index('type="image/webp"')
    assert page.count(" 640w") == 2
    assert 'alt="A &#34;desk&#34;" width="640" height="360"' in page
    assert '<audio controls preload="none"' in page
    assert '<video controls preload="none"' in page
    assert 'download="chapter.pdf"' in page
    assert "&lt;tap.mp3&gt;" in page
    assert 'src="/media/cover/twinspot.svg"' in page


def test_offers_a_line_to_type_in_for_a_font(app: Flask, buyer: Buyer) -> None:
    add_one_sample(app, "type.woff2", title="<Type>")
    name = samples_of(app)[0].name
    page = buyer.get("/products/twinspot").text
    assert "Type a line in &lt;Type&gt;" in page
    assert f'href="/media/fonts/{name}.css"' in page
    assert f'class="type-line font-{name[:12]}"' in page
    answer = buyer.get(f"/media/fonts/{name}.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert f'src: url("/media/{name}")' in answer.text
    assert f".font-{name[:12]} {{" in answer.text
    with buyer.get(f"/media/{name}") as font:
        assert font.mimetype == "font/woff2"


@pytest.mark.parametrize("name", ["x.ttf", "0" * 64 + ".mp3", "0" * 64 + '.ttf"', "0" * 64])
def test_writes_no_style_for_what_is_no_font(buyer: Buyer, name: str) -> None:
    assert buyer.get(f"/media/fonts/{name}.css").status_code == 404


def test_lets_pages_play_what_is_the_shops_own(buyer: Buyer) -> None:
    assert "media-src 'self';" in buyer.get("/").headers["Content-Security-Policy"]
