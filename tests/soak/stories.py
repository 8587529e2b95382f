"""What each buyer of a soak does, drawn from the seed: the same number is the same story, whoever else buys."""

import random
from dataclasses import dataclass
from enum import StrEnum

# What each thing hands out: license keys of one piece, and files. Written down here anew, on purpose.
GIVES: dict[str, tuple[int, frozenset[str]]] = {
    "twinspot": (1, frozenset({"twinspot-2.1.zip"})),
    "the-patient-toolmaker": (0, frozenset({"the-patient-toolmaker.epub"})),
    "soft-taps": (0, frozenset({"soft-taps-1.2.zip"})),
    "gridling": (0, frozenset({"gridling-1.0.ttf"})),
    "starter-kit": (1, frozenset({"twinspot-2.1.zip", "the-patient-toolmaker.epub"})),
}
EDITIONS = {
    "twinspot": "Personal",
    "the-patient-toolmaker": "",
    "soft-taps": "One project",
    "gridling": "",
    "starter-kit": "Kit",
}


class Way(StrEnum):
    CARD = "card"
    DELAYED = "delayed"
    FAILING = "failing"  # a bank debit that comes back
    LINK = "link"
    FREE = "free"


class After(StrEnum):
    NOTHING = "nothing"
    REFUND = "refund"
    PART = "part of it"
    DISPUTE = "dispute"
    WON = "dispute won"
    LOST = "dispute lost"
    OWNER = "refunded by a command"


PAYMENT = {
    Way.CARD: "pm_card_visa",
    Way.DELAYED: "ach_success",
    Way.FAILING: "ach_success",
    Way.LINK: "pm_card_visa",
    Way.FREE: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`goods` are (slug, quantity). `comes_back`: sees the page after paying; else there is only the email."""

    number: int
    way: Way
    goods: tuple[tuple[str, int], ...]
    after: After
    comes_back: bool
    is_gift: bool
    has_code: bool
    uses_devices: bool
    waits: float  # seconds between paying and what comes after

    @property
    def email(self) -> str:
        return f"buyer{self.number}@example.com"

    @property
    def receiver(self) -> str:
        return f"receiver{self.number}@example.net" if self.is_gift else self.email

    @property
    def keys(self) -> int:
        return sum(GIVES[slug][0] * quantity for slug, quantity in self.goods)

    @property
    def files(self) -> frozenset[str]:
        return frozenset().union(*(GIVES[slug][1] for slug, _quantity in self.goods))


def tell(seed: int, number: int) -> Story:
    chance = random.Random(f"{seed}:{number}")
    way = chance.choices(list(Way), weights=[60, 10, 6, 12, 12])[0]
    after = chance.choices(list(After), weights=[60, 12, 8, 6, 6, 6, 2])[0]
    has_money = way not in (Way.FREE, Way.FAILING)
    from_cart = way in (Way.CARD, Way.DELAYED)
    return Story(
        number=number,
        way=way,
        goods=_goods(way, chance),
        after=after if has_money else After.NOTHING,
        comes_back=chance.random() < 0.7,
        is_gift=from_cart and chance.random() < 0.15,
        has_code=from_cart and chance.random() < 0.2,
        uses_devices=chance.random() < 0.5,
        waits=chance.random() * 2,
    )


def _goods(way: Way, chance: random.Random) -> tuple[tuple[str, int], ...]:
    if way is Way.FREE:
        return (("gridling", 1),)
    if way is Way.LINK:
        return (("twinspot", 1),)
    if chance.random() < 0.2:
        return (("starter-kit", 1),)
    rest = chance.sample(["the-patient-toolmaker", "soft-taps"], chance.randrange(3))
    return (("twinspot", chance.randint(1, 3)), *((slug, 1) for slug in rest))
