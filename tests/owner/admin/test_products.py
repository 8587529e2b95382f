"""The product editor: what an owner types becomes a page that sells, and nothing typed is lost."""

import io
import re

import pytest
from click.testing import CliRunner
from flask import Flask
from PIL import Image

from tests.cli.commands import done, refused
from tests.owner.admin.editor_forms import TWINSPOT, said, shown_in, texts_of
from tests.shop.media.drawn import SAMPLES
from tests.support.goods import change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer

TAPS = "/admin/products/soft-taps"
ORDER_OF_EDITIONS = (
    "SELECT key FROM editions JOIN products ON products.id = product_id"
    " WHERE slug = 'twinspot' ORDER BY editions.position"
)


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def test_makes_a_product_that_sells_without_a_command(app: Flask, owner: Buyer) -> None:
    answer = owner.post("/admin/products", name="Café Type 💫")
    assert answer.location == "/admin/products/cafe-type"
    page = said(owner, answer)
    assert "nobody sees it until you publish it" in page
    assert Buyer(app).get("/products/cafe-type").status_code == 404
    refused = owner.post("/admin/products/cafe-type/state", state="published")
    assert refused.status_code == 409
    for blocker in ("Write a tagline", "Write a description", "Add an edition with a price", "Upload a file"):
        assert blocker in refused.text
    texts = {"summary": "Letters with sugar.", "description_markdown": "**Sweet** <script>alert(1)</script>"}
    assert "Saved." in said(owner, owner.post("/admin/products/cafe-type/texts", name="Café Type 💫", **texts))
    digests = shown_in(owner.get("/admin/products/cafe-type").text, "settings")
    said(owner, owner.post("/admin/products/cafe-type/settings", grants_license="yes", key_source="generated",
        pool_low_at="20", pool_very_low_at="5", activation_limit="2", **digests))  # fmt: skip
    added = owner.post("/admin/products/cafe-type/editions", name="Desk", currency="EUR", amount="12,50")
    assert "Edition added." in said(owner, added)
    assert "Published: it is in your shop." in said(
        owner, owner.post("/admin/products/cafe-type/state", state="published")
    )
    page = Buyer(app).get("/products/cafe-type").text
    assert "€12.50" in page
    assert "<strong>Sweet</strong>" in page
    assert "<script>alert" not in page
    assert "On up to 2 devices" in page
    assert "Café Type" in Buyer(app).get("/").text


def test_saves_only_what_was_touched(app: Flask, owner: Buyer) -> None:
    digests = texts_of(owner)
    owner.post(f"{TWINSPOT}/texts", summary="From another tab.", **texts_of(owner))
    before = read_rows(app, "SELECT * FROM products WHERE slug = 'twinspot'")[0]
    answer = owner.post(
        f"{TWINSPOT}/texts",
        name="Twinspot Pro",
        summary="Finds the files you have twice. A small command-line tool that never deletes anything.",
        **digests,
    )
    assert "Saved." in said(owner, answer)
    after = read_rows(app, "SELECT * FROM products WHERE slug = 'twinspot'")[0]
    assert after == before | {"name": "Twinspot Pro"}
    assert after["summary"] == "From another tab."


def test_shows_both_versions_to_a_save_that_comes_too_late(app: Flask, owner: Buyer) -> None:
    digests = texts_of(owner)
    owner.post(f"{TWINSPOT}/texts", summary="First.", **digests)
    late = owner.post(f"{TWINSPOT}/texts", summary="Second.", name="Also new", **digests)
    assert late.status_code == 409
    assert "Changed meanwhile: tagline. Nothing was saved." in late.text
    assert "First." in late.text
    assert 'value="Second."' in late.text
    assert 'value="Also new"' in late.text
    assert read_rows(app, "SELECT name, summary FROM products WHERE slug = 'twinspot'") == [
        {"name": "Twinspot", "summary": "First."}
    ]
    carried = shown_in(late.text, "texts")
    pressed_again = owner.post(f"{TWINSPOT}/texts", summary="Second.", **carried)
    assert (pressed_again.status_code, shown_in(pressed_again.text, "texts")) == (409, carried)
    kept = owner.post(f"{TWINSPOT}/texts", summary="Second.", **carried, **{"keep-summary": "theirs"})
    assert "Nothing was changed." in said(owner, kept)
    owner.post(f"{TWINSPOT}/texts", summary="Third.", **texts_of(owner))
    mine = {"summary": "Second.", "keep-summary": "yours"}
    assert "Third." in owner.post(f"{TWINSPOT}/texts", **mine, **carried).text, "the choice was another one"
    now = shown_in(owner.post(f"{TWINSPOT}/texts", **mine, **carried).text, "texts")
    assert "Saved." in said(owner, owner.post(f"{TWINSPOT}/texts", **mine, **now))


