"""`storefront shop`: the same words by command."""

from click.testing import CliRunner
from flask import Flask

from storefront.cli import main
from storefront.core.languages import Language
from storefront.shop.translations.change import change_shop_texts
from tests.cli.commands import done, read_json, refused
from tests.support.shop import Buyer


def test_writes_what_a_program_says_and_leaves_the_rest(app: Flask, command: CliRunner) -> None:
    words = ("--name", "Ada's Fonts 💫", "--announcement", "-20 % today")
    assert read_json(command, "shop", "edit", *words) == {"changed": ["name", "announcement"]}
    piped = command.invoke(main, ["shop", "edit", "--about-file", "-"], input="We are **two**.")
    assert (piped.exit_code, piped.stdout) == (0, "Changed: about.\n")
    assert "nothing" in done(command, "shop", "edit", *words)
    assert read_json(command, "shop", "show")["about"] == "We are **two**."
    assert "support-email       none" in done(command, "shop", "show")
    seller = ("--legal-name", "Ada Ltd", "--postal-address", "12 Lane\nYork", "--tax-id", "VAT ID GB1")
    assert read_json(command, "shop", "edit", *seller)["changed"] == ["legal_name", "postal_address", "tax_id"]
    page = Buyer(app).get("/").text
    assert "Ada&#39;s Fonts 💫</a>" in page
    assert "We are <strong>two</strong>." in page
    done(command, "shop", "edit", "--name", "", "--announcement", "")
    assert "Test Shop</a>" in Buyer(app).get("/").text


def test_says_everything_that_cannot_be_stored(command: CliRunner) -> None:
    said = refused(command, "shop", "edit", "--name", "x" * 61, "--support-email", "nobody", "--tagline", "a\nb")
    for words in ("61 characters", "help@example.com", "take the line break out"):
        assert words in said


def test_asks_before_translations_are_shown_no_more(app: Flask, command: CliRunner) -> None:
    with app.app_context():
        change_shop_texts(Language.GERMAN, {"tagline": "Kleine Programme."})
    edit = ("shop", "edit", "--languages", "de, en")
    said = refused(command, *edit)
    assert "1 text in German would be kept, but shown no more" in said
    assert "`--hide-translations de` does it." in said
    assert "1 text" in refused(command, *edit, "--hide-translations", "fr")
    assert read_json(command, *edit, "--hide-translations", "de") == {"changed": ["languages"]}
