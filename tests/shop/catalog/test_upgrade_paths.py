"""Who may upgrade, as owners write it: read by the editor, the command and the folder alike."""

import pytest
from flask import Flask

from storefront.core.errors import StorefrontError
from storefront.shop.catalog.upgrade_paths import UpgradePath, read_paths
from storefront.shop.catalog.upgrades import find_upgrades_from
from storefront.shop.editor.prices import set_price
from tests.support.rows import read_rows
from tests.support.upgrades import allow_upgrade


def test_reads_editions_and_what_they_pay() -> None:
    assert read_paths("") == ()
    assert read_paths("personal, starter for 30.00 USD 3000 jpy") == (
        UpgradePath("personal", {}),
        UpgradePath("starter", {"usd": 3000, "jpy": 3000}),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("personal for", "is no upgrade"),
        ("personal for 30.00", "is no upgrade"),
        ("personal at 30.00 USD", "is no upgrade"),
        ("personal for 30.00 DOLLARS", "is no currency"),
        ("personal for 30.005 USD", "no amount in USD"),
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
