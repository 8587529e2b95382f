"""Which upgrades count, and what they allow: two pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.orders.upgrades import UpgradeStep, counting_steps, passed_over, widest

PERSONAL, TEAM, STUDIO = 1, 2, 3


def step(number: int, start: int, end: int, *, is_open: bool = True) -> UpgradeStep:
    return UpgradeStep(
        id=number,
        from_edition_id=start,
        edition_id=end,
        own_edition="",
        edition=str(end),
        order_number=str(number),
        is_open=is_open,
        is_over=not is_open,
        activation_limit=None,
        seats=None,
        update_days=None,
    )


@pytest.mark.parametrize(
    ("steps", "counting"),
    [
        ([], []),
        ([step(1, PERSONAL, TEAM)], [1]),
        ([step(1, PERSONAL, TEAM, is_open=False)], []),
        ([step(1, PERSONAL, TEAM), step(2, TEAM, STUDIO)], [1, 2]),
        ([step(1, PERSONAL, TEAM, is_open=False), step(2, TEAM, STUDIO)], []),
        ([step(1, PERSONAL, TEAM, is_open=False), step(2, TEAM, STUDIO), step(3, PERSONAL, TEAM)], [3, 2]),
        ([step(1, PERSONAL, TEAM), step(2, TEAM, PERSONAL)], [1]),
        ([step(1, TEAM, STUDIO)], []),
        ([step(1, PERSONAL, TEAM), step(2, PERSONAL, STUDIO)], [2]),
        ([step(1, PERSONAL, STUDIO), step(2, PERSONAL, TEAM)], [2]),
        ([step(1, PERSONAL, TEAM), step(2, PERSONAL, STUDIO, is_open=False)], [1]),
        ([step(1, PERSONAL, TEAM), step(2, PERSONAL, STUDIO), step(3, TEAM, STUDIO)], [1, 3]),
        ([step(1, PERSONAL, TEAM), step(2, TEAM, STUDIO), step(3, PERSONAL, TEAM)], [3, 2]),
    ],
)
def test_goes_from_the_edition_that_was_sold_along_open_upgrades(
    steps: list[UpgradeStep], counting: list[int]
) -> None:
    assert [each.id for each in counting_steps(PERSONAL, steps)] == counting


@pytest.mark.parametrize(
    ("steps", "others"),
    [
        ([step(1, PERSONAL, TEAM), step(2, PERSONAL, STUDIO)], [1]),
        ([step(1, PERSONAL, TEAM), step(2, TEAM, STUDIO), step(3, PERSONAL, STUDIO)], [1, 2]),
        ([step(1, PERSONAL, TEAM, is_open=False), step(2, TEAM, STUDIO), step(3, PERSONAL, STUDIO)], []),
        ([step(1, PERSONAL, TEAM), step(2, PERSONAL, TEAM)], [1]),
        ([step(1, PERSONAL, TEAM), step(2, TEAM, STUDIO)], []),
    ],
)
def test_knows_what_was_paid_and_then_upgraded_otherwise(steps: list[UpgradeStep], others: list[int]) -> None:
    assert [each.id for each in passed_over(PERSONAL, steps)] == others


EDITIONS = st.integers(1, 4)
STEPS = st.lists(st.tuples(EDITIONS, EDITIONS, st.booleans()), max_size=8)


@given(STEPS)
def test_counts_open_upgrades_alone_each_standing_on_the_one_before(drawn: list[tuple[int, int, bool]]) -> None:
    steps = [step(number, *ends, is_open=is_open) for number, (*ends, is_open) in enumerate(drawn)]
    counting = counting_steps(PERSONAL, steps)
    assert all(each.is_open for each in counting)
    stood_on = [PERSONAL, *(each.edition_id for each in counting)]
    assert [each.from_edition_id for each in counting] == stood_on[: len(counting)]
    assert len({each.edition_id for each in counting} | {PERSONAL}) == len(counting) + 1
    others = passed_over(PERSONAL, steps)
    assert all(each.is_open for each in others)
    assert not {each.id for each in others} & {each.id for each in counting}


@pytest.mark.parametrize(
    ("sold", "upgraded", "limit"),
    [(3, (), 3), (3, (30,), 30), (30, (3,), 30), (3, (None,), None), (None, (3,), None), (None, (), None)],
)
def test_takes_nothing_away(sold: int | None, upgraded: tuple[int | None, ...], limit: int | None) -> None:
    assert widest(sold, upgraded) == limit
