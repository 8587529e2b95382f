"""The words of answers: what is filled in is never markup, and every one that the shop brings can be sent."""

from dataclasses import replace

import pytest
from flask import Flask

from storefront.core.languages import Language
from storefront.owner.answers.letter import fill_letter
from storefront.shop.answers.ours import OURS, words_of_ours
from storefront.shop.answers.words import (
    VARIABLES,
    AnswerWords,
    as_markdown,
    clean_answer,
    clean_letter,
    fill_blanks,
    fill_in,
)
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.markdown_text import write_plain
from storefront.shop.emails.words import EmailTextRefused


@pytest.mark.parametrize(
    "value",
    [
        "*a* _b_ **c** `d`",
        "[x](http://evil.example) ![a](http://b.example)",
        "<http://evil.example>",
        "snake_case_name # a ~~b~~ c\\d",
        "&lt;b&gt; R&D",
        "{total} {{ x }}",
        "{% x %} {# y #} 100%",
        "xq6e616d65qx",
    ],
)
def test_says_a_value_as_it_is(value: str) -> None:
    words = fill_in(AnswerWords(subject="{name}", body="Dear {name}"), {"name": value})
    assert words.subject == value
    assert write_plain(words.body) == f"Dear {value}"
    assert "href" not in render_markdown(words.body)
    letter = clean_letter(replace(words, subject="S"), allowed=())
    assert letter.body == f"Dear {as_markdown(value)}"
    assert fill_letter(letter, {"name": "Eve", "total": "$1"}).words == f"Dear {value}"


def test_leaves_a_name_without_a_value_and_an_address_whole() -> None:
    values = {"shop_url": "https://a_b.example/_x_", "name": "Ada\n\nLovelace"}
    words = fill_in(AnswerWords(subject="S", body="[x]({shop_url}) {name} {order_url} {unknown}"), values)
    assert words.body == "[x](https://a_b.example/_x_) Ada Lovelace {order_url} {unknown}"


def test_has_no_link_blank_or_rest_of_a_variable_in_a_subject() -> None:
    for name in ("order_url", "receipt_url", "text", "reason"):
        with pytest.raises(EmailTextRefused, match="in a subject"):
            clean_answer({"subject": f"About {{{name}}}"})
    assert clean_answer({"subject": "{hello} {total}"}) == {"subject": "{hello} {total}"}
    for name in ("order_url", "text", "number", "nmae"):
        with pytest.raises(EmailTextRefused, match=f"{{{name}}} in a subject"):
            clean_letter(AnswerWords(subject=f"About {{{name}}}", body="x"), allowed=VARIABLES)
    kept = AnswerWords(subject="About {order_url}", body="{order_url}")  # as one that was promised before
    letter = fill_letter(kept, {"order_url": "https://shop.example/o"})
    assert (letter.subject, letter.words) == ("About {order_url}", "https://shop.example/o")


def test_loses_nothing_that_is_said() -> None:
    assert fill_blanks(AnswerWords(subject="S", body="{text}, {reason}"), "x").body == "x, x"
    with pytest.raises(EmailTextRefused, match="nothing can be said in it"):
        fill_blanks(AnswerWords(subject="S", body="No blank"), "x")


def test_brings_answers_that_can_be_saved_and_sent_in_every_language(app: Flask) -> None:
    with app.app_context():
        for key in OURS:
            english = words_of_ours(key, Language.ENGLISH)
            for language in Language:
                words = words_of_ours(key, language)
                assert clean_answer(words.as_fields()) == words.as_fields()
                assert (words == english) == (language is Language.ENGLISH)
                filled = fill_in(words, {"number": "N-1"})
                said = "Said *so*" if {"{text}", "{reason}"} & set(filled.body.split()) else ""
                sent = clean_letter(fill_blanks(filled, said), allowed=VARIABLES)
                assert sent.body.startswith("{hello}\n\n")
