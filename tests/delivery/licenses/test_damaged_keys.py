"""Keys that another program has changed on their way are asked about; as they are, they are taken."""

import pytest

from storefront.delivery.licenses.pools.damaged_keys import find_damage
from storefront.delivery.licenses.pools.key_files import read_keys

DAMAGED = {
    "exponent": ["1.23457E+15", "9.87654E+15", "4.2E+12", "1E+15", "1,23457E+15", "1.2e15", "1.23457E+015"],
    "in place of a value": ["#####", "#REF!", "#N/A", "#NAME?", "#DIV/0!"],
    "ends in .0": ["12345678.0", "1234567890123456,00"],
    "thousands": ["1,234,567,890", "12'345'678"],
    "a date": [
        "2026-11-27", "2026-11-27 00:00:00", "27.11.2026", "11/27/26", "3-Mar", "Mar-26", "01. Mrz", "5 May 2026",
    ],
    "a formula": ['="00123"', "=A1&B1"],
    "marks text": ["'00123456"],
    "word for nothing": ["NULL", "None", "TRUE", "undefined", "(null)"],
    "could not be read": ["AB\ufffdD-1234"],
    "wrong encoding": ["M\u00c3\u00bcller-1234", "AB\u00e2\u20ac\u201cCD12"],
    "a word processor": ["AB\u2013CD-1234", "AB\u2212CD", "\u201cABCD-1234\u201d", "ABCD\u2026"],
    "was cut": ["ABCD-1234-..."],
    "HTML": ["AB&amp;CD-12", "AB&#39;CD12"],
    "one line of a key": ["-----BEGIN LICENSE-----", "-----END PGP MESSAGE-----"],
}  # fmt: skip
SOUND = [
    "aGVsbG8td29ybGQ9", "AB-CD123", "1234-56-78", "12E45678", "4E12-1234", "FFEE-1E10", "M\u00fcller-1234",
    "123-456-789", "MARS-1234", "DECO-42", "MAYA-2026", "\u65e5\u672c\u8a9e-1234", "1.2.3.4", "99-99-9999",
    "123 456 789", "00012345", "A=B&C=D;",
    "-----BEGIN LICENSE-----\nAda\n-----END LICENSE-----",
]  # fmt: skip


@pytest.mark.parametrize("words", DAMAGED)
def test_asks_about_what_looks_damaged(words: str) -> None:
    for key in DAMAGED[words]:
        assert words in (find_damage(key) or ""), key


@pytest.mark.parametrize("key", SOUND)
def test_asks_about_nothing_else(key: str) -> None:
    assert find_damage(key) is None


FILES = {
    "a column of numbers": ("key\n1.23457E+15\n9.87654E+15\n4.2E+12\n", [2, 3, 4]),
    "errors that look like comments": ("AAAA-1\n#REF!\n# ours\n#####\n", [2, 4]),
    "errors in a table": ("key,note\nAAAA-1,x\n#N/A,y\n", [3]),
    "zeros lost at the beginning": ("012345\n123456\n234567\n345678\n456789\n12345\n", [6]),
    "numbers of many lengths": ("123456\n12345\n1234567\n12345678\n", []),
    "digits lost at the end": ("1234567890123450\n9876543210987650\nAAAA-1\n", [1, 2]),
    "long numbers": ("1234567890123450\n9876543210987651\n", []),
    "one part of many": ("-----BEGIN LICENSE-----\nAda1\n-----END LICENSE-----\n", [1, 3]),
}


@pytest.mark.parametrize("name", FILES)
def test_names_each_line_and_takes_it_as_it_is(name: str) -> None:
    text, lines = FILES[name]
    keys_read = read_keys(text.encode())
    assert [problem.number for problem in sorted(keys_read.problems, key=lambda each: each.number)] == lines
    assert all(problem.is_doubt for problem in keys_read.problems)
    assert read_keys(text.encode(), as_is=True).problems == ()
