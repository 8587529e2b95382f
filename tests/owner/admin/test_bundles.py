"""The editor makes bundles: a field for each part, and nothing typed is lost."""

import re

import pytest
from flask import Flask

from tests.owner.admin.editor_forms import said, shown_in
from tests.support.bundles import KIT, PARTS, add_bundle, include
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer

EDITOR = f"/admin/products/{KIT[0]}"
SAVE = f"{EDITOR}/editions/kit/includes"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    add_bundle(app)
    return sign_in_at_admin(app, make_person(app))


def chosen(page: str) -> list[str]:
    """What stands in the fields, empty ones too."""
    form = page.split('id="edition-kit-parts"')[1].split("</form>", maxsplit=1)[0]
    fields = re.findall(r"<select.*?</select>", form, re.DOTALL)
    return [(re.findall(r'value="([^"]+)" selected', field) or [""])[0] for field in fields]


def test_shows_a_field_for_each_part_and_some_more(owner: Buyer) -> None:
    page = owner.get(EDITOR).text
    assert chosen(page) == [*PARTS, "", "", ""]
    assert 'value="starter-kit/kit"' not in page  # itself
    assert "Make it a bundle" in owner.get("/admin/products/soft-taps").text
    assert 'value="starter-kit/kit"' not in owner.get("/admin/products/soft-taps").text  # a bundle


def test_saves_what_is_chosen_and_leaves_out_what_is_empty(owner: Buyer) -> None:
    digests = shown_in(owner.get(EDITOR).text, "edition-kit-parts")
    answer = owner.post(SAVE, includes=["", "soft-taps/studio", "", "twinspot/team"], **digests)
    page = said(owner, answer)
    assert "Who bought it keeps what was in it." in page
    assert chosen(page) == ["soft-taps/studio", "twinspot/team", "", "", ""]
    again = owner.post(SAVE, includes=["soft-taps/studio", "twinspot/team"], **digests)
    assert "Nothing was changed." in said(owner, again)


def test_keeps_what_was_chosen_when_it_cannot_be(owner: Buyer) -> None:
    refused = owner.post(SAVE, includes=["twinspot/team", "twinspot/personal"])
    assert refused.status_code == 400
    assert "Twinspot is named twice" in refused.text
    assert chosen(refused.text)[:2] == ["twinspot/team", "twinspot/personal"]
    assert chosen(owner.get(EDITOR).text)[:2] == list(PARTS)


def test_shows_both_to_a_save_that_comes_too_late(app: Flask, owner: Buyer) -> None:
    digests = shown_in(owner.get(EDITOR).text, "edition-kit-parts")
    include(app, "gridling")
    late = owner.post(SAVE, includes=["soft-taps/studio"], **digests)
    assert late.status_code == 409
    assert "<blockquote>gridling/desktop-and-web</blockquote>" in late.text
    assert chosen(late.text)[0] == "soft-taps/studio"
    now = shown_in(late.text, "edition-kit-parts") | {"keep-includes": "yours"}
    assert chosen(said(owner, owner.post(SAVE, includes=["soft-taps/studio"], **now)))[0] == "soft-taps/studio"


def test_leaves_alone_what_somebody_else_saved_and_nobody_touched(app: Flask, owner: Buyer) -> None:
    digests = shown_in(owner.get(EDITOR).text, "edition-kit-parts")
    include(app, "gridling")
    assert "Nothing was changed." in said(owner, owner.post(SAVE, includes=list(PARTS), **digests))
    assert chosen(owner.get(EDITOR).text)[0] == "gridling/desktop-and-web"


def test_shows_what_it_includes_beside_a_refusal_of_another_form_that_names_parts(app: Flask) -> None:
    """A field that belongs elsewhere is no part, in forms of an edition's texts and of its price."""
    owner = sign_in_at_admin(app, make_person(app))
    for path, field in (("", "seats"), ("/price", "amount")):
        answer = owner.post(f"/admin/products/twinspot/editions/personal{path}", **{field: "x", "includes": "x"})
        assert answer.status_code == 400
        assert "Make it a bundle" in answer.text
