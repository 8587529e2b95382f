"""Questions and answers in another language: each stays beside the question that it was made from.

The owner moves, adds and takes away questions. A mark, kept with the translation, has a digest of each question as
it was then: so it is found again wherever that question stands now.
"""

from collections.abc import Iterable, Sequence

from storefront.shop.editor.stale import digest_of

QUESTIONS = "questions"  # the column
Pair = list[str]
NOTHING: Pair = ["", ""]
BETWEEN = "."


def mark_pairs(original: Sequence[Pair]) -> str:
    return BETWEEN.join(map(digest_of, original))


def beside(original: Sequence[Pair], told: Sequence[Pair], mark: str) -> list[Pair]:
    """Return the translation of each question as they stand now, and an empty pair where there is none.

    One whose question was changed stays at its place, unless there are more or fewer questions by now: it could be
    another one's. One whose question is gone is left out. Behind them comes what never had a question in the
    shop's own language. Empty ones at the end are left out. A mark of one digest is of all questions, as once.
    """
    made_from = mark.split(BETWEEN) if mark else []
    left = dict(enumerate(told))
    now = list(map(digest_of, original))
    found = [_take_same(left, made_from, digest) for digest in now]
    if len(made_from) in (0, 1, len(now)):
        _take_changed(found, left, [place for place, digest in enumerate(now) if digest not in made_from])
    return without_end([*found, *(left[place] for place in sorted(left) if place >= len(made_from))])


def _take_same(left: dict[int, Pair], made_from: list[str], digest: str) -> Pair:
    place = next((place for place in left if made_from[place : place + 1] == [digest]), None)
    return NOTHING if place is None else left.pop(place)


def _take_changed(found: list[Pair], left: dict[int, Pair], places: Iterable[int]) -> None:
    for place in places:
        found[place] = left.pop(place, NOTHING)


def without_end(pairs: list[Pair]) -> list[Pair]:
    """Leave out the empty ones at the end."""
    count = max((place for place, pair in enumerate(pairs, start=1) if any(pair)), default=0)
    return pairs[:count]
