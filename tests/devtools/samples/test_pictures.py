"""The pictures in README, taken of the sample shop; `make pictures` puts them into docs/pictures/."""

import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from storefront.core.db import db
from storefront.devtools.samples.seed import add_pictures
from storefront.shop.looks.change import change_looks
from storefront.shop.profile.change import change_profile
from tests.journeys.parts import come_in, form_on, key_texts, pay_by_card
from tests.support.browser import PATIENCE_MS, PHONE
from tests.support.recoded import recode_each_once
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = {"shop", "thank-you", "editor", "looks", "ready"}
WIDE: Any = {"width": 1280, "height": 960}
MOST_BYTES = 120_000
SEEN_PICTURES_ARE_THERE = """() => [...document.images].every((image) => {
  const { top, bottom } = image.getBoundingClientRect();
  return image.complete || bottom < 0 || top > window.innerHeight;
})"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return Path(os.environ.get("PICTURES", tmp_path))


def take(page: Page, path: Path) -> None:
    page.wait_for_load_state()
    page.wait_for_function(SEEN_PICTURES_ARE_THERE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as picture:
        assert len(picture.convert("P", palette=Image.Palette.ADAPTIVE).getcolors() or []) > 16, "nothing on it"
        picture.convert("RGB").save(path, "WEBP", quality=80, method=6)
    assert path.stat().st_size < MOST_BYTES


def test_shows_the_shop_in_pictures(
    shop: Shop,
    chromium: Browser,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    recode_each_once(monkeypatch, tmp_path_factory)
    with shop.app.app_context():
        add_pictures()
        change_profile({"name": "Small Things"})
        db.session.remove()
    context = chromium.new_context(viewport=WIDE, locale="en-US", color_scheme="light")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(shop.url)
    expect(page.get_by_role("link", name="Twinspot")).to_be_visible()
    take(page, pictures / "shop.webp")
    show_a_purchase(shop, chromium, pictures)
    show_the_owners_side(shop, page, pictures)
    context.close()
    assert {path.stem for path in pictures.glob("*.webp")} == NAMES


def show_a_purchase(shop: Shop, chromium: Browser, pictures: Path) -> None:
    context = chromium.new_context(viewport=PHONE, locale="en-US", color_scheme="light", device_scale_factor=2)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{shop.url}/products/twinspot")
    page.get_by_role("button", name=re.compile("^Buy (?!as a gift)")).click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("link", name=re.compile("^Download")).first).to_be_visible()
    assert len(key_texts(page)) == 1
    take(page, pictures / "thank-you.webp")
    context.close()


def show_the_owners_side(shop: Shop, page: Page, pictures: Path) -> None:
    come_in(shop, page, "/admin/products/twinspot")
    preview = page.frame_locator("iframe:not(.is-loading)")
    expect(preview.get_by_role("heading", level=1)).to_have_text("Twinspot")
    page.get_by_role("heading", name="Page", exact=True).evaluate("heading => heading.scrollIntoView()")
    take(page, pictures / "editor.webp")
    with shop.app.app_context():
        change_looks({"accent": "#a63d2f"})
    page.goto(f"{shop.url}/admin/shop/looks")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    take(page, pictures / "looks.webp")
    page.goto(f"{shop.url}/admin/ready")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    take(page, pictures / "ready.webp")
