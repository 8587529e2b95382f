"""What a discount takes off: the same as Stripe takes, or a reason why not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storefront.devtools.sandbox.checkout.totals import discount_for
from storefront.shop.discounts.rules import Line, Terms, Why, amount_off, discount_on, find_trouble
from storefront.shop.discounts.words import off_words, percent_words, why_words

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TERMS = Terms(
    id=1,
    code="SPRING",
    percent_hundredths=2000,
    amounts={},
    product_ids=(),
    minimums={},
    is_first_purchase=False,
    is_automatic=False,
    most_uses=None,
    starts_at=NOW,
    ends_at=None,
    stopped_at=None,
    uses=0,
)
AMOUNT = replace(TERMS, percent_hundredths=None, amounts={"usd": 500, "eur": 450})
TOOL = Line(product_id=7, amount_minor=1900, is_chosen=False)
FONT = Line(product_id=8, amount_minor=1000, is_chosen=False)


@pytest.mark.parametrize("percent_hundredths", [1, 3333, 1250, 1999, 2000, 6667, 9999, 10_000])
@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd", "isk"])
def test_counts_a_percentage_as_stripe_does(percent_hundredths: int, currency: str) -> None:
    terms = replace(TERMS, percent_hundredths=percent_hundredths)
    coupon = {"amount_off": None, "percent_off": percent_hundredths / 100}
    for subtotal in (100, 300, 700, 1900, 2500, 12_300, 99_999_900):
        assert amount_off(terms, subtotal, currency) == discount_for(coupon, subtotal, currency)


def test_takes_an_amount_off_and_never_more_than_there_is() -> None:
    assert discount_on(AMOUNT, [TOOL, FONT], "usd") == 500
    assert discount_on(AMOUNT, [TOOL], "eur") == 450
    assert discount_on(AMOUNT, [replace(TOOL, amount_minor=300)], "usd") == 300


def test_takes_it_off_its_products_alone() -> None:
    assert discount_on(replace(TERMS, product_ids=(8,)), [TOOL, FONT], "usd") == 200
    assert discount_on(replace(AMOUNT, product_ids=(8,), amounts={"usd": 1500}), [TOOL, FONT], "usd") == 1000


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (TERMS, None),
        (replace(TERMS, stopped_at=NOW), Why.ENDED),
        (replace(TERMS, ends_at=NOW), Why.ENDED),
        (replace(TERMS, ends_at=NOW + timedelta(minutes=1)), None),
        (replace(TERMS, starts_at=NOW + timedelta(minutes=1)), Why.NOT_YET),
        (replace(TERMS, most_uses=2, uses=2), Why.USED_UP),
        (replace(TERMS, most_uses=2, uses=1), None),
        (replace(TERMS, product_ids=(8,)), Why.OTHER_PRODUCTS),
        (replace(AMOUNT, amounts={"eur": 450}), Why.OTHER_CURRENCY),
        (replace(TERMS, minimums={"eur": 100}), Why.OTHER_CURRENCY),
        (replace(TERMS, minimums={"usd": 1901}), Why.BELOW_MINIMUM),
        (replace(TERMS, minimums={"usd": 1900}), None),
        (replace(TERMS, percent_hundredths=9900), Why.TOO_LITTLE_LEFT),
        (replace(TERMS, percent_hundredths=10_000), None),
        (replace(AMOUNT, amounts={"usd": 1890}), Why.TOO_LITTLE_LEFT),
    ],
)
def test_says_why_it_takes_nothing_off(terms: Terms, why: Why | None) -> None:
    assert find_trouble(terms, [TOOL], "usd", NOW) is why


def test_leaves_alone_what_is_free_or_chosen_by_the_buyer() -> None:
    assert find_trouble(TERMS, [replace(TOOL, amount_minor=0)], "usd", NOW) is Why.OTHER_PRODUCTS
    assert find_trouble(TERMS, [replace(TOOL, is_chosen=True)], "usd", NOW) is Why.CHOSEN_AMOUNT


def test_has_a_sentence_for_every_reason() -> None:
    for why in Why:
        terms = replace(TERMS, minimums={"usd": 2000})
        assert "SPRING" in why_words(why, "SPRING", terms=terms, currency="usd")
    assert why_words(
        Why.BELOW_MINIMUM, "SPRING", terms=replace(TERMS, minimums={"usd": 2000}), currency="usd"
    ) == ("SPRING is for orders of $20.00 or more.")


def test_says_what_comes_off() -> None:
    assert [percent_words(hundredths) for hundredths in (2000, 1250, 1, 10_000)] == [
        "20%",
        "12.5%",
        "0.01%",
        "100%",
    ]
    assert (off_words(TERMS), off_words(AMOUNT)) == ("20% off", "$5.00 or €4.50 off")
