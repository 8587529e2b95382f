"""What search engines, networks and feed readers get of the shop."""

import json
import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from PIL import Image

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.shop.catalog.models import ProductState
from storefront.shop.editor.products import change_slug
from storefront.shop.found.sitemap import Place, write_part, write_sitemap
from storefront.shop.found.words import cut
from storefront.shop.looks.files import LooksFile, set_file
from storefront.shop.media.share_picture import draw_share_picture
from storefront.shop.media.share_words import ShareWords
from storefront.shop.pages.edit import create_page, publish_page
from storefront.shop.profile.change import change_profile
from storefront.web.open_pages import KEEP_FILE
from tests.shop.found.documents import ATOM, MAP, read_xml
from tests.support.databases import BOTH
from tests.support.goods import change_product, make_product
from tests.support.make_shop import LIVE, MakeShop
from tests.support.rows import change_rows
from tests.support.shop import Buyer


def meta(page: str, name: str) -> str:
    tag = re.search(rf'<meta (?:name|property)="{name}" content="([^"]*)">', page)
    assert tag, name
    return tag[1]


def product_data(page: str) -> dict[str, object]:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    data: dict[str, object] = json.loads(text)
    return data


def texts(root: Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter(name)]


def test_describes_a_product_in_the_owners_words_or_else_its_own(buyer: Buyer, app: Flask) -> None:
    change_product(app, "twinspot", summary="word " * 60)
    page = buyer.get("/products/twinspot").text
    assert meta(page, "description") == meta(page, "og:description") == "word " * 31 + "word…"
    assert meta(page, "og:url") == "http://localhost/products/twinspot"
    assert '<link rel="canonical" href="http://localhost/products/twinspot">' in page
    change_product(app, "twinspot", search_title="Find me", search_text="Here.")
    page = buyer.get("/products/twinspot?edition=3").text
    assert (meta(page, "og:title"), meta(page, "description")) == ("Find me", "Here.")
    assert '<link rel="canonical" href="http://localhost/products/twinspot">' in page
    assert "<title>Find me" in page


def test_offers_each_edition_in_each_currency(buyer: Buyer, app: Flask) -> None:
    make_product(app, "many", (1900, "usd"), (1700, "eur"), (3000, "jpy"), (1250, "kwd"), (0, "usd"))
    data = product_data(buyer.get("/products/many").text)
    offers = data["offers"]
    assert isinstance(offers, list)
    assert [(offer["price"], offer["priceCurrency"]) for offer in offers] == [
        ("19.00", "USD"), ("17.00", "EUR"), ("3000", "JPY"), ("1.250", "KWD"), ("0.00", "USD"),
    ]  # fmt: skip
    assert {offer["availability"] for offer in offers} == {"https://schema.org/InStock"}
    for offer in offers:
        assert buyer.get(offer["url"]).status_code == 200
    make_product(app, "none")
    assert "offers" not in product_data(buyer.get("/products/none").text)


def test_keeps_a_name_inside_its_data(buyer: Buyer, app: Flask) -> None:
    name = '</script><script>alert(1)</script> <!-- & \u2028 "quoted"'
    change_product(app, "twinspot", name=name, summary=name)
    page = buyer.get("/products/twinspot").text
    assert product_data(page)["name"] == name
    assert "<script>alert" not in page
    feed = read_xml(buyer.get("/feed.xml").data)
    assert name in texts(feed, f"{ATOM}title")


def test_draws_a_picture_of_each_product_at_the_address_of_what_is_on_it(buyer: Buyer, app: Flask) -> None:
    address = meta(buyer.get("/products/twinspot").text, "og:image")
    answer = buyer.get(address)
    with Image.open(BytesIO(answer.data)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 630))
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) < 300_000
    change_product(app, "twinspot", name="Other")
    assert meta(buyer.get("/products/twinspot").text, "og:image") != address
    older = buyer.get(address)
    assert older.data != answer.data, "the picture of today"
    assert "immutable" not in older.headers["Cache-Control"]
    change_product(app, "twinspot", state=ProductState.RETIRED)
    assert buyer.get(address).status_code == 404


@pytest.mark.parametrize("at", ["", "/de"])
def test_draws_a_picture_of_the_shop_for_links_to_its_front_page(buyer: Buyer, app: Flask, at: str) -> None:
    page = buyer.get(f"{at}/").text
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    address = meta(page, "og:image")
    answer = buyer.get(address)
    with Image.open(BytesIO(answer.data)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 630))
    assert "immutable" in answer.headers["Cache-Control"]
    with app.app_context():
        change_profile({"tagline": "Letters with sugar."})
    assert meta(buyer.get(f"{at}/").text, "og:image") != address
    older = buyer.get(address)
    assert older.data != answer.data, "the picture of today"
    assert "immutable" not in older.headers["Cache-Control"]


