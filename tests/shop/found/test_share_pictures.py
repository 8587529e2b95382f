"""Pictures that networks show: in the language of the page that names them, and none without words."""

import re
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image

from storefront.core.languages import Language
from storefront.shop.profile.change import change_profile
from storefront.shop.translations.change import change_product_texts, change_shop_texts
from tests.support.databases import BOTH
from tests.support.shop import Buyer

ARABIC = "دليل المصمم الهادئ."


def picture_of(page: str) -> str:
    found = re.search(r'<meta property="og:image" content="([^"]*)">', page)
    return found[1] if found else ""


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_draws_the_picture_that_a_page_names_in_the_language_of_that_page(buyer: Buyer, app: Flask) -> None:
    with app.app_context():
        change_profile({"tagline": "Letters with sugar."})
        change_shop_texts(Language.GERMAN, {"tagline": "Buchstaben mit Zucker."})
        change_product_texts("twinspot", Language.GERMAN, {"name": "Zwillingsblick"})
    for path in ("/", "/products/twinspot"):
        english = picture_of(buyer.get(path).text)
        german = picture_of(buyer.get(f"/de{path}").text)
        assert english != german
        drawn = [buyer.get(address) for address in (english, german, english, german)]
        assert all("immutable" in answer.headers["Cache-Control"] for answer in drawn), path
        assert drawn[0].data == drawn[2].data != drawn[1].data == drawn[3].data
        older = buyer.get(re.sub("share-[0-9a-f]+", "share-" + "0" * 16, german))
        assert older.data == drawn[0].data, "of today, in the shop's own language"
        assert "immutable" not in older.headers["Cache-Control"]
        by_browser = buyer.client.get(path, headers={"Accept-Language": "de"}, base_url=buyer.base_url).text
        assert buyer.get(picture_of(by_browser)).data == drawn[1].data


@pytest.mark.parametrize("tagline", [ARABIC, "שלום", "🎉🚀", "..."])
def test_writes_the_name_alone_where_the_tagline_cannot_be_written(buyer: Buyer, app: Flask, tagline: str) -> None:
    with app.app_context():
        change_profile({"name": "Quiet", "tagline": ""})
    alone = picture_of(buyer.get("/").text)
    with app.app_context():
        change_profile({"tagline": tagline})
    assert picture_of(buyer.get("/").text) == alone != ""
    with Image.open(BytesIO(buyer.get(alone).data)) as image:
        assert any(image.convert("L").histogram()[241:]), "letters are white, hills are not"


@pytest.mark.parametrize("name", [ARABIC, "🎉🚀"])
def test_names_no_picture_of_a_shop_of_which_nothing_can_be_written(buyer: Buyer, app: Flask, name: str) -> None:
    before = picture_of(buyer.get("/").text)
    with app.app_context():
        change_profile({"name": name, "tagline": ARABIC})
    page = buyer.get("/").text
    assert "og:image" not in page
    assert '<meta name="twitter:card" content="summary">' in page
    answer = buyer.get(before)
    assert answer.status_code == 404
    with app.app_context():
        change_shop_texts(Language.GERMAN, {"tagline": "Buchstaben mit Zucker."})
    german = buyer.get(picture_of(buyer.get("/de/").text))
    assert german.status_code == 200
    assert "immutable" in german.headers["Cache-Control"]


def test_writes_no_letters_that_no_font_here_has(
    buyer: Buyer, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.shop.media.share_picture._fonts_of_machine", lambda: ())
    with app.app_context():
        change_profile({"name": "Schön, und ohne Schrift", "tagline": "日本語, und ohne Schrift"})
    assert "og:image" not in buyer.get("/").text
