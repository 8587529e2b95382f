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
    "HTML page": ["<html><table><tr><td>AA11-BB22", "<!DOCTYPE html>", "<TD>AA11-BB22</TD>"],
    "part of an HTML page": ["<ul>", "<li>AA11-BB22</li>", "<p>AA11-BB22</p>", "<pre>", "<span class=key>AA11"],
    "JSON": ['{"key":"AA11-LL01"}', '["AA11-LL01"]', '[{"key": "AA11-LL01"}]'],
    "number of its line": ["1. AA11-PP01", "17) AA11-PP01", "1: AA11-PP01"],
    "mark of a list": ["- AA11-PP01", "* AA11-PP01", "\u2022 AA11-PP01"],
    "how many rows": [
        "(2 rows affected)", "(1 row)", "2 rows in set", "17 records", "1 row in set (0.00 sec)", "(2 Zeilen)",
        "(2 lignes)",
    ],
    "with its sum": [
        "Total", "Total: 17", "Grand total", "Summe 1.234", "somme", "SUMA 4", "Total keys: 2", "sous-total 3",
    ],
    "one line of a key": ["-----BEGIN LICENSE-----", "-----END PGP MESSAGE-----"],
}  # fmt: skip
SOUND = [
    "aGVsbG8td29ybGQ9", "AB-CD123", "1234-56-78", "12E45678", "4E12-1234", "FFEE-1E10", "M\u00fcller-1234",
    "123-456-789", "MARS-1234", "DECO-42", "MAYA-2026", "\u65e5\u672c\u8a9e-1234", "1.2.3.4", "99-99-9999",
    "123 456 789", "00012345", "TOTAL-1234-ABCD", "1.AA11", "3 ROWS-1234", "<license>AA11</license>",
    "1 record player", "12 rows of corn", "<p-1234>", "-AA11-BB22", "*AA11*", "TOTAL1234", "1:AA11", "<pre-AA11>",
    "{AA11-BB22}", "A=B&C=D;",
    "-----BEGIN LICENSE-----\nAda\n-----END LICENSE-----",
]  # fmt: skip


@pytest.mark.parametrize("words", DAMAGED)
def test_asks_about_what_looks_damaged(words: str) -> None:
    for key in DAMAGED[words]:
        assert words in (find_damage(key) or ""), key


@pytest.mark.parametrize("key", SOUND)
def test_asks_about_nothing_else(key: str) -> None:
    assert find_damage(key) is None


QUOTED = "\n".join([*(f'"AA11-JJ0{number}-KK"' for number in range(6)), '"AA11-JJ"'])
FILES = {
    "a column of numbers": ("key\n1.23457E+15\n9.87654E+15\n4.2E+12\n", [2, 3, 4]),
    "errors that look like comments": ("AAAA-1\n#REF!\n# ours\n#####\n", [2, 4]),
    "errors in a table": ("key,note\nAAAA-1,x\n#N/A,y\n", [3]),
    "zeros lost at the beginning": ("012345\n123456\n234567\n345678\n456789\n12345\n", [6]),
    "numbers of many lengths": ("123456\n12345\n1234567\n12345678\n", []),
    "digits lost at the end": ("1234567890123450\n9876543210987650\nAAAA-1\n", [1, 2]),
    "long numbers": ("1234567890123450\n9876543210987651\n", []),
    "a last line that was cut": ("AA11-JJ01-KK\nAA11-JJ02-KK\nAA11-JJ03-KK\nAA11-JJ04-KK\nAA11-JJ", [5]),
    "a table that was cut": ("note,key\nx,AAA-01\nx,AAA-02\nx,AAA-03\nx,AAA-04\nx,AAA-0", [6]),
    "a short last line": ("AA11-JJ01-KK\nAA11-JJ02-KK\nAA11-JJ03-KK\nAA11-JJ04-KK\nAA11-JJ\n", []),
    "a last line among keys of many lengths": ("AA11-JJ01-KK\nAA11-JJ02\nAA11-JJ03-KK\nAA11-JJ04-KK\nAA11", []),
    "a quote that closes the last one": (QUOTED, []),
    "a last line of spaces": ("AA11-JJ01\nAA11-JJ02\nAA11-JJ03\nAA11-JJ04\nAA11-JJ\n  ", []),
    "a comment at the end": ("AA11-JJ01\nAA11-JJ02\nAA11-JJ03\nAA11-JJ04\nAA11-JJ\n# end", []),
    "keys that count down": ("GAME-14\nGAME-13\nGAME-12\nGAME-11\nGAME-10\nGAME-9", []),
    "keys that count down, and a cut": ("GAME-14\nGAME-13\nGAME-12\nGAME-11\nGAME-1", [5]),
    "too few to say": ("AA11-JJ01-KK\nAA11-JJ02-KK\nAA11-JJ", []),
    "a key before the cut": ("key,note\nAAA-01,x\nAAA-02,x\nAAA-03,x\nAAA-04,x\nAAA-0,x", []),
    "sold by another shop": ("id,status,key\n1,active,AAAA-1\n2,disabled,BBBB-2\n", [1]),
    "sold to somebody": ("E-Mail;Lizenz\n;AAAA-1\nada@example.com;BBBB-2\n", [1]),
    "refunded, by Gumroad": ("License Key,Refunded?\nAAAA-1,1\nBBBB-2,0\n", [1]),
    "sold in French": ("Numéro de commande\tClé\n7\tAAAA-1\n", [1]),
    "a column without anything in it": ("status,key\n,AAAA-1\n ,BBBB-2\n", []),
    "a batch of a supplier": ("Order,batch,key,note\n1,7,AAAA-1,ours\n", []),
    "one part of many": ("-----BEGIN LICENSE-----\nAda1\n-----END LICENSE-----\n", [1, 3]),
}