def test_leads_from_the_address_that_everybody_asks_to_the_icon(buyer: Buyer) -> None:
    for _ in range(2):
        answer = buyer.get("/favicon.ico")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (302, KEEP_FILE)
        assert "Set-Cookie" not in answer.headers
        buyer.add()  # with a cookie it leads there as well
        icon = buyer.get(answer.headers["Location"])
        assert (icon.status_code, icon.content_type) == (200, "image/png")


def test_writes_a_price_with_its_code_where_no_font_has_the_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.shop.media.share_picture._fonts_of_machine", lambda: ())

    def drawn(price: str) -> bytes:
        return draw_share_picture(ShareWords(shop_name="", name="Tool", price=price), cover=None, font=None)

    assert drawn("from €19.00") == drawn("from EUR 19.00") != drawn("")
    assert drawn("¥1,900") == drawn("JPY 1,900")
    assert drawn("CN¥1,900") == drawn("")


@pytest.mark.parametrize(
    "name",
    ["", "مرحبا بالعالم", "שלום", "日本語", "ภาษาไทย", "🎉🚀", "👩‍👩‍👧", "a" * 400, "\u202eevil", "e\u0301" * 9],
)
def test_draws_whatever_a_product_is_called(name: str) -> None:
    words = ShareWords(shop_name=name, name=name, price=name)
    for cover in (None, _cover()):
        with Image.open(BytesIO(draw_share_picture(words, cover=cover, font=b"no font"))) as image:
            assert image.size == (1200, 630)


def _cover() -> bytes:
    output = BytesIO()
    Image.new("RGB", (1200, 630), "#369").save(output, format="JPEG")
    return output.getvalue()


def test_writes_no_letters_that_it_would_draw_wrongly() -> None:
    """A name from right to left leaves the picture as if it had none; emoji are left out of one that is drawn."""

    def draw(name: str) -> bytes:
        return draw_share_picture(ShareWords(shop_name="", name=name, price=""), cover=_cover(), font=None)

    assert draw("مرحبا") == draw("שלום") == draw("🎉")
    assert draw("Twinspot") != draw("🎉")
    assert draw("Twinspot \U0001faff") != draw("🎉")  # an emoji that is newer than Python


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_maps_what_may_be_found_under_its_newest_address(buyer: Buyer, app: Flask) -> None:
    with app.app_context():
        publish_page(create_page("Imprint", body_markdown="Ada, Berlin", legal_kind="imprint"))
        create_page("Draft", body_markdown="x")
        change_slug("twinspot", "twinspot-two")
        db.session.remove()
    for slug, state in (
        ("hidden", ProductState.UNLISTED),
        ("draft", ProductState.DRAFT),
        ("old", ProductState.RETIRED),
    ):
        make_product(app, slug, (100, "usd"), state=state)
    root = read_xml(buyer.get("/sitemap.xml").data)
    places = texts(root, f"{MAP}loc")
    assert places[0] == "http://localhost/"
    assert {"http://localhost/products/twinspot-two", "http://localhost/products/twinspot-two/changelog"} <= {
        *places
    }
    assert "http://localhost/pages/imprint" in places
    assert not {word for word in ("hidden", "draft", "old", "twinspot/") for place in places if word in place}
    for place in places:
        assert buyer.get(place).status_code == 200
    for changed in texts(root, f"{MAP}lastmod"):
        assert datetime.fromisoformat(changed).tzinfo is not None
    feed = buyer.get("/feed.xml").text
    assert "products/twinspot-two" in feed
    assert "hidden" not in feed
    for path in ("/changelog", "/changelog.xml"):
        moved = buyer.get(f"/products/twinspot{path}")
        assert (moved.status_code, moved.location) == (301, f"/products/twinspot-two{path}")


def test_maps_each_page_in_every_language_that_the_shop_offers(buyer: Buyer, app: Flask) -> None:
    link = "{http://www.w3.org/1999/xhtml}link"
    found = {
        item.attrib["hreflang"]: item.attrib["href"]
        for item in read_xml(buyer.get("/sitemap.xml").data)[1].iter(link)
    }
    page = found["x-default"]
    path = page.removeprefix("http://localhost")
    assert found == {code: f"http://localhost/{code}{path}" for code in ("en", "de", "fr", "es")} | {
        "x-default": page
    }
    assert f'<{found["de"]}>; rel="alternate"; hreflang="de"' in buyer.get(path).headers.getlist("Link")
    assert buyer.get(found["fr"]).status_code == 200
    with app.app_context():
        change_profile({"languages": "de"})
        db.session.remove()
    assert b"xhtml" not in buyer.get("/sitemap.xml").data


def test_writes_a_long_map_in_parts(app: Flask) -> None:
    places = tuple(Place(f"http://localhost/{number}") for number in range(5))
    with app.app_context():
        index = read_xml(write_sitemap(places, most=2))
        assert texts(index, f"{MAP}loc") == [f"http://localhost/sitemap-{number}.xml" for number in (1, 2, 3)]
        parts = [texts(read_xml(write_part(places, number, most=2)), f"{MAP}loc") for number in (1, 2, 3)]
        for number in (0, 4):
            with pytest.raises(NotFound):
                write_part(places, number, most=2)
    assert [url for part in parts for url in part] == [place.url for place in places]
    assert Buyer(app).get("/sitemap-2.xml").status_code == 404