def test_asks_of_every_setting_which_one_stays(owner: Buyer) -> None:
    digests = shown_in(owner.get(TWINSPOT).text, "settings")
    typed = {
        "key_source": "pool", "tax_code": "txcd_10201000", "tax_behavior": "inclusive", "checkout_ui": "hosted",
        "activation_limit": "9", "seats": "9", "license_prefix": "NEW", "license_until": "2099-12-31",
        "update_days": "9", "download_limit": "9", "download_days": "9", "most_in_form": "9",
        "offered_beside": "soft-taps", "pool_low_at": "99", "pool_very_low_at": "9",
        "one_key_per_order_item": "yes",
    }  # fmt: skip
    late = owner.post(f"{TWINSPOT}/settings", **typed, **dict.fromkeys(digests, "0123456789abcdef"))
    assert late.status_code == 409
    assert set(typed) <= set(re.findall(r'name="keep-(\w+)" value="theirs"', late.text))


def test_keeps_what_was_typed_when_it_cannot_be_saved(app: Flask, owner: Buyer) -> None:
    answer = owner.post(f"{TWINSPOT}/texts", name="x" * 121, summary="Kept.", tags="a, b, c, d, e, f")
    assert answer.status_code == 400
    assert "121 characters, and 120 fit" in answer.text
    assert "room for 5 tags" in answer.text
    assert 'value="Kept."' in answer.text
    assert "x" * 121 in answer.text
    assert read_rows(app, "SELECT name FROM products WHERE slug = 'twinspot'") == [{"name": "Twinspot"}]


def test_takes_every_text_at_its_limit_in_any_language(app: Flask, owner: Buyer) -> None:
    texts = {
        "name": "💫" * 120, "summary": "💫" * 160, "description_markdown": "💫" * 20_000,
        "requirements": "💫" * 2000, "first_steps": "💫" * 2000,
        "question": ["💫" * 120] * 12, "answer": ["💫" * 1000] * 12,
        "quote": ["💫" * 400] * 6, "quote_who": ["💫" * 80] * 6,
        "quote_link": [f"https://x.example/{'💫' * 282}"] * 6,
        "search_title": "💫" * 60, "search_text": "💫" * 160,
        "tags": ",".join(f"{number}{'💫' * 23}" for number in range(5)),
    }  # fmt: skip
    assert owner.post(f"{TAPS}/preview", **texts).status_code == 200
    assert "Saved." in said(owner, owner.post(f"{TAPS}/texts", **texts, **texts_of(owner, "soft-taps")))
    (row,) = read_rows(app, "SELECT length(description_markdown) AS size FROM products WHERE slug = 'soft-taps'")
    assert row["size"] == 20_000
    page = owner.get(TAPS)
    assert page.status_code == 200
    assert page.text.count('name="question"') == 12


def test_calls_texts_by_command_as_the_options_do(command: CliRunner) -> None:
    words = ("products", "edit", "twinspot", "--tagline", "Short.", "--search-title", "Twins")
    assert done(command, *words) == "Changed: tagline, search title.\n"
    assert "it says all that already" in done(command, *words)


def test_refuses_a_tag_by_command_that_a_form_would_make_two(app: Flask, command: CliRunner) -> None:
    assert "A tag holds a comma" in refused(command, "products", "edit", "twinspot", "--tag", "C, C++")
    assert "C, C++" not in str(read_rows(app, "SELECT tags FROM products WHERE slug = 'twinspot'"))


def test_changes_nothing_when_the_same_form_is_sent_twice(app: Flask, owner: Buyer) -> None:
    digests = texts_of(owner)
    for words in ("Saved.", "Nothing was changed."):
        assert words in said(owner, owner.post(f"{TWINSPOT}/texts", summary="Once.", **digests))
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'product.changed'")) == 1


def test_previews_texts_that_are_not_saved_and_lets_nothing_be_sent_from_there(app: Flask, owner: Buyer) -> None:
    page = owner.post(f"{TWINSPOT}/preview", name="Not saved", description_markdown="*new*")
    assert '<h1 dir="auto">Not saved</h1>' in page.text
    assert "<em>new</em>" in page.text
    assert "$19.00" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'none';" in policy
    assert "frame-ancestors 'self'" in policy
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert read_rows(app, "SELECT name FROM products WHERE slug = 'twinspot'") == [{"name": "Twinspot"}]


