"""What the first line of a file of keys says: which column has them, or that it is none."""

import re
import unicodedata
from collections.abc import Sequence

# Headings of a column of keys, in the shop's languages: without accents, spaces between words and a last "s".
_KEYS = frozenset(
    {
        "key", "license", "licence", "licensekey", "licencekey", "licensecode", "licencecode", "productkey",
        "activationkey", "activationcode", "serial", "serialkey", "serialnumber", "serialno", "code", "keycode",
        "schlussel", "schluessel", "lizenz", "lizenzen", "lizenzschlussel", "lizenzschluessel", "lizenzcode",
        "produktschlussel", "produktschluessel", "aktivierungsschlussel", "aktivierungsschluessel",
        "aktivierungscode", "freischaltcode", "seriennummer", "seriennummern",
        "cle", "cledelicence", "clesdelicence", "clelicence", "cledeproduit", "cleproduit", "cledactivation",
        "clesdactivation", "codedelicence", "codedactivation", "numerodeserie", "numerosdeserie",
        "clave", "clavedelicencia", "clavesdelicencia", "clavedeproducto", "clavedelproducto",
        "clavedeactivacion", "licencia", "codigo", "codigodelicencia", "codigodeactivacion",
    }
)  # fmt: skip
NAME_IT = "name it with --column, or say --as-is if it is a key"
_BETWEEN = re.compile(r"[\s_()'\u2019?-]")
_WORD = re.compile(r"[^\W\d_]+")


def is_heading(cell: str) -> bool:
    """Return whether a cell is the known name of a column of keys."""
    return plain(_BETWEEN.sub("", cell)).removesuffix("s") in _KEYS


def plain(cell: str) -> str:
    """Return it in small letters without accents."""
    return without_accents(cell).lower()  # in this order: signs taken apart may leave capitals


def without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def find_heading(keys: Sequence[str]) -> str | None:
    """Return why the first key of a list may be its heading: by its first or last word, or for it has no digit.

    Where most others have one, not all: of a few hundred random keys some have none. Keys, too, may begin with a
    word like CODE.
    """
    if len(keys) < 2:
        return None
    first, others = keys[0], keys[1:]
    if _has_word(first) and sum(map(_has_word, others)) * 4 < len(others):
        return f"it may be a heading, for it says what the others are: {NAME_IT}"
    if not _has_digit(first) and sum(map(_has_digit, others)) * 4 >= len(others) * 3:
        return f"it may be a heading, for it has no digit as the others have: {NAME_IT}"
    return None


def _has_word(key: str) -> bool:
    words = _WORD.findall(key)
    return any(map(is_heading, (*words[:1], *words[-1:])))


def _has_digit(key: str) -> bool:
    return any(map(str.isdigit, key))
