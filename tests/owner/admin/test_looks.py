"""The page of looks: what is chosen shows in the shop, what is refused stays in its field."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from storefront.web.open_pages import KEEP_FOR_A_YEAR
from tests.owner.admin.editor_forms import said, shown
from tests.shop.looks.fonts import make_font
from tests.shop.media.drawn import draw, saved
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer

LOOKS = "/admin/shop/looks"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def send(owner: Buyer, kind: str, content: bytes, filename: str) -> TestResponse:
    return owner.post(f"{LOOKS}/{kind}", file=(io.BytesIO(content), filename))


def test_colors_the_shop(app: Flask, owner: Buyer) -> None:
    digests = shown(owner.get(LOOKS).text)
    assert set(digests) == {"shown-accent", "shown-type_pairing"}
    answer = owner.post(LOOKS, accent="#00008b", type_pairing="book", **digests)
    assert "Saved." in said(owner, answer)
    (address,) = re.findall(r'href="(/looks/\w+\.css)"', Buyer(app).get("/cart").text)
    assert "--accent: #00008b;" in Buyer(app).get(address).text
    late = owner.post(LOOKS, accent="#aa0000", type_pairing="classic", **digests)
    assert late.status_code == 409
    assert "Somebody else saved this meanwhile" in late.text
    assert 'value="#aa0000"' in late.text


def test_colors_mails(app: Flask, owner: Buyer) -> None:
    assert "#0d6b55" in owner.post("/admin/shop/mails/preview").text
    owner.post(LOOKS, accent="#00008b")
    mail = owner.post("/admin/shop/mails/preview").text.replace(": ", ":")
    assert "background:#00008b" in mail
    assert "color:#00008b" in mail
    assert "#0d6b55" not in mail


def test_keeps_a_color_that_cannot_be_read_and_offers_one_that_can(app: Flask, owner: Buyer) -> None:
    refused = owner.post(LOOKS, accent="#ffd400", type_pairing="modern", **shown(owner.get(LOOKS).text))
    assert refused.status_code == 400
    assert 'value="#ffd400"' in refused.text
    assert "contrast of 1.2:1" in refused.text
    (offered,) = re.findall(r'name="offered" value="(#\w+)"', refused.text)
    assert 'value="modern" checked' in refused.text
    answer = owner.post(LOOKS, accent="#ffd400", offered=offered, type_pairing="modern", **shown(refused.text))
    assert "Saved." in said(owner, answer)
    assert read_rows(app, "SELECT accent, type_pairing FROM shop_profile") == [
        {"accent": offered, "type_pairing": "modern"}
    ]


def test_writes_hostile_words_as_words(app: Flask, owner: Buyer) -> None:
    refused = owner.post(LOOKS, accent='red;}body{display:none"><script>', type_pairing="<b>")
    assert refused.status_code == 400
    assert "<script>" not in refused.text.replace("<script type=", "")
    drawn = owner.get(f"{LOOKS}/swatch.svg?accent=%22%3E%3Cscript%3E")
    assert drawn.mimetype == "image/svg+xml"
    assert "script" not in drawn.text
    assert read_rows(app, "SELECT accent FROM shop_profile") == [{"accent": ""}]


def test_shows_a_logo_with_the_shops_name_and_takes_it_away(app: Flask, owner: Buyer) -> None:
    said(owner, send(owner, "logo", saved(draw(600, 120)), "../../etc/my logo.png"))
    said(owner, send(owner, "logo_dark", saved(draw(600, 120, color=(250, 250, 250))), "light.png"))
    header = Buyer(app).get("/cart").text.split("<header", 1)[1].split("</header>")[0]
    url, width, height = re.findall(
        r'<img class="logo" src="(\S+)" alt="Test Shop" width="(\d+)" height="(\d+)"', header
    )[0]
    assert (width, height) == ("240", "48")
    assert 'media="(prefers-color-scheme: dark)"' in header
    picture = Buyer(app).get(url)
    assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/webp", KEEP_FOR_A_YEAR)
    page = owner.get(LOOKS).text
    assert "my logo.png" in page
    assert "etc/" not in page
    (sha256, _other) = re.findall(r'name="sha256" value="(\w+)"', page)
    said(owner, send(owner, "logo", saved(draw(601, 120)), "newer.png"))
    stale = owner.post(f"{LOOKS}/logo/remove", sha256=sha256)
    assert stale.status_code == 409
    assert "Somebody put newer.png there meanwhile" in stale.text
    (sha256, _other) = re.findall(r'name="sha256" value="(\w+)"', owner.get(LOOKS).text)
    assert "Removed." in said(owner, owner.post(f"{LOOKS}/logo/remove", sha256=sha256))
    assert "Nothing was changed." in said(owner, owner.post(f"{LOOKS}/logo/remove", sha256=sha256))
    assert 'class="logo"' not in Buyer(app).get("/cart").text
    verbs = [
        row["verb"]
        for row in read_rows(app, "SELECT verb FROM audit_entries WHERE verb LIKE 'shop.logo%' ORDER BY id")
    ]
    assert verbs == ["shop.logo_set", "shop.logo_dark_set", "shop.logo_set", "shop.logo_removed"]


def test_puts_an_icon_into_tabs_and_on_home_screens(app: Flask, owner: Buyer) -> None:
    assert "favicon.svg" in Buyer(app).get("/cart").text
    said(owner, send(owner, "icon", saved(draw(256, 256)), "icon.png"))
    page = Buyer(app).get("/cart").text
    assert "favicon.svg" not in page
    for relation, side in (("icon", 32), ("apple-touch-icon", 180)):
        (url,) = re.findall(rf'<link rel="{relation}" href="(/media/\w+\.png)"', page)
        icon = Buyer(app).get(url)
        assert icon.mimetype == "image/png"
        assert Image.open(io.BytesIO(icon.data)).size == (side, side)


def test_sets_headings_in_an_own_font_and_text_if_that_is_wanted(app: Flask, owner: Buyer) -> None:
    content = make_font("woff2")
    said(owner, send(owner, "font", content, "Triangles.woff2"))
    assert "Triangles, from Triangles.woff2." in owner.get(LOOKS).text
    css = stylesheet(app)
    (url,) = re.findall(r'url\("(/media/\w+\.woff2)"\) format\("woff2"\)', css)
    font = Buyer(app).get(url)
    assert (font.mimetype, font.data) == ("font/woff2", content)
    assert "font-src 'self'" in Buyer(app).get("/cart").headers["Content-Security-Policy"]
    assert '--serif: "Shop", ' in css
    assert '--sans: "Shop"' not in css
    digests = shown(owner.get(LOOKS).text)
    said(owner, owner.post(LOOKS, accent="", type_pairing="classic", font_for_text="yes", **digests))
    assert '--sans: "Shop", ' in stylesheet(app)
    digests = shown(owner.get(LOOKS).text)
    said(owner, owner.post(LOOKS, accent="", type_pairing="classic", **digests))
    assert '--sans: "Shop"' not in stylesheet(app)


def stylesheet(app: Flask) -> str:
    (address,) = re.findall(r'href="(/looks/\w+\.css)"', Buyer(app).get("/cart").text)
    return Buyer(app).get(address).text


def huge() -> bytes:
    return saved(Image.new("1", (14_500, 14_500)))


@dataclass(frozen=True)
class Hostile:
    kind: str
    make: Callable[[], bytes]
    filename: str
    words: str


HOSTILE = [
    Hostile("logo", lambda: b"<html><script>alert(1)</script>", "logo.png", "no picture that the shop knows"),
    Hostile(
        "logo", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg", "SVG drawings are not taken"
    ),
    Hostile("logo", huge, "logo.png", "at most 50 megapixels"),
    Hostile("icon", lambda: saved(draw(32, 32)), "icon.png", "at least 180 pixels"),
    Hostile("font", lambda: b"PK\3\4" + b"\0" * 100, "font.ttf", "This is a ZIP"),
    Hostile("font", lambda: b"", "font.woff2", "This file is empty"),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.words)
def test_refuses_a_file_beside_its_field(app: Flask, owner: Buyer, hostile: Hostile) -> None:
    answer = send(owner, hostile.kind, hostile.make(), hostile.filename)
    assert answer.status_code in (400, 413, 415)
    part = answer.text.split(f'id="{hostile.kind}"', 1)[1].split("</section>")[0]
    assert hostile.words in part
    assert 'aria-invalid="true"' in part
    assert read_rows(app, "SELECT logo, icon, font FROM shop_profile") == [
        {"logo": None, "icon": None, "font": None}
    ]


def test_asks_for_a_file_and_knows_no_other_kinds(app: Flask, owner: Buyer) -> None:
    assert "Choose a file first." in owner.post(f"{LOOKS}/logo").text
    assert send(owner, "favicon", b"x", "x.ico").status_code == 404
    assert owner.post(f"{LOOKS}/nothing/remove").status_code == 404