def test_gives_a_sold_price_a_new_row_and_leaves_the_old_one(app: Flask, owner: Buyer) -> None:
    (old,) = read_rows(
        app,
        "SELECT prices.id FROM prices JOIN editions ON editions.id = edition_id"
        " WHERE key = 'personal' AND currency = 'usd'",
    )
    answer = owner.post(f"{TWINSPOT}/editions/personal/price", currency="usd", amount="24")
    assert "Personal costs $24.00 now. Orders keep what they paid" in said(owner, answer)
    rows = "SELECT amount_minor, is_active FROM prices WHERE id = :id"
    assert [tuple(row.values()) for row in read_rows(app, rows, id=old["id"])] == [(1900, 0)]
    assert "$24.00" in Buyer(app).get("/products/twinspot").text


@pytest.mark.parametrize(
    ("currency", "amount", "words"),
    [
        ("usd", "0.005", "is no amount in USD"),
        ("usd", "-1", "is no amount in USD"),
        ("usd", "1e9", "is no amount in USD"),
        ("usd", "1,000", "is no amount in USD"),
        ("kwd", "1,000", "is no amount in KWD"),
        ("eur", "1.234,56", "'1.234,56' is no amount in EUR"),
        ("usd", "0.30", "Stripe takes $0.50 or more"),
        ("usd", "1000000", "Stripe takes at most $999,999.99"),
        ("idr", "10000000000", "Stripe takes at most IDR\xa09,999,999,999.99"),
        ("jpy", "19.50", "is no amount in JPY"),
        ("kwd", "1.005", "third decimal has to be 0"),
        ("xyz", "5", "is no currency"),
        ("", "5", "is no currency"),
        ("us", "5", "is no currency"),
        ("usd", "19\u0661", "is no amount"),
    ],
)
def test_says_why_an_amount_cannot_be(app: Flask, owner: Buyer, currency: str, amount: str, words: str) -> None:
    prices = "SELECT id, amount_minor, is_active FROM prices ORDER BY id"
    before = read_rows(app, prices)
    answer = owner.post(
        f"{TWINSPOT}/editions/personal/price", currency=currency, amount=amount, is_new_price="yes"
    )
    assert answer.status_code == 400
    assert words in answer.text.replace("&#39;", "'")
    assert read_rows(app, prices) == before


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("eur", "17", 1700), ("EUR", "17,90", 1790), ("jpy", "2000", 2000), ("kwd", "5.990", 5990), ("gbp", "0", 0)],
)
def test_takes_amounts_as_people_write_them(
    app: Flask, owner: Buyer, currency: str, amount: str, minor: int
) -> None:
    said(owner, owner.post(f"{TWINSPOT}/editions/team/price", currency=currency, amount=amount))
    rows = "SELECT amount_minor FROM prices WHERE currency = :currency"
    assert read_rows(app, rows, currency=currency.lower()) == [{"amount_minor": minor}]


def test_sells_in_one_currency_at_a_time(app: Flask, owner: Buyer) -> None:
    for edition, amount in (("personal", "17"), ("team", "71")):
        owner.post(f"{TWINSPOT}/editions/{edition}/price", currency="eur", amount=amount)
    buyer = Buyer(app)
    page = buyer.get("/products/twinspot").text
    assert "$19.00" in page
    assert "€17.00" not in page
    page = buyer.get("/products/twinspot?currency=eur").text
    assert "€17.00" in page
    assert "$19.00" not in page
    assert "€17.00" in buyer.get("/products/twinspot").text  # remembered
    catalog = buyer.get("/").text
    assert "€17.00" in catalog
    assert "$14.00" in catalog  # the book has no price in euros
    assert "$19.00" in Buyer(app).get("/").text


def test_leads_from_an_old_address_to_the_new_one(app: Flask, owner: Buyer) -> None:
    moved = owner.post(f"{TAPS}/address", slug="soft-knocks")
    assert "The old address leads to the new one" in said(owner, moved)
    old = Buyer(app).get("/products/soft-taps?edition=1")
    assert (old.status_code, old.location) == (301, "/products/soft-knocks?edition=1")
    assert Buyer(app).get("/products/soft-knocks").status_code == 200
    refusal = owner.post("/admin/products", name="Other", slug="soft-taps")
    assert refusal.status_code == 400
    assert "address of another product" in refusal.text
    back = owner.post("/admin/products/soft-knocks/address", slug="soft-taps")
    assert back.status_code == 303
    assert Buyer(app).get("/products/soft-knocks").location == "/products/soft-taps"


