"""Keys that look as if another program had changed them on their way: each is asked about, none is mended.

A spreadsheet makes numbers and dates of keys, a word processor changes dashes, an export writes errors and
formulas. What was lost cannot be told from the file, so the owner looks, and saves it anew or says "as it is".
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d{1,3}|[+-]?\d[.,]\d+[eE]\d{1,3}")
_DECIMAL = re.compile(r"\d{4,}[.,]0+")
_THOUSANDS = re.compile(r"\d{1,3}(?:([,'\u2019])\d{3})(?:\1\d{3})+")
_ERROR = re.compile(r"#+|#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|BUSY!)", re.IGNORECASE)
_NOTHING = frozenset(
    {"true", "false", "null", "none", "undefined", "(null)", "(none)", "(blank)", "[object object]", "n/a"}
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?|mrz|m\u00e4r|mai|okt|dez|f\u00e9vr?|avr|juin|juil|ao\u00fbt|d\u00e9c|ene|abr|ago|dic"
)
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?"
_ISO_DATE = re.compile(rf"\d{{4}}([-/.])(\d{{1,2}})\1(\d{{1,2}}){_TIME}", re.IGNORECASE)
_DATE = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(?:\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE)
_NAMED_DATE = re.compile(
    rf"\d{{1,2}}\.?[-/. ](?:{_MONTHS})\.?(?:[-/. ](?:\d{{4}}|\d{{2}}))?"
    rf"|(?:{_MONTHS})\.?[-/. ](?:\d{{1,2}}|(?:19|20)\d{{2}})",
    re.IGNORECASE,
)
_WORD_PROCESSORS = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "dashes"),
    **dict.fromkeys("\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb", "quotes"),
    "\u2026": "three dots",
}
_BLOCK = re.compile(r"-{4,} ?(?:BEGIN|END)\b.*", re.IGNORECASE)
_PAGE = re.compile(
    r"<(?:!doctype|html|head|meta|style|body|div|table|thead|tbody|tr|t[dh]|ul|ol|li|p|span|br|pre)(?=[\s>/]|$)",
    re.IGNORECASE,
)
_JSON = re.compile(r"""\{\s*".*\}|\[\s*["{].*\]""")
_NUMBERED = re.compile(r"\d{1,6}[.):]\s+\S")
_BULLET = re.compile(r"[-*\u2022\u00b7]\s+\S")
_ROWS = re.compile(  # as databases end what they print
    r"\(?\d+ (?:rows?|records?|zeilen?|lignes?|filas?)"
    r"(?: (?:affected|exported|found|in set|returned|selected))?(?: \([\d.,]+ sec\))?\)?\.?",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"(?:grand |sub-?|sous-)?(?:total|summe|gesamt(?:summe)?|somme|suma)(?: (?:codes|keys|records|rows))?\b"
    r"[ :=]*[\d.,]*",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)
EXACT_DIGITS = 15  # that a spreadsheet keeps of a number
FEW = 4  # numbers of one length: fewer say nothing about a shorter one


def find_damage(key: str) -> str | None:
    """Return what is wrong with a key, in half a sentence, or None."""
    return (
        _first_sign(_SPREADSHEET_SIGNS, key)
        or _first_sign(_ENCODING_SIGNS, key)
        or _find_word_processor(key)
        or _first_sign(_EXPORT_SIGNS, key)
    )


def is_error_value(cell: str) -> bool:
    """Return whether a cell is `#REF!` or the like, which look like comments."""
    return len(cell) > 1 and _ERROR.fullmatch(cell.strip()) is not None


def _is_date(key: str) -> bool:
    iso, short = _ISO_DATE.fullmatch(key), _DATE.fullmatch(key)
    if iso:
        return _is_day(iso[2], iso[3])
    if short:
        return _is_day(short[1], short[3]) or _is_day(short[3], short[1])
    return _NAMED_DATE.fullmatch(key) is not None


def _is_day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _is_misread(key: str) -> bool:
    """UTF-8 that was read as Windows or Latin letters can be turned back, and other text cannot."""
    if key.isascii():
        return False
    for encoding in ("cp1252", "latin-1"):
        try:
            return key.encode(encoding).decode() != key
        except UnicodeError:
            continue
    return False


def _find_word_processor(key: str) -> str | None:
    letter = next((letter for letter in key if letter in _WORD_PROCESSORS), None)
    if letter is None:
        return None
    return f"it has {letter} (U+{ord(letter):04X}): a word processor changes {_WORD_PROCESSORS[letter]}"


# What a damaged key looks like, and what is said of it. The first sign that fits counts.
_Signs = tuple[tuple[Callable[[str], object], str], ...]
_SPREADSHEET_SIGNS: _Signs = (
    (is_error_value, "it is what a spreadsheet shows in place of a value"),
    (_SCIENTIFIC.fullmatch, "a spreadsheet shortened it to a number with an exponent: the digits are lost"),
    (_DECIMAL.fullmatch, "it ends in .0 as a number does: a program took it for one"),
    (_THOUSANDS.fullmatch, "it has separators of thousands: a program took it for a number"),
    (_is_date, "it is a date: a spreadsheet may have made one of it"),
    (re.compile("=").match, "it is a formula: save the values"),
    (re.compile("'").match, "it begins with ', as a spreadsheet marks text"),
    (lambda key: key.casefold() in _NOTHING, "it is a program's word for nothing, or yes and no"),
)
_ENCODING_SIGNS: _Signs = (
    (re.compile("\ufffd").search, "it has \ufffd where a letter could not be read: save the file as UTF-8"),
    (_is_misread, "its letters were read in the wrong encoding: save the file as UTF-8"),
)
_EXPORT_SIGNS: _Signs = (
    (lambda key: key.endswith("..."), "it ends in three dots: it was cut"),
    (_ENTITY.search, "it has letters written as in HTML"),
    (_BLOCK.fullmatch, "it is one line of a key of several: put the whole key in quotes"),
    (_PAGE.match, "it is part of an HTML page: save the keys as text"),
    (_JSON.fullmatch, "it is JSON: save the keys as text"),
    (_NUMBERED.match, "it begins with the number of its line"),
    (_BULLET.match, "it begins with the mark of a list"),
    (_ROWS.fullmatch, "it says how many rows there are"),
    (_SUM.fullmatch, "it is the last line of a table, with its sum"),
)


def _first_sign(signs: _Signs, key: str) -> str | None:
    return next((sentence for fits, sentence in signs if fits(key)), None)


def find_split_number(cells: Sequence[str]) -> str | None:
    """Return what is wrong with a number that its comma makes two cells of, or None where it is no such number."""
    text = ",".join(cells)
    signs = _SPREADSHEET_SIGNS[1:4]  # the numbers
    return _first_sign(signs, text)


def find_cut(keys: Sequence[str]) -> dict[int, str]:
    """Return by place what is wrong with the last key of a file that may have been cut: all others are longer."""
    lengths = set(map(len, keys[:-1]))
    if len(keys) <= FEW or len(lengths) > 1 or len(keys[-1]) >= min(lengths) or _is_next(keys[-2], keys[-1]):
        return {}
    return {len(keys) - 1: f"it has {len(keys[-1])} characters and all others {min(lengths)}: the file may be cut"}


def _is_next(key: str, last: str) -> bool:
    """Return whether keys that count down came to a number with one digit less, as GAME-9 after GAME-10."""
    one, other = _COUNTED.fullmatch(key), _COUNTED.fullmatch(last)
    return one is not None and other is not None and one[1] == other[1] and int(one[2]) == int(other[2]) + 1


def find_shortened(keys: Sequence[str]) -> dict[int, str]:
    """Return by place what is wrong with numbers that lost zeros at their beginning, or digits at their end."""
    numbers = {place: key for place, key in enumerate(keys) if key.isascii() and key.isdigit()}
    return _find_lost_zeros(numbers) | _find_lost_digits(numbers)


def _find_lost_zeros(numbers: dict[int, str]) -> dict[int, str]:
    usual = _usual_length(numbers.values())
    return {
        place: f"it has {len(key)} digits and others {usual}: zeros at its beginning may be lost"
        for place, key in numbers.items()
        if len(key) < usual
    }


def _usual_length(numbers: Collection[str]) -> int:
    """Return the length that more than half of them have, or 0 where that says nothing."""
    for length, count in Counter(map(len, numbers)).most_common(1):
        if count >= FEW and count * 2 > len(numbers):
            return length
    return 0


def _find_lost_digits(numbers: dict[int, str]) -> dict[int, str]:
    long = {place: key for place, key in numbers.items() if len(key) > EXACT_DIGITS}
    has_digits_left = any(key[EXACT_DIGITS:].strip("0") for key in long.values())
    is_one = len(long) == 1
    if is_one or has_digits_left:
        return {}
    return dict.fromkeys(long, f"only its first {EXACT_DIGITS} digits are left: a spreadsheet made the rest 0")
