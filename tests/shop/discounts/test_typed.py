"""What owners type for a discount: read, or refused with a sentence that says what would do."""

from datetime import UTC, datetime

import pytest
import time_machine

from storefront.shop.discounts.typed import DiscountRefused, read_typed

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@time_machine.travel(NOW, tick=False)
def test_reads_what_was_typed() -> None:
    typed = read_typed(
        {
            "code": " spring-20 ",
            "percent": "12,5 %",
            "minimum": "20.00 usd, 18 EUR",
            "most_uses": "100",
            "starts": "2026-12-01 09:30",
            "ends": "2026-12-24",
        }
    )
    assert (typed.code, typed.percent_hundredths, typed.amounts) == ("SPRING-20", 1250, {})
    assert (typed.minimums, typed.most_uses) == ({"usd": 2000, "eur": 1800}, 100)
    assert typed.starts_at == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    assert typed.ends_at == datetime(2026, 12, 25, tzinfo=UTC)
    assert read_typed({"code": "YEN", "amounts": "500 JPY"}).amounts == {"jpy": 500}
    assert read_typed({"code": "EUR", "amounts": "5,00 EUR, 4,5 USD"}).amounts == {"eur": 500, "usd": 450}


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("code", ""), ("code", "AB"), ("code", "A" * 51), ("code", "SPRING 20"), ("code", "FRÜHLING"),
        ("code", "-SPRING"), ("code", "SPR_ING"), ("code", "SPRING\n"[:-1] + "\x00"),
        ("percent", "0"), ("percent", "100.01"), ("percent", "-5"), ("percent", "twenty"), ("percent", "1.234"),
        ("percent", ""),
        ("amounts", "5.00 USD"),  # beside a percentage
        ("minimum", "5"), ("minimum", "0 USD"), ("minimum", "5.00 XYZ"), ("minimum", "5 USD, 6 USD"),
        ("minimum", "1000000 USD"), ("minimum", "5.005 KWD"),
        ("most_uses", "0"), ("most_uses", "-1"), ("most_uses", "1.5"), ("most_uses", "1000001"),
        ("starts", "tomorrow"), ("starts", "2026-13-01"), ("starts", "2040-01-01"),
        ("ends", "2026-11-27"), ("ends", "2026-11-28 12:00"), ("ends", "2040-01-01"), ("ends", "2026-12-01T25:00"),
    ],
)  # fmt: skip
def test_refuses_what_cannot_be(field: str, text: str) -> None:
    with pytest.raises(DiscountRefused) as refused:
        read_typed({"code": "SPRING", "percent": "20"} | {field: text})
    assert set(refused.value.problems) == {"percent" if field == "amounts" else field}


@time_machine.travel(NOW, tick=False)
def test_says_everything_at_once() -> None:
    with pytest.raises(DiscountRefused) as refused:
        read_typed({"code": "!", "starts": "2026-12-02", "ends": "2026-12-01"})
    assert set(refused.value.problems) == {"code", "percent", "ends"}
