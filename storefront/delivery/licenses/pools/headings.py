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
# Headings of what a shop notes of keys that it sold: whose they are, and what became of them.
_SOLD = frozenset(
    {
        "status", "state", "orderid", "orderno", "ordernumber", "saleid", "purchaseid", "purchasedate", "saledate",
        "email", "emails", "emailaddress", "customer", "customeremail", "customername", "customerid", "buyer",
        "buyeremail", "buyername", "purchaser", "purchaseemail", "useremail", "refunded", "disputed", "activated",
        "activation", "activationcount", "activationsused", "sold", "soldat", "soldto", "assignedto", "redeemed",
        "redeemedby",
        "disabled", "expired", "revoked",
        "zustand", "bestellnummer", "emailadresse", "kunde", "kundin", "kundenemail", "kundenname", "kundennummer",
        "kaufer", "kaufdatum", "verkauft", "verkauftan", "erstattet", "aktiviert", "aktivierungen", "eingelost",
        "statut", "etat", "numerodecommande", "adresseemail", "courriel", "client", "nomduclient", "emailduclient",
        "acheteur", "datedachat", "vendu", "rembourse", "active",
        "estado", "numerodepedido", "correo", "correoelectronico", "cliente", "nombredelcliente", "comprador",
        "fechadecompra", "vendido", "reembolsado", "activado", "activada",
    }
)  # fmt: skip
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
        return "it may be a heading, for it says what the others are: name it with --column"
    if not _has_digit(first) and sum(map(_has_digit, others)) * 4 >= len(others) * 3:
        return "it may be a heading, for it has no digit as the others have: name it with --column"
    return None


def _has_word(key: str) -> bool:
    words = _WORD.findall(key)
    return any(map(is_heading, (*words[:1], *words[-1:])))


def _has_digit(key: str) -> bool:
    return any(map(str.isdigit, key))


def find_sold_elsewhere(table: Table, place: int) -> str | None:
    """Return why the keys of a table, in the column `place`, may have been sold before, or None."""
    for column, heading in enumerate(table.first_cells):
        if column != place and _is_of_sales(heading) and _is_filled(table, column):
            name = " ".join(heading.split())
            return f"the column {name} is one of keys that were sold elsewhere: their buyers have them"
    return None


def _is_of_sales(heading: str) -> bool:
    return _plain(heading) in _SOLD


def _is_filled(table: Table, column: int) -> bool:
    return any(row.cells[column].strip() for row in table.filled[1:] if column < len(row.cells))
