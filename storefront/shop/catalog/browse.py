"""Searches, sorts and pages the catalog. Pure: it works on the cards that the page has read in any case."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain

from storefront.core.texts import marked
from storefront.shop.catalog.plain_words import plain
from storefront.shop.catalog.products import ProductCard

PAGE_SIZE = 48
MOST_LETTERS = 100  # of a search
SEARCH_FROM = 6  # products: fewer are seen at a glance, and need no search and no order


class Sort(StrEnum):
    """In which order products stand. The owner's is the one of the editor."""

    OWNERS = ""
    NEWEST = "newest"
    NAME = "name"
    CHEAPEST = "price"
    DEAREST = "price-desc"


SORT_WORDS = {
    Sort.OWNERS: marked("Featured"),
    Sort.NEWEST: marked("Newest"),
    Sort.NAME: marked("Name"),
    Sort.CHEAPEST: marked("Price, low to high"),
    Sort.DEAREST: marked("Price, high to low"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a visitor asks of the catalog. `page` begins at 1."""

    words: str = ""
    tag: str = ""
    sort: Sort = Sort.OWNERS
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.tag)


def read_asked(args: Mapping[str, str]) -> Asked:
    """Read it from the address. What makes no sense is left out: an old link still shows products."""
    sort, page = args.get("sort", ""), args.get("page", "")
    return Asked(
        words=" ".join(args.get("q", "").replace("\0", " ").split())[:MOST_LETTERS],
        tag=args.get("tag", "").strip()[:MOST_LETTERS],
        sort=Sort(sort) if sort in Sort._value2member_map_ else Sort.OWNERS,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One page of what was asked for. `found` are all of it; `all_cards` what the shop sells."""

    asked: Asked
    all_cards: tuple[ProductCard, ...]
    found: tuple[ProductCard, ...]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.found) // PAGE_SIZE))

    @property
    def page(self) -> int:
        """Return the page that is shown: the last one for who asks beyond it."""
        return min(max(1, self.asked.page), self.pages)

    @property
    def cards(self) -> tuple[ProductCard, ...]:
        begin = (self.page - 1) * PAGE_SIZE
        return self.found[begin : begin + PAGE_SIZE]

    @property
    def has_tools(self) -> bool:
        return len(self.all_cards) >= SEARCH_FROM

    @property
    def is_front(self) -> bool:
        """Tell whether this is the shop window: the first of all products is shown large."""
        return self.page == 1 and not self.asked.is_filtered and self.asked.sort is Sort.OWNERS

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Return the tags that several products share, those of most first, each in its first spelling."""
        spellings = dict(chain(*(card.spellings.items() for card in reversed(self.all_cards))))
        counts = Counter(chain(*(card.spellings for card in self.all_cards)))
        shared = [name for name, count in counts.items() if count > 1]
        return tuple(spellings[name] for name in sorted(shared, key=lambda name: (-counts[name], name)))


def browse(cards: Sequence[ProductCard], asked: Asked) -> Shelf:
    """Find, sort and page. Products without a price stand behind those that have one."""
    found = _find(cards, asked) if asked.is_filtered else list(cards)
    return Shelf(asked=asked, all_cards=tuple(cards), found=tuple(_sort(found, asked.sort)))


def _find(cards: Sequence[ProductCard], asked: Asked) -> list[ProductCard]:
    words, tag = plain(asked.words).split(), plain(asked.tag)
    return [card for card in cards if (not tag or tag in card.plain_tags) and _has_words(card, words)]


def _has_words(card: ProductCard, words: list[str]) -> bool:
    return all(word in card.plain_words for word in words)


def _sort(cards: list[ProductCard], sort: Sort) -> list[ProductCard]:
    """Sort stably: what is equal keeps the owner's order."""
    if sort is Sort.NEWEST:
        return sorted(cards, key=lambda card: (card.new_at, card.product_id), reverse=True)
    if sort is Sort.NAME:
        return sorted(cards, key=lambda card: card.plain_name)
    if sort is Sort.OWNERS:
        return cards
    sign = -1 if sort is Sort.DEAREST else 1
    return sorted(cards, key=lambda card: _price(card, sign))


def _price(card: ProductCard, sign: int) -> tuple[bool, str, int]:
    """Return first whether there is none. Amounts of two currencies do not compare: each stands by itself."""
    return (True, "", 0) if card.lowest is None else (False, card.currency, sign * card.lowest.lowest_minor)
