"""Pages of the shop: written and published by the owner, read by everybody, linked everywhere."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.devtools.mailbox.server import MailboxServer
from storefront.owner.pages.starters import make_starter
from storefront.shop.editor.stale import digest_of
from storefront.shop.pages.edit import change_page, create_page, publish_page
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.refusals import PageRefused
from storefront.shop.pages.words import find_placeholders
from storefront.shop.profile.change import change_profile
from storefront.shop.translations.change import change_page_texts
from tests.owner.admin.editor_forms import said, shown
from tests.shop.editor.acts import at_once
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
KINDS = ("imprint", "terms", "privacy", "refunds")


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def publish(app: Flask, title: str, text: str, kind: str = "") -> str:
    with app.app_context():
        slug = create_page(title, body_markdown=text, legal_kind=kind)
        publish_page(slug)
        db.session.remove()
    return slug


def test_publishes_a_page_that_is_text_and_nothing_else(app: Flask, owner: Buyer) -> None:
    answer = owner.post("/admin/pages", title="Über uns")
    assert answer.location == "/admin/pages/uber-uns"
    assert "nobody sees it until you publish it" in said(owner, answer)
    assert "Write a text first." in owner.post("/admin/pages/uber-uns/publish").text
    text = "# We\n<script>alert(1)</script> **make** [fonts](https://example.com) ![x](/x.png)"
    assert "Saved." in said(owner, owner.post("/admin/pages/uber-uns", title="Über uns", body_markdown=text))
    assert Buyer(app).get("/pages/uber-uns").status_code == 404
    assert "<strong>make</strong>" in owner.get("/admin/pages/uber-uns/preview").text
    assert "Published" in said(owner, owner.post("/admin/pages/uber-uns/publish"))
    page = Buyer(app).get("/pages/uber-uns").text
    assert "<h2>We</h2>" in page
    assert "<script>alert" not in page
    assert 'rel="canonical" href="http://localhost/pages/uber-uns"' in page
    assert "Last changed" in page
    assert 'href="/pages/uber-uns"' in Buyer(app).get("/").text
    said(owner, owner.post("/admin/pages/uber-uns/unpublish"))
    assert Buyer(app).get("/pages/uber-uns").status_code == 404
    assert "/pages/uber-uns" not in Buyer(app).get("/").text


def test_answers_with_nothing_new_while_a_page_is_as_it_was(app: Flask) -> None:
    slug = publish(app, "Imprint", "Ada, Berlin", "imprint")
    reader = Buyer(app)
    first = reader.get(f"/pages/{slug}")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert reader.get(f"/pages/{slug}", headers=tag).status_code == 304
    with app.app_context():
        change_page(slug, {"body_markdown": "Ada, Paris"})
        db.session.remove()
    assert "Paris" in reader.get(f"/pages/{slug}", headers=tag).text


@pytest.mark.parametrize("kind", KINDS)
def test_starts_from_a_text_and_publishes_it_once_it_is_filled_in(app: Flask, owner: Buyer, kind: str) -> None:
    page = said(owner, owner.post("/admin/pages", kind=kind))
    assert "no legal advice" in page
    text = read_rows(app, "SELECT body_markdown FROM pages")[0]["body_markdown"]
    blanks = find_placeholders(text)
    assert blanks
    refused = owner.post(f"/admin/pages/{kind}/publish")
    assert refused.status_code == 409
    assert blanks[-1].replace("'", "&#39;") in refused.text
    for blank in blanks:
        text = text.replace(blank, "so it is")
    said(owner, owner.post(f"/admin/pages/{kind}", body_markdown=text))
    said(owner, owner.post(f"/admin/pages/{kind}/publish"))
    page = Buyer(app).get(f"/pages/{kind}").text
    assert "legal advice" not in page
    assert "{{" not in page
    refused = owner.post(f"/admin/pages/{kind}", body_markdown=f"{text} [your town]")
    assert "This page is published. Still to be filled in: [your town]." in refused.text
    assert f"Another page is the shop&#39;s {kind} already" in owner.post("/admin/pages", kind=kind).text


def test_takes_nothing_for_typed_where_only_publishing_was_refused(app: Flask, owner: Buyer) -> None:
    owner.post("/admin/pages", kind="terms")
    refused = owner.post("/admin/pages/terms/publish")
    assert refused.status_code == 409
    assert "data-refused" not in refused.text
    assert "data-refused" in owner.post("/admin/pages/terms", title="").text


def test_says_what_the_shop_is_set_to(app: Flask, owner: Buyer) -> None:
    owner.post("/admin/pages", kind="terms")
    assert "Twinspot, Personal: " in owner.get("/admin/pages/terms").text
    assert "30 days after your last visit" in said(owner, owner.post("/admin/pages", kind="privacy"))


def test_fills_in_what_the_profile_knows(app: Flask) -> None:
    with app.app_context():
        plain = {kind: make_starter(kind).body_markdown for kind in LegalKind}
    assert "[your name or company]\\\n[your street and number]\\\n[your postal code" in plain[LegalKind.IMPRINT]
    assert "your billing address" in plain[LegalKind.PRIVACY]
    assert "phone" not in plain[LegalKind.PRIVACY]
    assert "our own questions" not in plain[LegalKind.PRIVACY]
    assert "the language that you read the shop in: English, German, French or Spanish." in plain[LegalKind.TERMS]
    known = {
        "form_fields": "Phone | phone\nSize | choice | S / M\nTeam | text | optional",
        "languages": "de",
        "legal_name": "Ada Lovelace Ltd",
        "postal_address": "1 St James Sq\nLondon\n",
        "tax_id": "GB123",
    }
    with app.app_context():
        change_profile(known)
        told = {kind: make_starter(kind).body_markdown for kind in LegalKind}
    imprint, privacy, terms = (told[kind] for kind in (LegalKind.IMPRINT, LegalKind.PRIVACY, LegalKind.TERMS))
    assert "\nAda Lovelace Ltd\\\n1 St James Sq\\\nLondon\n\n## How" in imprint
    assert "Tax ID: GB123\\\nRepresented by" in imprint
    for text in (privacy, terms):
        assert "Ada Lovelace Ltd, 1 St James Sq, London" in text
    assert "your phone number, what you answered to our own questions (Size; Team), how you paid" in privacy
    assert "by email, and it is in German." in terms
    with app.app_context():
        change_profile({"legal_name": ""})
        assert "from [your name or company], 1 St James Sq, London." in make_starter(LegalKind.TERMS).body_markdown


def test_shows_what_is_still_to_be_filled_in_to_nobody_in_another_language(app: Flask, owner: Buyer) -> None:
    slug = publish(app, "Imprint", "Ada, London.", "imprint")
    address = f"/admin/translations/de/pages/{slug}"
    texts = {"title": "Impressum", "body_markdown": "## Wer\n\n[your name or company]"}
    refused = owner.post(address, **texts, **shown(owner.get(address).text))
    assert refused.status_code == 400
    assert "This page is published. Still to be filled in: [your name or company]." in refused.text
    assert "[your" not in Buyer(app).get(f"/de/pages/{slug}").text
    said(owner, owner.post(f"/admin/pages/{slug}/unpublish"))
    said(owner, owner.post(address, **texts, **shown(owner.get(address).text)))
    words = "In German: Still to be filled in: [your name or company]."
    assert words in owner.get(f"/admin/pages/{slug}").text
    assert words in owner.post(f"/admin/pages/{slug}/publish").text
    said(owner, owner.post(address, body_markdown="Ada, London.", **shown(owner.get(address).text)))
    assert "Published" in said(owner, owner.post(f"/admin/pages/{slug}/publish"))


def test_takes_links_and_footnotes_for_no_blanks() -> None:
    text = "[your rights](https://example.com) [1] [sic] <!-- [your x] --> [Your name], [your name and\naddress]"
    assert find_placeholders("<!-- fill in [your name] -->" + text) == (
        "[your x]",
        "[Your name]",
        "[your name and\naddress]",
    )


def test_shows_both_texts_when_somebody_else_was_faster(app: Flask, owner: Buyer) -> None:
    slug = publish(app, "Terms", "One", "terms")
    before = shown(owner.get(f"/admin/pages/{slug}").text)
    owner.post(f"/admin/pages/{slug}", body_markdown="Two", **before)
    late = owner.post(
        f"/admin/pages/{slug}", title="Terms of sale", body_markdown="Three", legal_kind="terms", **before
    )
    assert late.status_code == 409
    assert "<blockquote>Two</blockquote>" in late.text
    assert "Three</textarea>" in late.text
    said(
        owner,
        owner.post(
            f"/admin/pages/{slug}",
            title="Terms of sale",
            body_markdown="Three",
            **shown(late.text),
            **{"keep-body_markdown": "yours"},
        ),
    )
    (row,) = read_rows(app, "SELECT title, body_markdown FROM pages")
    assert row == {"title": "Terms of sale", "body_markdown": "Three"}


def test_keeps_what_was_typed_after_a_refusal(owner: Buyer) -> None:
    owner.post("/admin/pages", title="Help")
    refused = owner.post("/admin/pages/help", title="Help\u202e", body_markdown="What I typed")
    assert refused.status_code == 400
    assert "U+202E" in refused.text
    assert "What I typed</textarea>" in refused.text
    refused = owner.post("/admin/pages", title="Help", slug="Not An Address")
    assert "single hyphens" in refused.text
    assert 'value="Not An Address"' in refused.text
    assert "help is the address of another page" in owner.post("/admin/pages", title="Other", slug="help").text
    assert owner.post("/admin/pages", title="Help").location == "/admin/pages/help-2"


def test_takes_sixty_thousand_emoji_and_not_one_more(app: Flask, owner: Buyer) -> None:
    owner.post("/admin/pages", title="Emoji")
    said(owner, owner.post("/admin/pages/emoji", title="Emoji", body_markdown="🦊" * 60_000))
    assert len(read_rows(app, "SELECT body_markdown FROM pages")[0]["body_markdown"]) == 60_000
    assert (
        "60,001 characters, and 60,000 fit" in owner.post("/admin/pages/emoji", body_markdown="🦊" * 60_001).text
    )


def test_moves_pages_and_deletes_one_by_an_act_of_its_own(app: Flask, owner: Buyer) -> None:
    for title in ("First", "Second", "Third"):
        publish(app, title, "Text")
    with app.app_context():
        change_page_texts("third", Language.GERMAN, {"title": "Dritte", "body_markdown": "Worte."})
        db.session.remove()
    owner.post("/admin/pages/third/move", to="up")
    owner.post("/admin/pages/first/move", to="up")  # it is at the top
    page = Buyer(app).get("/").text
    places = [page.index(f'href="/pages/{slug}"') for slug in ("first", "third", "second")]
    assert places == sorted(places)
    assert "Links to /pages/third now say that there is no page" in said(
        owner, owner.post("/admin/pages/third/delete")
    )
    assert Buyer(app).get("/pages/third").status_code == 404
    assert "It was deleted already." in said(owner, owner.post("/admin/pages/third/delete"))
    (entry,) = read_rows(app, "SELECT before FROM audit_entries WHERE verb = 'page.deleted'")
    for words in ("Text", "de/title", "Dritte", "Worte."):
        assert words in str(entry["before"])


@both
def test_makes_one_page_of_a_kind_when_two_owners_start_at_once(app: Flask) -> None:
    acts = [
        lambda: create_page("Imprint", legal_kind="imprint"),
        lambda: create_page("About", legal_kind="imprint"),
    ]
    assert at_once(app, *acts) == ["", "page_refused"]
    with app.app_context():
        create_page("Other")
        with pytest.raises(PageRefused, match="imprint already"):
            change_page("other", {"legal_kind": "imprint"}, shown={"legal_kind": digest_of(None)})
        db.session.remove()


def test_links_published_pages_in_emails_to_buyers(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    publish(app, "Imprint", "Ada, Berlin", "imprint")
    sale = sell(app, sandbox)
    sale.deliver("checkout.session.")
    sale.work()
    (mail,) = mailbox.messages()
    for part in ("text", "html"):
        assert "http://localhost/pages/imprint" in str(mail[part])


def test_asks_for_no_language_that_the_shop_does_not_speak(app: Flask, owner: Buyer) -> None:
    """Nobody reads it there, nor does an editor open it."""
    with app.app_context():
        create_page("Imprint", body_markdown="Ada, London.", legal_kind="imprint")
        change_page_texts("imprint", Language.GERMAN, {"title": "Impressum", "body_markdown": "[your name]"})
        db.session.remove()
    change_rows(app, "UPDATE shop_profile SET languages = 'en'")
    owner.post("/admin/pages/imprint/publish")
    assert "Imprint" in Buyer(app).get("/pages/imprint").text
    assert "/pages/imprint" in Buyer(app).get("/").text
