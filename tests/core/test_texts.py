"""Texts that are marked: English for programs, said in the language of now to people."""

from datetime import UTC, datetime

from flask import Flask

from storefront.core.languages import Language, current_language, say, show_day, show_money, speaking
from storefront.core.texts import marked, marked_count


def test_is_english_where_nobody_has_a_language() -> None:
    assert current_language() is Language.ENGLISH
    assert str(marked("At most %(most)d.", most=3)) == "At most 3."
    assert marked_count("%(num)d item", "%(num)d items", 1) == "1 item"
    assert marked_count("%(num)d item", "%(num)d items", 2) == "2 items"
    assert marked("100%") == "100%"


def test_says_a_marked_text_inside_another(app: Flask) -> None:
    with app.app_context(), speaking(Language.GERMAN):
        inner = marked_count("%(num)d item", "%(num)d items", 2)
        assert say(marked("About %(what)s.", what=inner)) == "About 2 items."
        assert say("words of the owner") == "words of the owner"


def test_writes_money_and_days_as_the_reader_does(app: Flask) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    with app.app_context():
        assert (show_money(190050, "usd"), show_day(moment)) == ("$1,900.50", "March 1, 2026")
        with speaking(Language.GERMAN):
            assert show_money(190050, "eur") == "1.900,50\xa0€"
            assert show_money(500, "jpy") == "500\xa0¥"
            assert show_day(moment) == "1. März 2026"
        with speaking(Language.FRENCH):
            assert show_money(190050, "eur") == "1\u202f900,50\xa0€"
            assert show_day(moment) == "1 mars 2026"
        with speaking(Language.SPANISH):
            assert show_day(moment) == "1 de marzo de 2026"
