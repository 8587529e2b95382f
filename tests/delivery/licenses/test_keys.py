"""License keys: readable, unmistakable, and a typo is told from an unknown key."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.tokens import READABLE_ALPHABET
from storefront.delivery.licenses.keys import hash_key, is_well_formed, new_key

LETTERS = 20

keys = st.builds(new_key)
places = st.integers(min_value=0, max_value=LETTERS - 1)


def place_in(key: str, number: int) -> int:
    """Where the n-th letter stands, dashes not counted."""
    return number + number // 5


def test_has_four_groups_of_five_letters() -> None:
    assert re.fullmatch(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){3}", new_key())


def test_carries_the_products_prefix() -> None:
    key = new_key("LANT")
    assert re.fullmatch(r"LANT(-[0-9A-Z]{5}){4}", key)
    assert is_well_formed(key)


def test_has_no_letter_that_looks_like_another() -> None:
    seen = set("".join(new_key() for _ in range(300)).replace("-", ""))
    assert seen == set(READABLE_ALPHABET)
    for alike in ("0O", "1IL", "5S", "2Z", "8B", "UV"):
        assert not set(alike) & seen
    assert len(READABLE_ALPHABET) == len(set(READABLE_ALPHABET)) == 23


def test_is_never_the_same_twice() -> None:
    assert len({new_key() for _ in range(2000)}) == 2000


@given(keys)
def test_accepts_its_own_keys_however_people_type_them(key: str) -> None:
    assert is_well_formed(key)
    assert is_well_formed(key.lower())
    assert is_well_formed(f"  {key}\n")
    assert is_well_formed(f"LANT-{key}")


@given(keys, st.lists(places, max_size=6), st.sampled_from(["-", " ", "\u2013", "\u00a0", "\u2212", "\t"]))
def test_finds_a_key_in_whatever_way_it_was_copied(key: str, at: list[int], between: str) -> None:
    letters = list(key.lower())
    for number in at:
        letters.insert(number, between)
    copied = "".join(letters)
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in key)
    assert {hash_key(copied), hash_key(wide), hash_key(f" {key}\n")} == {hash_key(key)}


@given(keys, keys)
def test_finds_no_other_key(one: str, other: str) -> None:
    assert (hash_key(one) == hash_key(other)) is (one == other)


@given(keys, places, st.sampled_from(READABLE_ALPHABET))
def test_catches_every_single_wrong_letter(key: str, number: int, letter: str) -> None:
    at = place_in(key, number)
    wrong = key[:at] + letter + key[at + 1 :]
    assert is_well_formed(wrong) is (wrong == key)


@given(keys, st.integers(min_value=0, max_value=LETTERS - 2))
def test_catches_every_swap_of_neighbors(key: str, number: int) -> None:
    first, second = place_in(key, number), place_in(key, number + 1)
    letters = list(key)
    letters[first], letters[second] = letters[second], letters[first]
    wrong = "".join(letters)
    assert is_well_formed(wrong) is (wrong == key)


@given(keys, places, st.sampled_from("01258BILOSUVZ?ß "))
def test_refuses_letters_that_are_in_no_key(key: str, number: int, letter: str) -> None:
    at = place_in(key, number)
    assert not is_well_formed(key[:at] + letter + key[at + 1 :])


@given(keys, st.integers(min_value=1, max_value=LETTERS))
def test_refuses_a_key_that_was_cut(key: str, missing: int) -> None:
    assert not is_well_formed(key[:-missing])


@pytest.mark.parametrize("text", ["", "-", "---", "A", "TEST-KEY", "4" * 21, "\x00" * 20])
def test_refuses_what_is_no_key(text: str) -> None:
    assert not is_well_formed(text)


@given(st.text(max_size=40))
def test_answers_whatever_was_typed(text: str) -> None:
    assert is_well_formed(text) in (True, False)