@pytest.mark.parametrize("slug", ["a", "New", "-a-", "a--b", "a/b", "ü", "new", "soft-taps", "x" * 65, ""])
def test_refuses_an_address_that_cannot_be(app: Flask, owner: Buyer, slug: str) -> None:
    answer = owner.post(f"{TWINSPOT}/address", slug=slug)
    if slug == "New":
        slug = "new"
    assert answer.status_code == 400
    assert read_rows(app, "SELECT slug FROM products WHERE name = 'Twinspot'") == [{"slug": "twinspot"}]


@pytest.mark.parametrize("slug", ["con", "aux", "com1", "lpt9"])
def test_refuses_an_address_that_no_folder_on_windows_can_have(
    owner: Buyer, command: CliRunner, slug: str
) -> None:
    words = f"{slug} is the name of a device on Windows, where no folder can be called so: take another one."
    for _time in range(2):
        answer = owner.post(f"{TWINSPOT}/address", slug=slug)
        assert (answer.status_code, words in answer.text) == (400, True)
        assert words in refused(command, "products", "create", "Thing", "--slug", slug)
        assert words in refused(command, "pages", "create", "Thing", "--slug", slug)
    assert f"{slug}-product" in done(command, "products", "create", slug.capitalize())


def test_keeps_what_was_bought_whatever_becomes_of_the_product(app: Flask, owner: Buyer) -> None:
    for state, status in (("unlisted", 200), ("retired", 404), ("draft", 404), ("published", 200)):
        assert owner.post(f"{TAPS}/state", state=state).status_code == 303
        page = Buyer(app).get("/products/soft-taps")
        assert page.status_code == status
        assert state != "unlisted" or "noindex" in page.text
        assert ("Soft Taps" in Buyer(app).get("/").text) == (state == "published")
    assert owner.post(f"{TAPS}/state", state="gone").status_code == 409


def test_moves_switches_and_deletes_editions(app: Flask, owner: Buyer) -> None:
    owner.post(f"{TWINSPOT}/editions/team/move", position="1")
    assert [row["key"] for row in read_rows(app, ORDER_OF_EDITIONS)] == ["team", "personal"]
    owner.post(f"{TWINSPOT}/editions/team/move", position="1")
    assert [row["key"] for row in read_rows(app, ORDER_OF_EDITIONS)] == ["team", "personal"]
    owner.post(f"{TWINSPOT}/editions/team/switch", is_active="no")
    assert "$79.00" not in Buyer(app).get("/products/twinspot").text
    owner.post(f"{TWINSPOT}/editions/team/switch", is_active="yes")
    assert "$79.00" in Buyer(app).get("/products/twinspot").text
    assert "Edition deleted." in said(owner, owner.post(f"{TWINSPOT}/editions/team/delete"))
    assert [row["key"] for row in read_rows(app, ORDER_OF_EDITIONS)] == ["personal"]
    assert owner.post(f"{TWINSPOT}/editions/team/delete").status_code == 404


def test_refuses_a_second_edition_of_one_name(app: Flask, owner: Buyer) -> None:
    answer = owner.post(f"{TWINSPOT}/editions", name="TEAM", currency="usd", amount="5")
    assert answer.status_code == 400
    assert "There is an edition TEAM already" in answer.text
    assert 'value="TEAM"' in answer.text


def test_writes_down_who_changed_what(app: Flask, owner: Buyer) -> None:
    owner.post(f"{TWINSPOT}/texts", summary="New.")
    owner.post(f"{TWINSPOT}/editions/team/price", currency="usd", amount="80")
    entries = read_rows(app, "SELECT verb, actor, subject FROM audit_entries ORDER BY id DESC LIMIT 2")
    assert [tuple(row.values()) for row in entries] == [
        ("price.changed", "owner@example.com", "twinspot/team"),
        ("product.changed", "owner@example.com", "twinspot"),
    ]


def test_shows_an_empty_shop_what_to_do(app: Flask, owner: Buyer) -> None:
    assert "twinspot" in owner.get("/admin/products").text
    assert owner.get("/admin/products/nothing").status_code == 404
    assert owner.get("/admin/products/new").status_code == 200


def png(color: str = "teal", size: tuple[int, int] = (1200, 800)) -> io.BytesIO:
    content = io.BytesIO()
    Image.new("RGB", size, color).save(content, "PNG")
    content.seek(0)
    return content


