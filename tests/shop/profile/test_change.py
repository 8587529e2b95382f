"""The shop's profile: one row that the owner writes, and the settings where nothing is written."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.refusals import StaleSave
from storefront.shop.editor.stale import digest_of
from storefront.shop.profile.change import RULES, ProfileRefused, change_profile, read_written
from storefront.shop.profile.read import read_profile, read_profile_anew
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
ENTRIES = "SELECT before, after FROM audit_entries WHERE verb = 'shop.changed'"


@both
def test_says_what_the_settings_say_until_the_owner_writes(app: Flask) -> None:
    with app.app_context():
        before = read_profile()
        assert (before.name, before.support_address) == ("Test Shop", "shop@storefront.example")
        assert before.mail_sender.name == "Test Shop"
        assert change_profile({"name": " Ada's  Fonts ", "support_email": "help@fonts.example"}) == [
            "name",
            "support_email",
        ]
        after = read_profile()
        assert (after.name, after.support_address) == ("Ada's  Fonts", "help@fonts.example")
        assert (after.mail_sender.name, after.mail_sender.address) == ("Ada's  Fonts", "shop@storefront.example")
        change_profile({"name": "", "support_email": ""})
        assert read_profile() == before
        db.session.remove()
    assert len(read_rows(app, ENTRIES)) == 2


@both
def test_has_one_row_and_makes_it_where_it_is_gone(app: Flask) -> None:
    change_rows(app, "DELETE FROM shop_profile")
    with app.app_context():
        assert read_profile().name == "Test Shop"
        change_profile({"tagline": "Letters with sugar."})
        assert read_profile().tagline == "Letters with sugar."
        db.session.remove()
    assert [row["id"] for row in read_rows(app, "SELECT id FROM shop_profile")] == [1]
    with pytest.raises(Exception, match=r"(?i)check"):
        change_rows(app, "UPDATE shop_profile SET id = 2")


def test_asks_once_however_often_it_is_read(app: Flask) -> None:
    with app.app_context(), counted(app) as statements:
        names = {read_profile().name for _each_part_of_a_page in range(3)}
        assert len(statements) == 2
        read_profile_anew()  # its mark still stands
        assert len(statements) == 3
        db.session.remove()
    assert names == {"Test Shop"}


def test_names_everything_that_cannot_be_stored_at_once(app: Flask) -> None:
    too_long = {name: "x" * (rule.longest + 1) for name, rule in RULES.items()}
    with app.app_context():
        with pytest.raises(ProfileRefused) as refused:
            change_profile(too_long)
        assert set(refused.value.problems) == set(RULES)
        for address in ("nobody", "a@b.example, c@d.example", "a@localhost", "Ada <ada@fonts.example>"):
            with pytest.raises(ProfileRefused, match=r"help@example\.com"):
                change_profile({"support_email": address})
        for name in (
            *("Two\nlines", "Two\u2028lines", "Two\u2029lines"),
            "Back\u202ewards",
            *"\ud83d\x07\uffff\ufdd0",
        ):
            with pytest.raises(ProfileRefused):
                change_profile({"name": name})
        for name in ("\u200d", "\u3164", "\u2800 \u200b"):  # nobody would see it
            assert change_profile({"name": name}) == []
        assert read_written() == dict.fromkeys(RULES, "")
        assert change_profile({"name": "New emoji \U0001faff"}) == ["name"]
        db.session.remove()


def test_shows_both_words_to_a_save_that_comes_too_late(app: Flask) -> None:
    with app.app_context():
        shown = {name: digest_of(value) for name, value in read_written().items()}
        change_profile({"name": "First", "tagline": ""}, shown=shown)
        with pytest.raises(StaleSave) as late:
            change_profile({"name": "Second", "about": "Also new"}, shown=shown)
        assert (late.value.conflicts["name"].saved, late.value.conflicts["name"].yours) == ("First", "Second")
        assert change_profile({"name": "", "about": "Ours"}, shown=shown) == ["about"]  # a name nobody touched
        assert change_profile({"about": "Ours"}, shown=shown) == []
        db.session.remove()
    assert [row["after"] for row in read_rows(app, ENTRIES)] == ['{"name": "First"}', '{"about": "Ours"}']