def test_lets_nothing_be_found_that_takes_no_real_money(buyer: Buyer) -> None:
    assert buyer.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert buyer.get("/").headers["X-Robots-Tag"] == "noindex"


def test_lets_a_live_shop_be_found_but_for_what_is_private(make_shop: MakeShop) -> None:
    client = make_shop(**LIVE).test_client()
    assert "X-Robots-Tag" not in client.get("/favicon.ico", base_url="https://shop.example").headers
    rules = client.get("/robots.txt", base_url="https://shop.example").text
    for path in ("/admin", "/orders/", "/library", "/cart", "/checkout"):
        assert f"Disallow: {path}\n" in rules
    assert "Sitemap: https://shop.example/sitemap.xml\n" in rules
    assert client.get("/cart", base_url="https://shop.example").headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_tells_of_published_releases_alone(buyer: Buyer, app: Flask) -> None:
    change_rows(
        app,
        "UPDATE releases SET notes = '**Faster** & more'",
        "INSERT INTO releases (product_id, version, notes, published_at, withdrawn_at) SELECT id, "
        "'7.0-withdrawn', 'secret', '2026-01-02 00:00:00', '2026-01-03 00:00:00' FROM products "
        "WHERE slug = 'twinspot'",
        "INSERT INTO releases (product_id, version, notes) SELECT id, '8.0-draft', 'secret' FROM products "
        "WHERE slug = 'twinspot'",
        "INSERT INTO releases (product_id, version, notes, published_at) SELECT id, '9.0-future', 'secret', "
        "'2096-01-02 00:00:00' FROM products WHERE slug = 'twinspot'",
    )
    page = buyer.get("/products/twinspot/changelog").text
    assert "<strong>Faster</strong>" in page
    feed = read_xml(buyer.get("/products/twinspot/changelog.xml").data)
    for text in (page, buyer.get("/products/twinspot/changelog.xml").text):
        for word in ("secret", "withdrawn", "draft", "future"):
            assert word not in text
    (entry,) = feed.iter(f"{ATOM}entry")
    (content,) = entry.iter(f"{ATOM}content")
    assert content.get("type") == "html"
    assert "<strong>Faster</strong> &amp;" in (content.text or "")
    for name in ("id", "updated", "title", "author"):
        assert feed.find(f"{ATOM}{name}") is not None
    ids = texts(feed, f"{ATOM}id")
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("tag:localhost,2026:products/twinspot") for one in ids)
    assert 'href="/products/twinspot/changelog"' in buyer.get("/products/twinspot").text
    change_product(app, "twinspot", state=ProductState.UNLISTED)
    assert buyer.get("/products/twinspot/changelog").headers["X-Robots-Tag"] == "noindex"
    change_product(app, "twinspot", state=ProductState.RETIRED)
    for path in ("/changelog", "/changelog.xml"):
        assert buyer.get(f"/products/twinspot{path}").status_code == 404
        assert buyer.get(f"/products/%00{path}").status_code == 400


def test_has_an_icon_for_each_place_of_a_phone(buyer: Buyer, app: Flask, tmp_path: Path) -> None:
    drawn = _icons(buyer)
    picture = tmp_path / "icon.png"
    Image.new("RGB", (200, 260), "#c33").save(picture)
    with app.app_context(), picture.open("rb") as stream:
        set_file(LooksFile.ICON, stream, "icon.png")
        db.session.remove()
    own = _icons(buyer)
    assert not drawn & own
    assert "/icons/" not in buyer.get("/").text, "the owner's icon has a file for phones"


def _icons(buyer: Buyer) -> set[str]:
    manifest = json.loads(buyer.get("/manifest.webmanifest").data)
    assert manifest["name"]
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        with Image.open(BytesIO(buyer.get(icon["src"]).data)) as image:
            assert "x".join(map(str, image.size)) == icon["sizes"]
    return {icon["src"] for icon in manifest["icons"]}


@pytest.mark.parametrize(
    ("text", "short"),
    [("a b", "a b"), ("one two, three", "one two…"), ("x" * 12, "x" * 9 + "…"), (" a \n b ", "a b")],
)
def test_cuts_between_words(text: str, short: str) -> None:
    assert cut(text, 10) == short


def test_knows_no_date_before_it_sold_anything(buyer: Buyer, app: Flask) -> None:
    change_product(app, "twinspot", first_listed_at=datetime(2030, 1, 1, tzinfo=UTC))
    feed = read_xml(buyer.get("/feed.xml").data)
    assert texts(feed, f"{ATOM}updated")[0] == "2030-01-01T00:00:00+00:00"
    assert next(feed.iter(f"{ATOM}entry")).findtext(f"{ATOM}title") == "Twinspot"