@pytest.mark.parametrize("name", FILES)
def test_names_each_line_and_takes_it_as_it_is(name: str) -> None:
    text, lines = FILES[name]
    keys_read = read_keys(text.encode())
    assert [problem.number for problem in sorted(keys_read.problems, key=lambda each: each.number)] == lines
    assert all(problem.is_doubt for problem in keys_read.problems)
    assert read_keys(text.encode(), as_is=True).problems == ()


def test_says_once_why_keys_may_be_of_another_shop() -> None:
    text = b"Order ID,Customer  Email,key\n1,ada@example.com,AAAA-1\n2,bob@example.com,BBBB-2\n"
    (problem,) = read_keys(text).problems
    words = "these keys may have been sold elsewhere, and have buyers"
    assert (problem.number, problem.text) == (1, f"by the column Order ID {words}")
    (named,) = read_keys(b"Code,Customer  Email\nAAAA-1,ada@example.com\n", column="Code").problems
    assert named.text == f"by the column Customer Email {words}"
    assert read_keys(b"status,note\nAAAA-1,x\n", column="status").problems == ()


@pytest.mark.parametrize(
    "column",
    [
        "Order No.",
        "Order #",
        "Email:",
        "Order/ID",
        "Bestell-Nr.",
        "N° de commande",
        "Nº de commande",
        "claimed_by",
    ],
)
def test_knows_a_column_of_sales_however_it_is_spelled(column: str) -> None:
    (problem,) = read_keys(f"key,{column}\nAAAA-1,\nBBBB-2,7\n".encode()).problems
    assert (problem.number, problem.is_doubt) == (1, True)
    assert problem.text.startswith(f"by the column {column} these keys may have been sold")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("status", ["unused", "New"]), ("sold", ["0", "no"]), ("expired", ["FALSE", "false"]),
        ("Sold?", ["", "-"]),
        ("verkauft", ["nein", "Nein"]), ("Zustand", ["verfügbar", "neu"]), ("statut", ["inutilisé", "neuf"]),
        ("email", ["n/a", "(none)"]), ("estado", ["disponible", "nuevo"]),
        ("Activation", ["https://example.com/activate", ""]), ("Client", ["Windows client", ""]),
        ("active", ["yes", ""]),
        ("Activations used", ["0/3", "0 / 5"]), ("Activation count", ["0.0", '"0,00"']),
        ("Sold", ["\u2013", " 0 "]),
        ("Status", ["not sold", "Not used"]), ("Assigned to", ["unassigned", "not assigned"]),
        ("Zustand", ["nicht verkauft", ""]), ("statut", ["non vendu", ""]), ("estado", ["no vendido", ""]),
    ],
)  # fmt: skip
def test_asks_about_no_column_that_says_that_keys_are_unsold(column: str, values: list[str]) -> None:
    rows = "\n".join(f"KEY-000{number},{value}" for number, value in enumerate(values))
    assert read_keys(f"key,{column}\n{rows}\n".encode()).problems == ()


@pytest.mark.parametrize("column", ["Order ID", "Customer ID", "Bestellnummer"])
@pytest.mark.parametrize(
    "number", ["N1001", "No. 1042", "N\u00ba 7", "NA-1", "NEW-17", "none2", "n0", "NO 0", "/3"]
)
def test_asks_about_a_number_that_begins_with_a_word_for_unsold(column: str, number: str) -> None:
    """They were imported, and sold to somebody else."""
    (problem,) = read_keys(f'key,{column}\nAAAA-1,\nBBBB-2,"{number}"\n'.encode()).problems
    assert problem.text.startswith(f"by the column {column} these keys may have been sold")


@pytest.mark.parametrize("status", ["Free", "active", "1/3", "0.5", "10"])
def test_asks_about_what_may_be_a_sale(status: str) -> None:
    assert read_keys(f'key,status\nAAAA-1,\nBBBB-2,"{status}"\n'.encode()).problems != ()


def test_asks_about_one_key_that_was_sold_among_others() -> None:
    assert read_keys(b"key,sold\nAAAA-1,0\nBBBB-2,1\n").problems != ()
