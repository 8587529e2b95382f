"""Files of keys: lists and tables as shops export them; what is not sure to be a key is named, never sold."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.delivery.licenses.keys import normal_form
from storefront.delivery.licenses.pools import csv_table
from storefront.delivery.licenses.pools.csv_table import MOST_LINES
from storefront.delivery.licenses.pools.damaged_keys import find_damage, find_shortened
from storefront.delivery.licenses.pools.headings import is_heading
from storefront.delivery.licenses.pools.key_files import KeyFileRefused, read_keys

TWO = [(1, "AAAA-1"), (2, "BBBB-2")]
BELOW = [(2, "AAAA-1"), (3, "BBBB-2")]
READ = {
    "a list": ("AAAA-1\nBBBB-2\n", TWO),
    "a list without a last line break": ("AAAA-1\nBBBB-2", TWO),
    "from Windows, with a blank line": ("\ufeffAAAA-1\r\n\r\nBBBB-2\r\n", [(1, "AAAA-1"), (3, "BBBB-2")]),
    "with two byte order marks": ("\ufeff\ufeffkey,note\nAAAA-1,x\nBBBB-2,y\n", BELOW),
    "empty cells below a heading": ("key,,\nAAAA-1,,\nBBBB-2,,\n", BELOW),
    "from an old Mac": ("AAAA-1\rBBBB-2\r", TWO),
    "a list in quotes": ('"AAAA-1"\n"BBBB-2"\n', TWO),
    "a key with a comma, in quotes": ('"AB,CD-1111"\nBBBB-2\n', [(1, "AB,CD-1111"), (2, "BBBB-2")]),
    "spaces around": ("  AAAA-1 \n\u00a0BBBB-2\u00a0\n", TWO),
    "a list with a heading": ("Product Key\nAAAA-1111-BBBB\n", [(2, "AAAA-1111-BBBB")]),
    "a list with another heading": ("Keys\nAAAA-1111-BBBB\n", [(2, "AAAA-1111-BBBB")]),
    "a heading in quotes": ('"license key(s)"\n"AAAA-1"\n', [(2, "AAAA-1")]),
    "a table": ("license_key,note\nAAAA-1,x\nBBBB-2,\n", BELOW),
    "the keys on the right": ("Order,License Keys\nBATCH-001,AAAA-1\nBATCH-002,BBBB-2\n", BELOW),
    "semicolons": ("id;serial\n1;AAAA-1\n2;BBBB-2\n", BELOW),
    "tabs": ("id\tserial\n1\tAAAA-1\n", [(2, "AAAA-1")]),
    "other separators in a cell": ('key,note\nAAAA-1,"for a; b; c"\nBBBB-2,x;y;z;\n', BELOW),
    "a cell of two lines": ('key,note\nAAAA-1,"one\ntwo"\nBBBB-2,x\n', [(2, "AAAA-1"), (4, "BBBB-2")]),
    "a cell like a comment": ('key,note\nAAAA-1,"one\n# two"\nBBBB-2,x\n', [(2, "AAAA-1"), (4, "BBBB-2")]),
    "Excel's separator": ("sep=;\nkey;note\nAAAA-1;x\n", [(3, "AAAA-1")]),
    "a separator of its own": ('"sep=|"\r\nkey|note\r\nAAAA-1|x, y; z\r\n', [(3, "AAAA-1")]),
    "a space before a quote": ('note, key\nx, "AAAA-1"\ny, BBBB-2\n', BELOW),
    "comments": ("# batch 7, ours\n# it's \"new\nAAAA-1\n#BBBB-2\n", [(3, "AAAA-1")]),
    "several lines in quotes": (
        'key\r\n"-----BEGIN LICENSE-----\r\nAda\r\n-----END LICENSE-----"\r\nBBBB-2\r\n',
        [(2, "-----BEGIN LICENSE-----\nAda\n-----END LICENSE-----"), (5, "BBBB-2")],
    ),
    "other spellings": ("aGVsbG8td29ybGQ9\naGVsbG8td29ybgQ9\nAB-CD123\nABC-D123\n", [
        (1, "aGVsbG8td29ybGQ9"), (2, "aGVsbG8td29ybgQ9"), (3, "AB-CD123"), (4, "ABC-D123")
    ]),
    "a long signed one": ("LIC-" + "A1b2C3d4" * 500, [(1, "LIC-" + "A1b2C3d4" * 500)]),
    "empty rows of a table": ("key;note\nAAAA-1;x\n;\nBBBB-2;y\n", [(2, "AAAA-1"), (4, "BBBB-2")]),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads_lists_and_tables(name: str) -> None:
    text, expected = READ[name]
    file = read_keys(text.encode())
    assert file.problems == ()
    assert [(line.number, line.key) for line in file.keys] == expected


SHORT = "a key has 4 to 4096 characters, and this one"
NAMES_ONE = "this line names no more than one of its"
UNPRINTABLE = "it has characters that cannot be printed, such as"
REFUSED = {
    "a table without a heading": ("AAAA-1,ada\nBBBB-2,bob\n", [(1, "none of the 2 columns is called `key`")]),
    "empty cells in a list": ("AAAA-1,,\nBBBB-2,,\n", [
        (1, f"{NAMES_ONE} 3 columns: if it has a key, put one above it with `key` in column 1, and else name it")
    ]),
    "empty cells before a key": (";AAAA-1\n;BBBB-2\n", [
        (1, f"{NAMES_ONE} 2 columns: if it has a key, put one above it with `key` in column 2")
    ]),
    "a heading that is not known": ("Order,Gift\n1,AAAA-1\n", [(1, "none of the 2 columns is called `key`")]),
    "numbers with a comma": ("1,23E+15\n1,24E+15\n", [(1, "a spreadsheet shortened it to a number")]),
    "words with commas": ("NAME=A,CODE=1\nNAME=B,CODE=2\n", [(1, "none of the 2 columns")]),
    "one key with a comma": ("AB,CD-1111\n", [(1, "none of the 2 columns")]),
    "two columns of keys": ("key,serial\nAAAA-1,BBBB-2\n", [(1, "more than one column")]),
    "a row that is short": ("note,key\nx,AAAA-1\nBBBB-2\n", [(3, "it has 1 cells, and the first line 2")]),
    "a row that is long": ("note,key\nx,AAAA-1,y\n", [(2, "it has 3 cells, and the first line 2")]),
    "a row without a key": ("note,key\nx,AAAA-1\ny,\n", [(3, "there is no key in this line")]),
    "a list that becomes a table": ("AAAA-1\nBBBB-2,batch 1\nCCCC-3;x\n", [(2, "a comma,"), (3, "a comma,")]),
    "rules between keys": ("AAAA-1\n-----\n=====\n_ _ _ _\n", [
        (2, "a key has at least 4 letters"), (3, "a key has at least"), (4, "a key has at least")
    ]),
    "too short, too long": (f"abc\n{'A' * 4097}\n", [(1, f"{SHORT} 3"), (2, f"{SHORT} 4097")]),
    "twice": ("GOOD-KEY-ONE\nNICE\n  GOOD-KEY-ONE \n", [(3, "\u2026Y-ONE is in line 1 already")]),
    "a heading between keys": ("AAAA-1\nlicense key\nBBBB-2\n", [(2, "it is a heading")]),
    "a bell": ("BELL\x07KEY\n", [(1, f"{UNPRINTABLE} U+0007")]),
    "a byte order mark of a second file": ("AAAA-1\n\ufeffBBBB-2\n", [
        (2, f"{UNPRINTABLE} U+FEFF")
    ]),
    "a form feed is no line": ("AAAA-1\x0cBBBB-2\nC\n", [(1, "it has characters"), (2, f"{SHORT} 1")]),
    "something invisible": ("AAAA-1111\u200b\n", [(1, f"{UNPRINTABLE} U+200B")]),
}  # fmt: skip


@pytest.mark.parametrize(
    "heading", ["Lizenzschlüssel", "Seriennummern", "Clé de licence", "CLES D\u2019ACTIVATION", "Claves", "Código"]
)
def test_knows_a_heading_in_the_languages_of_the_shop(heading: str) -> None:
    for keys in (["ABCD-IJKL", "EFGH-MNOP"], ["4K2QX-AAAA1", "4K2QX-AAAA2"]):
        file = read_keys("\n".join([heading, *keys]).encode())
        assert ([line.key for line in file.keys], file.problems) == (keys, ())


SAYS_WHAT = ("Steam Key", "CD-Key", "License key 1", "key1", "activation key:", "Lizenz-Schlüssel (neu)", "[code]")


@pytest.mark.parametrize("heading", SAYS_WHAT)
@pytest.mark.parametrize("keys", [["ABCD-IJKL", "EFGH-MNOP"], ["4K2QX-AAAA1", "4K2QX-AAAA2"]])
def test_doubts_a_first_line_that_says_what_the_others_are(heading: str, keys: list[str]) -> None:
    """Sold as a key it would go to the next buyer, whether it has a digit or not."""
    text = "\n".join([heading, *keys]).encode()
    (problem,) = read_keys(text).problems
    assert (problem.number, problem.is_doubt) == (1, True)
    why = "it says what the others are: name it with --column, or say --as-is if it is a key"
    assert problem.text == f"it may be a heading, for {why}"
    assert [line.key for line in read_keys(text, column=heading).keys] == keys
    assert [line.key for line in read_keys(text, as_is=True).keys] == [heading, *keys]


@pytest.mark.parametrize("text", [b"KEY-0001\nKEY-0002\nKEY-0003\n", b"CODE-ABCD\nCODE-EFGH\n", b"key1\n"])
def test_doubts_no_keys_that_all_begin_with_such_a_word(text: bytes) -> None:
    assert read_keys(text).problems == ()


@pytest.mark.parametrize("heading", ["Voucher", "Token", "Gutschein", "Für Ada"])
def test_doubts_a_first_line_that_may_be_a_heading(heading: str) -> None:
    """Sold as a key it would go to the next buyer."""
    text = f"{heading}\r\n4K2QX-AAAA1\r\n4K2QX-AAAA2\r\n".encode()
    (problem,) = read_keys(text).problems
    assert (problem.number, problem.is_doubt) == (1, True)
    why = "it has no digit as the others have: name it with --column, or say --as-is if it is a key"
    assert problem.text == f"it may be a heading, for {why}"
    keys = ["4K2QX-AAAA1", "4K2QX-AAAA2"]
    assert [line.key for line in read_keys(text, column=heading).keys] == keys
    assert [line.key for line in read_keys(text, as_is=True).keys] == [heading, *keys]


def test_doubts_the_heading_of_a_long_list_in_which_some_keys_have_no_digit() -> None:
    """As one of 120 random ones of fifteen signs. What it says holds no key, which may be one of letters."""
    keys = [f"{number:05}-AAAAA" for number in range(100)] + [f"AAAAA-{letter * 5}" for letter in "BCDEFGH"]
    (problem,) = read_keys("\n".join(["Steam Key", *keys]).encode()).problems
    assert (problem.number, problem.is_doubt) == (1, True)
    assert "Steam" not in problem.text


@pytest.mark.parametrize("text", [b"ABCD-EFGH\n", b"ABCD-EFGH\nIJKL-MNOP\nQRST-1234\n", b"ABCD-1\nEFGH-IJKL\n"])
def test_doubts_no_key_of_letters_where_others_have_no_digit_either(text: bytes) -> None:
    assert read_keys(text).problems == ()


@pytest.mark.parametrize("name", REFUSED)
def test_names_every_line_it_cannot_use(name: str) -> None:
    text, expected = REFUSED[name]
    problems = read_keys(text.encode()).problems
    assert [problem.number for problem in problems] == [number for number, _ in expected]
    for problem, (_, words) in zip(problems, expected, strict=True):
        assert problem.text.startswith(words)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"AAAA\n\xff\xfe\n", "Line 2 is not UTF-8"),
        (b'a,key\n"' + b"A" * 200_000 + b'",x\n', "Line 2 cannot be read"),
        (b'key,note\nAAAA-1,x\nBBBB-2,"never closed\nCCCC-3,x\n', "Line 3 cannot be read"),
        (b'[\n  {\n    "key": "AAAA-1"\n  }\n]\n', "cannot be read: .* Is this JSON. Save the keys as text."),
        (b'AAAA-1\n"BBBB" 2\n', "Line 2 cannot be read: .* Are all quotes closed"),
        (b"sep=x\nkeyxnote\nAAAA-1xy\n", "Line 1 names a separator"),
        (b"A" * (20 * 1024 * 1024 + 1), "larger than 20 MB"),
        (b"key\n" + b"AAAA-1\n" * 100_001, "The file has more than 100,000 lines: split it."),
        (b"AAAA-1\n" * 100_001, "more than 100,000 lines"),
        (b"key\n\n" + b"key\n" * 100_001, "more than 100,000 lines"),
        (b"\n" * 100_001, "more than 100,000 lines"),
        (b"#\n" * 100_001 + b"AAAA-1\n", "more than 100,000 lines"),
        ("AAAA-1\n".encode("utf-16-le"), "UTF-16 without its mark"),
        (b"\xff\xfeA", "Line 1 is not whole: the file was cut. Copy it again."),
        ("AAAA-1\n\u0a0aB\n".encode("utf-16")[:-1], "Line 2 is not whole: the file was cut."),
        (b"AAAA-1\nM\xc3", "Line 2 is not whole, or is not UTF-8 text: copy the file again, or save it as UTF-8."),
        (b"AAA-11\ncl\xe9", "Line 2 is not whole, or is not UTF-8 text"),
        (b"\xff\xfeA\x00\n\x00\x00\xdcA\x00", "Line 2 is not UTF-16 text: save the file as UTF-8."),
        (b"AAAA-1\x00\n", "no plain text"),
    ],
)
def test_refuses_a_file_that_it_cannot_read(content: bytes, why: str) -> None:
    with pytest.raises(KeyFileRefused, match=why):
        read_keys(content)


@pytest.mark.parametrize(
    ("most", "heading", "between", "end"),
    [
        (MOST_LINES, "key\n", "\n", "\n\n"),
        (1_000, "key\n", "\n", "\n\n"),
        (1_000, "", "\n\n", "\n"),
        (1_000, "", "\n#\n", ""),
    ],
)
def test_takes_a_hundred_thousand_keys(
    monkeypatch: pytest.MonkeyPatch, most: int, heading: str, between: str, end: str
) -> None:
    """Its heading, its comments and its blank lines are no keys."""
    monkeypatch.setattr(csv_table, "MOST_LINES", most)
    keys = between.join(f"AAAA-{number:06}" for number in range(most))
    file = read_keys(f"{heading}{keys}{end}".encode())
    assert (len(file.keys), file.problems) == (most, ())


def test_takes_the_column_that_its_owner_names() -> None:
    text = b"Order;Gutschein\n1;AAAA-1\n2;BBBB-2\n"
    assert [line.key for line in read_keys(text, column=" gutschein ").keys] == ["AAAA-1", "BBBB-2"]
    assert [line.key for line in read_keys(b"Gutschein\nAAAA-1\n", column="Gutschein").keys] == ["AAAA-1"]
    assert [line.key for line in read_keys(b"key,old key\nAAAA-1,BBBB-2\n", column="old key").keys] == ["BBBB-2"]
    missing = read_keys(text, column="Code")
    assert ([problem.text for problem in missing.problems], missing.keys) == (["no column is called Code"], ())


def test_reads_what_a_spreadsheet_calls_unicode_text() -> None:
    file = read_keys("key\tnote\r\nAAAA-1\tGr\u00f6\u00dfe\r\n".encode("utf-16"))
    assert ([line.key for line in file.keys], file.problems) == (["AAAA-1"], ())


def test_tells_which_lines_it_left_out() -> None:
    file = read_keys(b"# ours\nAAAA-1\n\n  \n# more\nBBBB-2\n\n")
    assert (file.blanks, file.comments) == ((3, 4, 7), (1, 5))


printable = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=4, max_size=30).map(str.strip)
keys = printable.filter(
    lambda key: (
        key.isprintable()
        and sum(map(str.isalnum, normal_form(key))) >= 4
        and 4 <= len(key) <= 200
        and find_damage(key) is None
        and not key.startswith("#")
        and not is_heading(key)
    )
)
lists = st.lists(keys, min_size=1, max_size=20, unique=True).filter(lambda found: not find_shortened(found))
delimiters = st.sampled_from([",", ";", "\t"])
notes = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], include_characters="\n"), max_size=20)


@given(lists, delimiters, notes, st.sampled_from(["\n", "\r\n"]))
def test_reads_back_every_table_that_a_program_writes(
    wanted: list[str], delimiter: str, note: str, end: str
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end)
    writer.writerows([["No.", "License key", "Note"], *([number, key, note] for number, key in enumerate(wanted))])
    file = read_keys(written.getvalue().encode())
    assert file.problems == ()
    assert [line.key for line in file.keys] == wanted


@given(lists, delimiters)
def test_reads_back_every_list_in_quotes(wanted: list[str], delimiter: str) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([key] for key in wanted)
    assert [line.key for line in read_keys(written.getvalue().encode()).keys] == wanted


@given(lists, delimiters)
def test_takes_no_key_for_another_in_a_plain_list(wanted: list[str], delimiter: str) -> None:
    """As csv.writer puts it down: what a delimiter would split is a problem, everything else is read back."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([key] for key in ["key", *wanted])
    file = read_keys(written.getvalue().encode())
    named = {problem.number for problem in file.problems}
    assert {line.number: line.key for line in file.keys} == {
        number: key for number, key in enumerate(wanted, start=2) if number not in named
    }
    for number in named:
        assert any(separator in wanted[number - 2] for separator in ",;\t")


@given(st.binary(max_size=200))
def test_answers_whatever_the_file_holds(content: bytes) -> None:
    try:
        file = read_keys(content)
    except KeyFileRefused:
        return
    assert all(4 <= len(line.key) <= 4096 and line.key.replace("\n", "").isprintable() for line in file.keys)
