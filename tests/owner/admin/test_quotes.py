"""What others say of a product: typed in the editor, chosen by the seller, no review for search engines."""

import pytest
from flask import Flask

from tests.owner.admin.editor_forms import TWINSPOT, said, texts_of
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer

FORM = {
    "quote": ["It found <40> GB.", "", "Quiet & quick."],
    "quote_who": ["Grace", "", "Alan"],
    "quote_link": ["https://example.com/review", "", ""],
}


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def test_shows_quotes_as_chosen_by_the_seller(owner: Buyer, buyer: Buyer) -> None:
    assert "What others say" not in buyer.get("/products/twinspot").text
    stale = texts_of(owner)
    assert "Saved." in said(owner, owner.post(f"{TWINSPOT}/texts", **FORM, **stale))
    page = buyer.get("/products/twinspot").text
    section = page[page.index("What others say") :]
    assert (
        section.index("It found &lt;40&gt; GB.")
        < section.index("Quiet &amp; quick.")
        < section.index("Selected by")
    )
    assert '<a href="https://example.com/review" rel="nofollow noopener noreferrer">Grace</a>' in section
    data = page.split('application/ld+json">')[1].split("</script>")[0]
    assert "GB" not in data
    assert "eview" not in data
    moved = {name: values[::-1] for name, values in FORM.items()}
    late = owner.post(f"{TWINSPOT}/texts", **moved, **stale)
    assert late.status_code == 409
    assert "Save yours, as it stands in the field" in late.text
    assert "Saved." in said(owner, owner.post(f"{TWINSPOT}/texts", **moved, **texts_of(owner)))
    page = buyer.get("/products/twinspot").text
    assert page.index("Quiet &amp; quick.") < page.index("It found")
    owner.post(f"{TWINSPOT}/texts", quote=[""], quote_who=[""], quote_link=[""], **texts_of(owner))
    assert "What others say" not in buyer.get("/products/twinspot").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"quote": "Fine"}, "needs both, what is said and who says it"),
        ({"quote_who": "Grace", "quote": ""}, "needs both, what is said and who says it"),
        ({"quote": "Fine", "quote_who": "Grace", "quote_link": "javascript:alert(1)"}, "is no address of a page"),
        (
            {"quote": "Fine", "quote_who": "Grace", "quote_link": "https://a:b@evil.example/"},
            "is no address of a page",
        ),
        ({"quote": "x" * 401, "quote_who": "Grace"}, "401 characters, and 400 fit"),
        ({"quote": ["Fine"] * 7, "quote_who": ["Grace"] * 7}, "room for 6 quotes"),
    ],
)
def test_refuses_quotes_with_a_cure_and_keeps_them_in_the_form(
    owner: Buyer, form: dict[str, str], words: str
) -> None:
    answer = owner.post(f"{TWINSPOT}/texts", **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert "Fine" in answer.text or "Grace" in answer.text