def test_shows_pictures_with_words_and_in_the_owners_order(app: Flask, owner: Buyer) -> None:
    files = [(png("teal"), "one.png"), (png("tan"), "two.png")]
    assert "2 added." in said(owner, owner.post(f"{TAPS}/pictures", files=files))
    rows = "SELECT picture_id FROM product_pictures ORDER BY position"
    first, second = (row["picture_id"] for row in read_rows(app, rows))
    said(owner, owner.post(f"{TAPS}/pictures/{second}", alt="A row of bells"))
    said(owner, owner.post(f"{TAPS}/pictures/{second}/move", position="1"))
    assert [row["picture_id"] for row in read_rows(app, rows)] == [second, first]
    buyer = Buyer(app)
    for path in ("/", "/products/soft-taps"):
        page = buyer.get(path).text
        assert 'alt="A row of bells"' in page
        address = re.search(r'src="(/media/[^"]+\.webp)"', page)
        assert address
        assert buyer.get(address[1]).mimetype == "image/webp"
    assert 'property="og:image" content="http' in buyer.get("/products/soft-taps").text
    assert "Picture removed." in said(owner, owner.post(f"{TAPS}/pictures/{second}/remove"))
    assert owner.post(f"{TAPS}/pictures/{second}/remove").status_code == 404


def test_says_what_was_there_before_of_pictures_and_samples_that_come_again(app: Flask, owner: Buyer) -> None:
    teal = {"files": [(png("teal"), "one.png")]}
    assert "Added." in said(owner, owner.post(f"{TAPS}/pictures", alt="Bells", **teal))
    page = said(owner, owner.post(f"{TAPS}/pictures", alt="Drums", files=[(png("teal"), "one.png")]))
    assert "One was there already: place and words stay." in page
    assert "Added." not in page
    files = [(png("teal"), "one.png"), (png("tan"), "two.png")]
    assert "Added. One was there already" in said(owner, owner.post(f"{TAPS}/pictures", files=files))
    assert [row["alt"] for row in read_rows(app, "SELECT alt FROM product_pictures ORDER BY id")] == ["Bells", ""]
    for words in ("Added.", "One was there already"):
        files = [(io.BytesIO(SAMPLES["chapter.pdf"]), "chapter.pdf")]
        assert words in said(owner, owner.post(f"{TAPS}/samples", title="Chapter one", files=files))


def test_gives_back_a_description_of_a_picture_that_is_too_long(app: Flask, owner: Buyer) -> None:
    said(owner, owner.post(f"{TAPS}/pictures", files=[(png("teal"), "one.png"), (png("tan"), "two.png")]))
    _first, second = (row["id"] for row in read_rows(app, "SELECT picture_id AS id FROM product_pictures"))
    typed = "A row of bells. " * 20
    answer = owner.post(f"{TAPS}/pictures/{second}", alt=typed)
    assert answer.status_code == 400
    assert re.search(rf'id="alt-{second}"[^>]* value="{typed}"[^>]* aria-invalid="true"', answer.text)
    assert answer.text.count(typed) == 1
    assert "Up to 200 characters" in answer.text


def test_names_the_picture_that_is_none_and_keeps_those_before(app: Flask, owner: Buyer) -> None:
    files = [(png(), "good.png"), (io.BytesIO(b"name,price\na,1"), "table.png")]
    answer = owner.post(f"{TAPS}/pictures", files=files)
    assert answer.status_code in (400, 415)
    assert "table.png:" in answer.text
    assert len(read_rows(app, "SELECT id FROM product_pictures")) == 1
    assert owner.post(f"{TAPS}/pictures", alt="no file", files=(io.BytesIO(b""), "")).status_code == 400


def test_draws_a_cover_for_a_product_without_a_picture(app: Flask, owner: Buyer) -> None:
    change_product(app, "soft-taps", cover="soft-taps.svg")  # as databases of before have it
    page = Buyer(app).get("/products/soft-taps").text
    assert 'src="/media/cover/soft-taps.svg"' in page
    assert Buyer(app).get("/media/cover/soft-taps.svg").mimetype == "image/svg+xml"


def test_offers_a_sample_to_everybody(app: Flask, owner: Buyer) -> None:
    chapter = (io.BytesIO(b"%PDF-1.7\n%%EOF\n"), "chapter.pdf")
    said(owner, owner.post(f"{TAPS}/samples", title="Chapter one", files=chapter))
    page = Buyer(app).get("/products/soft-taps").text
    assert "Chapter one" in page
    (row,) = read_rows(app, "SELECT id FROM product_samples")
    assert "Sample removed." in said(owner, owner.post(f"{TAPS}/samples/{row['id']}/remove"))
    assert "Chapter one" not in Buyer(app).get("/products/soft-taps").text
