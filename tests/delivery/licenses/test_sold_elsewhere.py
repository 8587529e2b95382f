"""Headings of what is noted of sold keys are asked about however they are put; those of new keys are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.delivery.licenses.pools.key_files import read_keys

OF_SALES = {
    "en": [
        "date sold", "sold on", "is used?", "redeemed at", "purchased by", "used", "used by", "is used",
        "last used",
        "times used", "assigned", "assigned at", "redeemed", "date of redemption", "redemption date", "purchased",
        "bought by", "date of purchase", "purchase date", "is sold", "already sold", "sold in store 5", "sold via",
        "order date", "order reference", "order id", "order number", "sale date", "transaction id", "payment id",
        "checkout id", "subscription id", "invoice number", "issued to", "registered to", "licensed to",
        "delivered to", "sent to", "given to", "licensee", "licensee name", "client email", "client name",
        "user email", "owner email", "registered email", "customer", "customer id", "recipient", "buyer country",
        "refunded at", "revoked on", "activated on", "activation date", "key status", "license status",
        "paddle order id", "shopify order", "stripe customer", "paypal email", "refund date", "refund status",
        "refund id", "claim date", "redeem date", "owned by", "in use by", "assigned to order", "delivery status",
        "fulfillment status", "fulfilled at", "payer email", "ordered by", "handed out to", "activation usage",
    ],
    "de": [
        "Käufer", "verkauft am", "verkauft an", "Verkaufsdatum", "Kaufdatum", "Käufername", "Kaeufer", "Käuferin",
        "Kundennummer", "Name des Kunden", "Bestelldatum", "Bestellnummer", "Bestellreferenz", "Auftragsnummer",
        "Transaktionsnummer", "Rechnungsnummer", "eingelöst", "eingelöst am", "benutzt", "benutzt von",
        "bereits verwendet", "genutzt", "gekauft von", "vergeben an", "zugewiesen an", "ausgegeben an",
        "registriert auf", "Empfänger", "Lizenznehmer", "erstattet am", "Lizenzstatus", "Einlösedatum",
        "Rückerstattet", "Zurückerstattet am", "Versandt an", "Verschickt an", "Weitergegeben an", "Erworben von",
        "Lizenzinhaber", "Lizenzinhaberin", "Kd.-Nr.", "Best.-Nr.", "Rg.-Nr.", "Bestellt von", "Mailadresse",
    ],
    "fr": [
        "vendu", "vendu le", "vendue", "vendu à", "date de vente", "utilisé", "utilisée", "utilisé par",
        "date d'utilisation", "attribué à", "acheté par", "date d\u2019achat", "acheteur", "nom de l'acheteur",
        "acheteuse", "numéro de commande", "référence de commande", "remboursé le", "envoyé à", "destinataire",
        "courriel du client", "déjà utilisé",
        "activée", "activé par", "activé le", "remis à", "bénéficiaire", "adresse mail", "commandé par",
        "date de remboursement",
    ],
    "es": [
        "vendido", "vendida", "vendido a", "fecha de venta", "usado", "usada", "usado por", "utilizado",
        "canjeado",
        "comprado por", "comprador", "nombre del comprador", "correo del cliente", "fecha de compra",
        "número de pedido", "fecha del pedido", "referencia del pedido", "asignado a", "enviado a", "entregado a",
        "destinatario", "reembolsado", "regalado a", "cedido a", "beneficiario", "en uso", "pedido por",
    ],
}  # fmt: skip
OF_NEW_KEYS = {
    "en": [
        "order", "user", "owner", "product", "created", "notes", "batch", "edition", "client", "activation",
        "active", "delivered", "created at", "price", "purchase order", "purchase order number", "sort order",
        "order of use", "supplier", "supplier order number", "vendor email", "support email", "username",
        "user id",
        "sale price", "on sale", "to be sold", "sold as", "used for", "used in", "issued by", "release date",
        "expires at", "valid until", "version", "region", "seats", "activation limit", "max uses",
        "uses left", "customer support address", "customer portal", "status page", "email template", "client id",
        "client secret", "purchased from", "purchase price", "quantity", "license type", "reused", "keys old",
        "housed", "soldiers", "usage rights", "reference", "number of activations", "delivered on",
        "use by date", "redeem by date", "status code", "purchase order status", "delivery date", "stripe id",
        "shopify product", "limit", "uses",
    ],
    "de": [
        "Bestellung", "Nutzer", "Benutzer", "Besitzer", "Produkt", "erstellt", "erstellt am", "Notiz", "Charge",
        "Auflage", "verkauft als", "verwendet für", "darf verkauft werden", "Verkaufspreis", "Kundendienst",
        "Lieferant", "Reihenfolge", "Gültig bis", "Nutzungszeit", "Versanddatum",
    ],
    "fr": [
        "commande", "utilisateur", "propriétaire", "produit", "créé le", "remarque", "lot", "édition",
        "utilisé pour", "prix de vente", "fournisseur", "date de sortie", "soldes", "soldes d'été", "acheté à",
        "achetée au",
    ],
    "es": [
        "pedido", "usuario", "propietario", "producto", "creado", "notas", "lote", "edición", "usado para",
        "precio de venta", "proveedor", "fecha de lanzamiento", "cliente de correo", "comprado a",
    ],
}  # fmt: skip
SPELLINGS = [
    str.upper,
    str.title,
    lambda heading: heading.replace(" ", "_"),
    lambda heading: heading.replace(" ", "-").capitalize(),
    lambda heading: f"{heading.replace(' ', '.')}:",
    lambda heading: f" {heading.replace(' ', '  ')}? ",
    lambda heading: f"({heading})",
    lambda heading: "".join(word[:1].upper() + word[1:] for word in heading.split()),
    lambda heading: heading[:1] + "".join(word[:1].upper() + word[1:] for word in heading.split())[1:],
]


def _in_table(headings: dict[str, list[str]]) -> st.SearchStrategy[str]:
    written = st.sampled_from([heading for known in headings.values() for heading in known])
    return st.builds(lambda heading, spelled: spelled(heading), written, st.sampled_from(SPELLINGS))


def _why(heading: str, *values: str) -> str | None:
    rows = [["key", heading], *([f"AAAA-{place}", value] for place, value in enumerate(values))]
    problems = read_keys("\n".join("\t".join(row) for row in rows).encode()).problems
    assert all((problem.number, problem.is_doubt) == (1, True) for problem in problems)
    return problems[0].text if problems else None


@pytest.mark.parametrize("language", OF_SALES)
def test_asks_about_every_heading_of_sales(language: str) -> None:
    for heading in OF_SALES[language]:
        words = "these keys may have been sold elsewhere, and have buyers"
        assert _why(heading, "x", "7") == f"by the column {heading} {words}"
        assert _why(heading, "", "-") is None, heading


@pytest.mark.parametrize("language", OF_NEW_KEYS)
def test_asks_about_no_heading_of_new_keys(language: str) -> None:
    for heading in OF_NEW_KEYS[language]:
        assert _why(heading, "x", "7") is None, heading


@given(_in_table(OF_SALES))
def test_asks_about_headings_of_sales_however_they_are_spelled(heading: str) -> None:
    assert str(_why(heading, "x")).startswith(f"by the column {' '.join(heading.split())} these keys may have")


@given(_in_table(OF_NEW_KEYS))
def test_asks_about_no_heading_of_new_keys_however_it_is_spelled(heading: str) -> None:
    assert _why(heading, "x") is None


@pytest.mark.parametrize(
    "heading",
    ["datesold", "usedby", "redeemedat", "orderdate", "isused", "OrderIDs", "ORDERDate", "Nº pedido", "Nom client",
     "N.º de pedido", "KA\u0308UFER", "eMail", "E-Mail-Adresse des Käufers", "¿Usado?", "User's e-mail",
     "Order #"],
)  # fmt: skip
def test_finds_words_that_nothing_parts(heading: str) -> None:
    assert _why(heading, "x") is not None


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Used", ["no", "unused"]), ("Last used", ["never", "Never"]), ("Used at", ["0000-00-00", ""]),
        ("Redeemed at", ["0000-00-00 00:00:00", "NULL"]), ("benutzt", ["nie", "noch nicht"]),
        ("Utilisé", ["non", "jamais", "pas encore"]), ("Usado", ["nunca", "sin usar", "no usado"]),
        ("Sold", ["not yet sold", "Not sold.", "never sold", "unsold", "\u274c", "\u2610", "none"]),
        ("Redeemed", ["not redeemed yet", "unredeemed", "not-redeemed", "0000-00-00T00:00:00",
                      "not yet redeemed"]),
        ("Status", ["not activated", "not active", "not refunded", "not in use", "is not used",
                    "new"]),
        ("Refunded", ["$0.00", "0,00", "\u20ac 0,00", "0.00\u20ac", "not refunded yet"]),
        ("Times used", ["0%", "0 of 3", "0/unlimited", "0 / \u221e", "0 von 3", "0/3"]),
        ("Eingelöst", ["noch nicht eingelöst", "nicht eingelöst", "nicht aktiviert", "nicht zugewiesen"]),
        ("Erstattet", ["nicht erstattet", "noch nie erstattet", "keine", "noch keine"]),
        ("Käufer", ["keiner", "kein Käufer", "noch niemand", "kein Name"]),
        ("Utilisée", ["non activé", "non remboursé", "n'est pas utilisée", "pas encore utilisée", "aucun"]),
        ("Canjeado", ["no canjeado", "sin asignar", "sin canjear", "ninguno", "aún no canjeado"]),
        ("Unsold", ["not sold", "not yet sold", "to be sold"]), ("Noch verfügbar", ["noch nicht verkauft", "ja"]),
        ("Verwendet von", ["niemand", "0"]), ("Available", ["yes", "1", ""]), ("Unused", ["x", "true"]),
    ],
)  # fmt: skip
def test_asks_about_no_column_without_a_sale_in_it(heading: str, values: list[str]) -> None:
    assert _why(heading, *values) is None
    of_sales = "no" if heading in ("Available", "Unused", "Unsold", "Noch verfügbar") else "2026-01-02"
    assert _why(heading, *values, of_sales) is not None


@pytest.mark.parametrize(
    ("heading", "no"),
    [
        ("Available", "0"), ("is_available", "FALSE"), ("Unsold", "n"), ("Verfügbar", "nein"),
        ("Disponible", "non"),
        ("Available", "sold"), ("Available", "Sold out"), ("Available?", "assigned to Ada Byron"),
        ("Unused", "used"),
        ("Available", "gone"), ("Available", "none"), ("Available", "not available"),
        ("Unsold", "sold 2026-01-02"),
        ("Available", "no, sold"), ("Available", "sold, not refunded"), ("Available", "\u274c"),
        ("Available", "\U0001d40do"), ("Available", "sold to Ada Byron of Long & Longer Lines Limited, in May"),
        ("Verfügbar", "verkauft"), ("Verfügbar", "vergeben"), ("Disponible", "vendu"), ("Disponible", "vendida"),
        ("Still available", "no"), ("In stock", "no"), ("Noch verfügbar", "nein"), ("Auf Lager", "nein"),
        ("En stock", "non"), ("Not sold yet", "no"), ("Noch nicht verkauft", "nein"), ("Frei", "nein"),
        ("not_redeemed", "redeemed"), ("Encore disponible", "non"), ("Aún disponible", "no"),
    ],
)  # fmt: skip
def test_asks_about_a_column_that_says_that_keys_are_gone(heading: str, no: str) -> None:
    assert str(_why(heading, "yes", no)).startswith(f"by the column {heading} these keys may have been sold")


def test_asks_about_addresses_below_the_users_of_a_program() -> None:
    """Its key was given to them, whatever else the column may say of a new one."""
    for heading in (
        "User",
        "Benutzer",
        "Nutzer:",
        "Owner",
        "Client",
        "user_name",
        "Utilisateur",
        "Usuario",
        "Inhaber",
        "Account",
        "Kontakt",
        "Propriétaire",
    ):
        for value in ("ada@b.example", "Ada Byron <ada@b.example>"):
            assert str(_why(heading, "", value)).startswith(f"by the column {heading} these keys may"), heading
        assert _why(heading, "x", "admin", "@home") is None, heading
    for heading in ("Support email", "Vendor", "Supplier contact", "Notes"):
        assert _why(heading, "help@b.example") is None, heading


def test_asks_about_a_cell_that_says_it_below_any_heading() -> None:
    for heading in ("Activation", "Active", "Info", "User", "Available", "Unused", "Status"):
        for value in ("activated", "In use", "aktiviert", "in Benutzung", "en uso", "used", "Sold."):
            assert str(_why(heading, "", value)).startswith(f"by the column {heading} these keys may"), (
                heading,
                value,
            )
    for value in ("activated once a year", "in use", "1"):
        assert (_why("Remark", value) is None) == (value != "in use")


def test_asks_about_keys_that_are_inactive() -> None:
    """As one is called that was sold and not used yet, or that was switched off."""
    for value in ("inactive", "Inaktiv", "inactif", "INACTIVO", "deactivated"):
        assert _why("Status", "new", value) is not None, value


@pytest.mark.parametrize(
    "value",
    ["sold, not refunded", "not refunded, sold", "sold to nobody", "vendu, non remboursé", "no, sold",
     "not to Ada",
     "Order No 5", "Customer no 7", "Nina Not", "0x5F", "0 Ada", "10/3", "1 of 3", "$0.50", "10%", "\u2705",
     "not@b.example"],
)  # fmt: skip
def test_takes_for_no_denial_what_says_more(value: str) -> None:
    assert _why("Status", value) is not None


def test_takes_a_number_above_a_column_for_no_denial() -> None:
    for heading in ("No. Käufer", "Nº cliente", "Customer No", "N° acheteur"):
        assert _why(heading, "Ada") is not None, heading


def test_reads_a_heading_of_any_length_at_once() -> None:
    for word in ("no", "datum", "id"):
        assert _why(word * 20_000, "x") is None
        assert _why(f"{word} " * 10_000 + "sold", "x") is not None
