"""The catalog page and the product page, as a visitor meets them."""

import re

import pytest
from flask import Flask

from storefront.shop.catalog.markdown import html_of, render_markdown
from storefront.shop.catalog.models import ProductState
from tests.support.goods import change_price, change_product, make_product, unpublish_everything
from tests.support.rows import change_rows
from tests.support.shop import Buyer, find_price
from tests.support.statements import counted

CATALOG_STATEMENTS = 4  # when it is drawn; after that one, as `test_kept_pages.py` says
PRODUCT_STATEMENTS = 6


def test_shows_every_published_product_with_its_lowest_price(buyer: Buyer) -> None:
    page = buyer.get("/").text
    for words in ("Twinspot", "The Patient Toolmaker", "Soft Taps", "Gridling", "$19.00", "$14.00", "Free"):
        assert words in page
    assert "$79.00" not in page


def test_promises_only_what_is_on_sale(buyer: Buyer, app: Flask) -> None:
    assert "License keys and downloads the moment you pay" in buyer.get("/").text
    change_rows(app, "UPDATE products SET grants_license = false, update_days = 30, download_limit = 1")
    page = buyer.get("/").text
    assert "Downloads the moment you pay" in page
    for promise in ("License keys", "releases", "any time"):
        assert promise not in page.partition("</header>\n<main")[2].partition("<h2")[0]
    unpublish_everything(app)
    assert "the moment you pay" not in buyer.get("/").text


def test_keeps_the_owners_order(buyer: Buyer, app: Flask) -> None:
    change_product(app, "gridling", position=-1)
    names = re.findall(r'href="/products/([a-z-]+)"', buyer.get("/").text)
    assert names[0] == "gridling"


def test_says_so_when_there_is_nothing_to_sell(buyer: Buyer, app: Flask) -> None:
    unpublish_everything(app)
    page = buyer.get("/")
    assert page.status_code == 200
    assert "Nothing for sale yet" in page.text


def test_costs_a_bounded_number_of_statements(buyer: Buyer, app: Flask) -> None:
    for number in range(20):
        make_product(app, f"more-{number}", (500, "usd"), (900, "usd"))
    with counted(app) as catalog_statements:
        assert buyer.get("/").status_code == 200
    with counted(app) as product_statements:
        assert buyer.get("/products/twinspot").status_code == 200
    assert len(catalog_statements) <= CATALOG_STATEMENTS
    assert len(product_statements) <= PRODUCT_STATEMENTS


def test_shows_editions_and_what_is_inside(buyer: Buyer) -> None:
    page = buyer.get("/products/twinspot").text
    for words in ("Personal", "$19.00", "Team", "$79.00", "twinspot-2.1.zip", "KB", "Version 2.1", "License key"):
        assert words in page
    assert "<h2>What it does</h2>" in page


def test_offers_no_choice_of_one_edition(buyer: Buyer) -> None:
    page = buyer.get("/products/gridling").text
    assert 'type="radio"' not in page
    assert "Get it free" in page


def test_makes_unknown_and_unpublished_products_look_the_same(buyer: Buyer, app: Flask) -> None:
    change_product(app, "soft-taps", state=ProductState.DRAFT)
    unknown, unpublished = buyer.get("/products/nothing"), buyer.get("/products/soft-taps")
    assert unknown.status_code == unpublished.status_code == 404
    assert unknown.text == unpublished.text
    assert "See all products" in unknown.text
    assert "soft-taps" not in buyer.get("/").text


def test_offers_no_withdrawn_editions(buyer: Buyer, app: Flask) -> None:
    change_price(app, find_price(app, "twinspot", "Personal"), is_active=False)
    page = buyer.get("/products/twinspot").text
    assert "$19.00" not in page
    assert "$79.00" in page
    change_price(app, find_price(app, "twinspot", "Team"), is_active=False)
    assert "This isn't available right now." in buyer.get("/products/twinspot").text


def test_shows_no_releases_of_tomorrow_today(buyer: Buyer, app: Flask) -> None:
    make_product(app, "early", (100, "usd"), grants_download=True)
    assert " KB" not in buyer.get("/products/early").text


