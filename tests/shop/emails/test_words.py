"""An owner's words: variables are names and nothing more, values are never markup, text and HTML say the same."""

import pytest

from storefront.core.languages import Language
from storefront.mail.models import MailKind
from storefront.shop.catalog.markdown_text import write_plain
from storefront.shop.emails.editable import EDITABLE
from storefront.shop.emails.words import EmailTextRefused, Words, clean_words, fill

RECEIPT = EDITABLE[MailKind.RECEIPT].variables
NASTY = "*Tidy* [x](https://bad.example) <b>&\n{shop}"


def test_puts_values_in_as_they_are_and_never_as_markup() -> None:
    words = Words(
        subject="{products}: {number}",
        heading="For {products}",
        body="# {products}\n\n**{ number }** `{products}` [Open]({order_url}) {unknown} {}",
    )
    values = {"products": NASTY, "number": "A-1", "order_url": "https://shop.example/o?a=1&b=2"}
    filled = fill(words, values)
    plain = NASTY.replace("\n", " ")
    assert filled.subject == f"{plain}: A-1"
    assert (
        filled.text
        == f"For {plain}\n\n{plain}\n\nA-1 {plain} Open (https://shop.example/o?a=1&b=2) {{unknown}} {{}}"
    )
    assert "<h2>*Tidy* [x](https://bad.example) &lt;b&gt;&amp; {shop}</h2>" in filled.html
    assert "<strong>A-1</strong>" in filled.html
    assert '<a class="link" href="https://shop.example/o?a=1&amp;b=2"' in filled.html
    assert "bad.example)" in filled.html
    assert 'href="https://bad.example' not in filled.html


@pytest.mark.parametrize(
    ("body", "cure"),
    [
        ("{nmae}", "{nmae} is no variable of this email. These are: {number}, {products}"),
        ("{number.__class__}", "{number.__class__} is no variable"),
        ("{total|safe}", "{total|safe} is no variable"),
        ("{{ number }}", "one pair of braces"),
        ("{% for x in y %}", "one pair of braces"),
        ("[x]({products})", "A link cannot lead to {products}. Links may lead to: {order_url}, {shop_url}."),
        ("x" * 20_001, "20,001 characters, and 20,000 fit"),
    ],
)
def test_refuses_what_is_no_variable_and_says_which_are(body: str, cure: str) -> None:
    with pytest.raises(EmailTextRefused) as refused:
        clean_words({"body": body}, RECEIPT)
    assert cure in refused.value.problems["body"]


def test_takes_one_line_for_a_subject_and_something_to_read() -> None:
    for subject in ("One\nBcc: eve@example.com", "", "\u200b", "{unknown}"):
        with pytest.raises(EmailTextRefused):
            clean_words({"subject": subject}, RECEIPT)
    kept = {
        "subject": "Order {number} {1} { }",
        "body": "[Write](mailto:{support}) [x](https://a.example/{number})",
    }
    assert clean_words(kept, RECEIPT) == kept


def test_keeps_the_indents_of_code_in_a_list_and_the_rows_of_a_table() -> None:
    steps = "1. Put this into `conf.yml`:\n\n   ```\n   shop:\n     key: A\n   other: 1\n   ```\n2. Start it."
    assert write_plain(steps) == "1. Put this into conf.yml:\n  shop:\n    key: A\n  other: 1\n2. Start it."
    table = "| File | For |\n|---|---|\n| a.zip | Windows |\n| b.dmg | macOS |"
    assert write_plain(table) == "File | For\na.zip | Windows\nb.dmg | macOS"


def test_writes_markdown_as_people_write_plain_text() -> None:
    text = (
        "# Hi\n\nOne\ntwo **three** `four`.\n\n- a\n- b\n\n  more\n  1. c\n  2. d\n\n5. five\n\n"
        "> said\n\n    code {x}\n\n"
        "[Here](https://a.example) <https://b.example> [m@c.example](mailto:m@c.example) <b>"
    )
    assert write_plain(text) == (
        "Hi\n\nOne\ntwo three four.\n\n- a\n- b\n  more\n  1. c\n  2. d\n5. five\n\nsaid\n\ncode {x}\n\n"
        "Here (https://a.example) https://b.example m@c.example <b>"
    )


def test_knows_every_language_of_each_email_that_can_be_written() -> None:
    assert set(Language) == {"en", "de", "fr", "es"}
    assert all(about.title and about.when and about.stays for about in EDITABLE.values())
