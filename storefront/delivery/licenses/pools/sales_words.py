"""The words of a heading above what somebody notes of keys that were sold, in the shop's languages.

Without accents, in small letters. None that says something else of keys that are new: "active", or "client",
"activation", "user" and "owner" of a program, or the "order" of a supplier.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _formed(stems: str, *ends: str) -> frozenset[str]:
    return frozenset(stem + end for stem in stems.split() for end in ends)


def _french(stems: str) -> frozenset[str]:
    return _formed(stems, "", "e", "s", "es")


def _spanish(stems: str) -> frozenset[str]:
    return _formed(stems, "o", "a", "os", "as")


def _german(stems: str) -> frozenset[str]:
    return _formed(stems, "", "e", "er", "es", "en")


# They say it in every heading.
SOLD = (
    _words("sold resold redeemed claimed refunded buyer buyers purchaser purchasers chargeback")
    | _german("verkauft eingelost eingeloest erstattet")
    | _formed("kaufer kaeufer", "", "s", "in", "innen")
    | _french("vendu rembourse acheteur")
    | _words("acheteuse acheteuses")
    | _spanish("vendid reembolsad canjead")
    | _formed("comprador", "", "a", "es", "as")
)
# "Sold as" names a product, "to be sold" is to come.
OF_OTHERS = _words("as be als werden comme como")

# They say it alone, and beside nothing but `PLAIN` words: "used by", not "used for".
HAS_BUYER = (
    _words(
        "used assigned allocated purchased bought activated consumed taken spent gifted reserved disabled "
        "expired revoked disputed status customer customers licensee licensees recipient recipients "
        "subscriber subscribers email emails"
    )
    | _german(
        "benutzt verwendet genutzt gekauft vergeben zugewiesen zugeteilt zugeordnet aktiviert verbraucht "
        "verschenkt reserviert gesperrt abgelaufen widerrufen"
    )
    | _formed("empfanger empfaenger lizenznehmer", "", "s", "in")
    | _words("zustand kunde kunden kundin kundinnen")
    | _french("utilise attribue assigne achete consomme reclame desactive")
    | _words("statut etat destinataire destinataires titulaire titulaires abonne courriel courriels")
    | _spanish("usad utilizad asignad comprad adquirid activad consumid reclamad desactivad destinatari")
    | _words("estado cliente clientes titular titulares correo correos")
)

# A sale, beside one of `FACTS`. By itself it may be a supplier's.
SALE = _words(
    "order orders ordered sale sales purchase purchases transaction transactions checkout invoice payment "
    "subscription txn bestell bestellung bestellungs auftrag auftrags verkauf verkaufs kauf kaufs transaktion "
    "transaktions rechnung rechnungs zahlung zahlungs commande commandes vente ventes achat achats "
    "transaction facture paiement pedido pedidos venta ventas compra compras transaccion factura pago"
)
PURCHASE_ORDER = frozenset(("purchase", "order"))  # what a shop sends to its supplier
DAY = _words("date time timestamp datum tag zeit uhrzeit zeitpunkt heure jour fecha hora dia")
FACTS = DAY | _words(
    "id ids no nr num number ref reference email emails nummer nummern referenz kennung numero n identifiant "
    "courriel nro referencia identificador correo"
)
# What becomes of a key, beside its `DAY`. By itself it may be how that is done, as of a code for activation.
USE = _words(
    "use usage redemption activation nutzung nutzungs verwendung verwendungs einlose einlosung einlosungs "
    "aktivierung aktivierungs utilisation uso canje activacion"
)

# Whom it was given to: "issued to", not "issued by" or "delivered" of a supplier's.
GIVEN = (
    _words("issued registered licensed delivered sent given emailed mailed shipped belongs")
    | _words("ausgegeben ausgestellt gesendet geschickt geliefert registriert lizenziert gegeben")
    | _french("delivre envoye livre emis donne enregistre concede")
    | _spanish("enviad entregad emitid registrad dad concedid")
)
TO = _words("to an auf a au aux al")

PLAIN = FACTS | _words(
    "is was were has had have been the of at on by to it already ever yet first last when who whom if or yes "
    "y times count name names full address user users owner owners client clients member person company "
    "account billing registered licensed key keys license licence licenses licences code codes serial am an "
    "auf von vom der die das den dem des ist war wurde wurden bereits schon wann wer wem ja nein s o vorname "
    "nachname adresse adressen mail firma benutzer nutzer schlussel schluessel lizenz lizenzen le la les du "
    "de d l par a au aux est ete deja oui non quand qui nom prenom utilisateur cle cles el los las del por al "
    "es fue ha sido ya si cuando quien nombre apellido apellidos direccion electronico usuario clave claves "
    "licencia licencias codigo"
)
KNOWN = SOLD | OF_OTHERS | HAS_BUYER | SALE | USE | GIVEN | TO | PLAIN

# Headings that are known as a whole, by their letters: their words alone may say something else.
WHOLE = _words(
    "state keystate licensestate licencestate activationcount activationsused aktivierungen clientname "
    "nomclient nomduclient reservedfor usagecount usecount datedachat ndecommande"
)

# What a column of keys that are still there is called: it says the same where it says no.
STILL_THERE = _words(
    "unused unsold available isavailable unassigned unclaimed unredeemed notsold notused notassigned "
    "notclaimed notredeemed verfugbar unbenutzt unverkauft unverwendet ungenutzt nichtverkauft nichtbenutzt "
    "nichtverwendet nichtvergeben nichteingelost disponible inutilise inutilisee nonvendu nonvendue "
    "nonutilise nonutilisee nonattribue nonattribuee novendido novendida nousado nousada noutilizado "
    "noutilizada noasignado noasignada sinusar sinvender"
)
NO = _words("n no f false nein falsch non faux falso")
# What stands below one of the others where a key was not sold. Not "free": it may have been given away.
UNSOLD = (
    STILL_THERE
    | NO
    | _words(
        "none null na new never nobody notyet instock forsale neu frei nie niemals niemand nochnicht vorratig "
        "auflager neuf nouveau nouvelle libre jamais personne pasencore enstock nuevo nueva nunca nadie aunno "
        "todaviano"
    )
)
