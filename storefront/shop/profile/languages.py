"""Which languages the shop speaks: a line of codes, its own first. Empty: all of them, and English its own."""

import re
from functools import lru_cache

from flask import Flask

from storefront.core.languages import OFFERED, Language, Offered
from storefront.shop.profile.read import read_profile


@lru_cache(maxsize=8)  # each text of a page asks
def read_languages(text: str) -> Offered:
    """Read `de, en`: German is the shop's own, and English offered beside it.

    Raises:
        ValueError: with a sentence that says what would do.
    """
    codes = [code for code in re.split(r"[,\s]+", text.strip().lower()) if code]
    unknown = [code for code in codes if code not in tuple(Language)]
    if unknown:
        known = ", ".join(Language)
        raise ValueError(f"{unknown[0]!r} is none of {known}: write those you offer, your own first, like de, en.")
    if not codes:
        return Offered()
    return Offered(own=Language(codes[0]), languages=tuple(each for each in Language if each in codes))


def languages_of(text: str) -> Offered:
    """Return what a profile says. A value of another version of the shop counts as none."""
    try:
        return read_languages(text)
    except ValueError:
        return Offered()


def find_added(before: str, after: str) -> set[Language]:
    """Return the languages whose translations are shown after a change, and were not before."""
    return {*languages_of(after).others} - {*languages_of(before).others}


def offered_by_shop() -> Offered:
    return languages_of(read_profile().languages)


def set_up_shop_languages(app: Flask) -> None:
    OFFERED.set(offered_by_shop, app)
