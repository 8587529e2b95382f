"""What the first line of a file of keys says: which column has them, and whether they were sold elsewhere."""

import re
import unicodedata
from collections.abc import Sequence

from storefront.delivery.licenses.pools.csv_table import Table

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
# Headings of what a shop notes of keys that it sold, by their letters: whose they are, and what became of them.
# None that says something else of keys that are new: "active", or "client" and "activation" of a program.
_SOLD = frozenset(
    {
        "status", "state", "orderid", "orderno", "ordernumber", "saleid", "purchaseid", "purchasedate", "saledate",
        "email", "emails", "emailaddress", "customer", "customeremail", "customername", "customerid", "buyer",
        "buyeremail", "buyername", "purchaser", "purchaseemail", "useremail", "refunded", "disputed", "activated",
        "activationcount", "activationsused", "sold", "soldat", "soldto", "assignedto", "redeemed",
        "redeemedby", "claimed", "claimedby", "disabled", "expired", "revoked",
        "bestellnr",
        "zustand", "bestellnummer", "emailadresse", "kunde", "kundin", "kundenemail", "kundenname", "kundennummer",
        "kaufer", "kaufdatum", "verkauft", "verkauftan", "erstattet", "aktiviert", "aktivierungen", "eingelost",
        "statut", "etat", "numerodecommande", "adresseemail", "courriel", "nomduclient", "emailduclient",
        "ndecommande", "nodecommande", "acheteur", "datedachat", "vendu", "rembourse",
        "estado", "numerodepedido", "correo", "correoelectronico", "cliente", "nombredelcliente", "comprador",
        "fechadecompra", "vendido", "reembolsado", "activado", "activada",
    }
)  # fmt: skip
# What stands below one of them where a key was not sold. Not "free": it may have been given away.
_UNSOLD = frozenset(
    {
        "n", "no", "false", "none", "null", "na", "unused", "new", "unsold", "available", "unassigned", "notsold",
        "notused", "notassigned",
        "nein", "falsch", "neu", "frei", "verfugbar", "unbenutzt", "unverkauft", "nichtverkauft",
        "non", "faux", "neuf", "nouveau", "nouvelle", "libre", "disponible", "inutilise", "inutilisee", "nonvendu",
        "falso", "nuevo", "nueva", "novendido",
    }
)  # fmt: skip
_NOTHING = re.compile(r"(0+([.,]0+)?(\s*/\s*\d+)?)?|[-\u2010-\u2015\u2212]*")  # empty, 0, 0.0, 0/3, a dash
NAME_IT = "name it with --column, or say --as-is if it is a key"
_BETWEEN = re.compile(r"[\s_()'\u2019?-]")
_WORD = re.compile(r"[^\W\d_]+")


def is_heading(cell: str) -> bool:
    """Return whether a cell is the known name of a column of keys."""
    return _plain(cell).removesuffix("s") in _KEYS


def _plain(cell: str) -> str:
    letters = unicodedata.normalize("NFKD", _BETWEEN.sub("", cell.lower()))
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


def find_sold_elsewhere(table: Table, place: int) -> str | None:
    """Return why the keys of a table, in the column `place`, may have been sold before, or None."""
    for column, heading in enumerate(table.first_cells):
        if column != place and _is_of_sales(heading) and _has_sold(table, column):
            name = " ".join(heading.split())
            return f"by the column {name} these keys may have been sold elsewhere, and have buyers"
    return None


def _is_of_sales(heading: str) -> bool:
    return _letters(heading.replace("#", "no")) in _SOLD


def _has_sold(table: Table, column: int) -> bool:
    return any(_says_sold(row.cells[column]) for row in table.filled[1:] if column < len(row.cells))


def _says_sold(cell: str) -> bool:
    """With its digits: N1001 is an order, and no "n"."""
    word = "".join(filter(str.isalnum, _plain(cell)))
    return word not in _UNSOLD and not _NOTHING.fullmatch(cell.strip())


def _letters(cell: str) -> str:
    return "".join(filter(str.isalpha, _plain(cell)))