def test_carries_no_scripts_of_descriptions(buyer: Buyer, app: Flask) -> None:
    make_product(
        app,
        "evil",
        (100, "usd"),
        description=(
            "<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n"
            "[a](javascript:alert(1)) [b](https://example.com/b) [c](data:text/html,x)\n\n"
            '![pixel](https://example.com/pixel.png) <a href="https://example.com" onclick="x()">d</a>'
        ),
    )
    page = buyer.get("/products/evil").text
    text = page[page.index('class="product-text') :]
    assert "<script>alert" not in text
    assert "<img" not in text
    assert 'href="javascript:' not in text
    assert 'href="data:' not in text
    assert not re.search(r"<[^>]+\son\w+=", text)
    assert '<a href="https://example.com/b" rel="nofollow noopener noreferrer">b</a>' in text


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            'Look: ![a *red* map](https://e.example/m.png "Map")',
            'Look: <a href="https://e.example/m.png" title="Map">a red map</a>',
        ),
        ("![a map][1]\n\n[1]: https://e.example/m.png", '<a href="https://e.example/m.png">a map</a>'),
        ("[![a map](https://e.example/m.png)](https://e.example)", '<a href="https://e.example">a map</a>'),
        ("![](https://e.example/m.png)And words", "And words"),
        ("[![](https://e.example/m.png)](https://e.example)", '<a href="https://e.example">https://e.example</a>'),
        (
            "[see <https://b.example> here](https://e.example)",
            '<a href="https://e.example">see https://b.example here</a>',
        ),
        ("[<ada@e.example>](mailto:ada@e.example)", '<a href="mailto:ada@e.example">ada@e.example</a>'),
        ("<https://e.example>", '<a href="https://e.example">https://e.example</a>'),
        ("[ *\u200b* ](/products)", '<a href="/products">/products</a>'),
        ("![a map]()", "a map"),
        ("[![a map]()](<>) and [*words*]()", "a map and <em>words</em>"),
        ("What a map\\![Really](https://e.example)", 'What a map!<a href="https://e.example">Really</a>'),
    ],
)
def test_links_to_pictures_of_descriptions_by_their_words(markdown: str, shown: str) -> None:
    """No picture comes from elsewhere, and no mark of one stays behind."""
    html = str(render_markdown(markdown)).replace(' rel="nofollow noopener noreferrer"', "")
    assert html == f"<p>{shown}</p>\n"


def test_puts_tables_and_code_of_descriptions_where_keys_scroll_them() -> None:
    html = render_markdown("|a|b|\n|---|---|\n|1|<div onclick=x()>|\n\n    code")
    assert html.startswith('<div class="table-scroll" tabindex="0">\n<table>')
    assert html.endswith('</table>\n</div>\n<pre tabindex="0"><code>code\n</code></pre>\n')
    assert "&lt;div onclick=x()&gt;" in html
    assert html.count("<div") == 1


def test_writes_a_table_of_a_description_alike_each_time() -> None:
    """What is shown has an ETag by its bytes, and each worker process writes it anew."""
    written = set()
    for _ in range(16):
        html_of.cache_clear()
        written.add(render_markdown('|a|b|\n|---|:-:|\n|1|[c](/d "e")|\n\n    code\n\n3. x'))
    assert len(written) == 1


def test_escapes_product_names(buyer: Buyer, app: Flask) -> None:
    change_product(app, "gridling", name="<b>Bold</b> & co", summary='"><script>alert(1)</script>')
    for path in ("/", "/products/gridling"):
        page = buyer.get(path).text
        assert "&lt;b&gt;Bold&lt;/b&gt; &amp; co" in page
        assert "<script>alert" not in page


def test_has_every_cover_with_its_size(buyer: Buyer) -> None:
    images = re.findall(r"<img[^>]+>", buyer.get("/").text)
    assert len(images) == 4
    for image in images:
        assert 'width="960" height="540"' in image
        source = re.search(r'src="([^"]+)"', image)
        assert source
        with buyer.get(source[1]) as answer:
            assert answer.status_code == 200
    assert [("lazy" in image) for image in images] == [False, True, True, True]


def test_says_that_this_is_a_sandbox(buyer: Buyer) -> None:
    assert "Sandbox" in buyer.get("/").text


def test_leads_to_the_library(buyer: Buyer) -> None:
    assert 'href="/library"' in buyer.get("/").text
