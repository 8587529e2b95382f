"""License keys: those that the shop makes, found by any spelling, and imported ones, which are what is written.

Ours have four groups of five, no look-alike letters, and the last letter checks the rest.

The check letter is a weighted sum modulo 23, a prime: any single wrong letter and any two swapped neighbors
are told from an unknown key.
"""

import re
import unicodedata

from storefront.core import tokens

GROUPS = 4
GROUP_LENGTH = 5
_LENGTH = GROUPS * GROUP_LENGTH
MAX_KEY_LENGTH = 4096  # of an imported one: some are signed texts of several lines
SHOWN = 5  # letters of a key that a message may hold


def _check_letter(body: str) -> str:
    letters = tokens.READABLE_ALPHABET
    total = sum(weight * letters.index(letter) for weight, letter in enumerate(body, start=1))
    return letters[total % len(letters)]


def new_key(prefix: str = "") -> str:
    """`LANT-7KQ4X-…` with 86 random bits; the prefix is the product's and is not checked."""
    return _spelled(prefix, tokens.new_readable(_LENGTH - 1))


def derive_key(seed: bytes, name: str, *, prefix: str, secret_key: str) -> str:
    """Return a key like those of `new_key`, the same for the same seed, name and secret."""
    body = tokens.derive_readable(seed, _LENGTH - 1, purpose=f"license key:{name}", secret_key=secret_key)
    return _spelled(prefix, body)


def _spelled(prefix: str, body: str) -> str:
    letters = body + _check_letter(body)
    groups = [letters[start : start + GROUP_LENGTH] for start in range(0, _LENGTH, GROUP_LENGTH)]
    return "-".join([prefix, *groups] if prefix else groups)


_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212]+")  # spaces and every dash a word processor makes of one


def normal_form(key: str) -> str:
    """Return what makes two spellings the same key: NFKC, capitals, no spaces, no dashes, nothing invisible."""
    if not key.isascii():
        key = "".join(
            character
            for character in unicodedata.normalize("NFKC", key)
            if unicodedata.category(character) != "Cf"
        )
    return _BETWEEN.sub("", key).upper()


def exact_form(key: str) -> str:
    """Return an imported key as it is kept: nothing changes but spaces around it, and how its lines end."""
    return key.replace("\r\n", "\n").replace("\r", "\n").strip()


def hint(key: str) -> str:
    """Return enough to find a key by, and useless to anybody else: a short key, or line of one, shows nothing."""
    lines = [line.strip() for line in key.splitlines() if not line.startswith("-----")]  # the same in every key
    last = next((line for line in reversed(lines) if len(line) > 2 * SHOWN), "")
    return f"\u2026{last[-SHOWN:]}"


def hash_key(key: str) -> str:
    """Return the hash of a key's normal form, by which one of ours is found: timing says nothing about a key."""
    return tokens.hash_token(normal_form(key))


def hash_exact(key: str) -> str:
    """Return what an imported key is found by. Never the hash of a normal form, which has no space in it."""
    return tokens.hash_token(f"exact {exact_form(key)}")


def is_well_formed(key: str) -> bool:
    """Return False for a typo: another length, a letter outside the alphabet, or a wrong check letter."""
    letters = _letters_of(key)
    if len(letters) != _LENGTH or not set(letters).issubset(tokens.READABLE_ALPHABET):
        return False
    return _check_letter(letters[:-1]) == letters[-1]


def _letters_of(key: str) -> str:
    """Return the letters of a key without its prefix."""
    groups = [normal_form(part) for part in _BETWEEN.split(key.strip())]
    return "".join(groups[-GROUPS:]) if len(groups) > 1 else groups[0][-_LENGTH:]
