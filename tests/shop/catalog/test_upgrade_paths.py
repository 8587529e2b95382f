"""Who may upgrade, as owners write it: read by the editor, the command and the folder alike."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.errors import StorefrontError
from storefront.shop.catalog.upgrade_paths import UpgradePath, read_paths
from storefront.shop.catalog.upgrades import find_upgrades_from
from storefront.shop.editor.prices import set_price
from tests.cli.commands import done
from tests.support.rows import read_rows
from tests.support.upgrades import allow_upgrade


def test_reads_editions_and_what_they_pay() -> None:
    assert read_paths("") == ()
    assert read_paths("personal, starter for 30.00 USD 3000 jpy") == (
        UpgradePath("personal", {}),
        UpgradePath("starter", {"usd": 3000, "jpy": 3000}),
    )


def test_reads_amounts_with_a_comma_as_other_prices_are_read() -> None:
    assert read_paths("personal for 30,00 USD 28,5 EUR,starter for 9,00 usd") == (
        UpgradePath("personal", {"usd": 3000, "eur": 2850}),
        UpgradePath("starter", {"usd": 900}),
    )
    several = tuple(UpgradePath(key, amounts) for key, amounts in (("e1", {}), ("22", {"usd": 300}), ("3d", {})))
    assert read_paths("e1, 22 for 3 USD, 3d") == read_paths("e1,22 for 3 USD,3d") == several


def test_keeps_amounts_with_a_point(app: Flask, command: CliRunner, tmp_path: Path) -> None:
    """A version of before, which may serve beside this one, reads no comma."""
    done(command, "editions", "edit", "twinspot", "team", "--upgrades-from", "personal for 30,00 USD 28,50 EUR")
    kept = "personal for 30.00 USD 28.50 EUR"
    asked = "SELECT upgrades_from FROM editions WHERE key = 'team'"
    assert read_rows(app, asked) == [{"upgrades_from": kept}]
    done(command, "shop", "export", str(tmp_path / "shop"))
    file = tmp_path / "shop" / "products" / "twinspot" / "product.md"
    file.write_text(file.read_text().replace(kept, "personal for 31,00 USD 28,50 EUR"))
    done(command, "shop", "apply", str(tmp_path / "shop"))
    assert read_rows(app, asked) == [{"upgrades_from": "personal for 31.00 USD 28.50 EUR"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("personal for", "is no upgrade"),
        ("personal for 30.00", "is no upgrade"),
        ("personal at 30.00 USD", "is no upgrade"),
        ("personal for 30.00 DOLLARS", "is no currency"),
        ("personal for 30.005 USD", "no amount in USD"),
        ("personal for 1,234 USD", "'1,234' is no amount in USD"),
        ("personal for 1,234 kwd", "'1,234' is no amount in KWD"),
        ("Studio, large", "no other edition Studio: it has personal."),
        ("personal for 0 USD", "never free"),
        ("personal for 0.10 USD", "$0.50 or more"),
        ("personal, personal", "twice"),
        (", ".join(f"e{number}" for number in range(11)), "at most 10"),
        ("studio", "no other edition studio"),
        ("team", "no other edition team"),
    ],
)
def test_refuses_what_cannot_be_sold_and_says_what_to_write(app: Flask, text: str, words: str) -> None:
    with pytest.raises(StorefrontError) as refused:
        allow_upgrade(app, text)
    assert words in str(refused.value.message)
    assert read_rows(app, "SELECT id FROM editions WHERE upgrades_from <> ''") == []


@pytest.mark.parametrize(("personal", "offers"), [("78.50", 1), ("78.60", 0), ("79.00", 0), ("90.00", 0)])
def test_offers_no_difference_that_stripe_does_not_take(app: Flask, personal: str, offers: int) -> None:
    allow_upgrade(app)
    with app.app_context():
        set_price("twinspot", "personal", "usd", round(float(personal) * 100))
        [row] = read_rows(
            app,
            "SELECT e.id FROM editions e JOIN products p ON p.id = e.product_id "
            "WHERE p.slug = 'twinspot' AND e.key = 'personal'",
        )
        assert len(find_upgrades_from([row["id"]], "usd").get(row["id"], ())) == offers
        assert find_upgrades_from([row["id"]], "eur") == {}
