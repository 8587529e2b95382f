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
    | _german(
        "verkauft eingelost eingeloest erstattet ruckerstattet rueckerstattet zuruckerstattet zurueckerstattet"
    )
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
        "used owned assigned allocated purchased bought activated consumed taken spent gifted reserved disabled "
        "expired revoked disputed fulfilled status customer customers licensee licensees recipient recipients "
        "payer payers beneficiary beneficiaries subscriber subscribers email emails"
    )
    | _german(
        "benutzt verwendet genutzt gekauft vergeben zugewiesen zugeteilt zugeordnet aktiviert verbraucht "
        "verschenkt reserviert gesperrt abgelaufen widerrufen erworben"
    )
    | _formed("empfanger empfaenger lizenznehmer lizenzinhaber", "", "s", "in")
    | _words("zustand kunde kunden kundin kundinnen")
    | _french("utilise attribue assigne achete consomme reclame desactive")
    | _words("activee activees statut etat destinataire destinataires titulaire titulaires beneficiaire")
    | _words("beneficiaires abonne courriel courriels")
    | _spanish("usad utilizad asignad comprad adquirid activad consumid reclamad desactivad regalad")
    | _spanish("destinatari beneficiari")
    | _words("estado cliente clientes titular titulares correo correos")
)

# A sale, beside one of `FACTS`. By itself it may be a supplier's.
SALE = _words(
    "order orders ordered sale sales purchase purchases transaction transactions checkout invoice payment "
    "subscription refund refunds txn bestell bestellung bestellungs auftrag auftrags verkauf verkaufs kauf kaufs "
    "transaktion transaktions rechnung rechnungs zahlung zahlungs erstattung erstattungs ruckerstattung "
    "ruckerstattungs commande commandes vente ventes achat achats facture paiement remboursement pedido pedidos "
    "venta ventas compra compras transaccion factura pago reembolso"
)
PURCHASE_ORDER = frozenset(("purchase", "order"))  # what a shop sends to its supplier
DAY = _words("date time timestamp datum tag zeit uhrzeit zeitpunkt heure jour fecha hora dia")
FACTS = DAY | _words(
    "id ids no nr num number ref reference email emails nummer nummern referenz kennung numero n identifiant "
    "courriel nro referencia identificador correo"
)
# Whose numbers those of a sale are: beside an order's word they tell it from a supplier's.
SELLERS = _words("shopify stripe paypal paddle gumroad lemonsqueezy lemon squeezy fastspring woocommerce payhip")
# What becomes of a key, beside its `DAY`. By itself it may be how that is done, as of a code for activation.
USE = _words(
    "use usage redeem redemption claim activation fulfillment fulfilment nutzung nutzungs verwendung verwendungs "
    "einlose einlosung einlosungs aktivierung aktivierungs utilisation uso canje activacion"
)

# Whom it was given to: "issued to", not "issued by" or "delivered" of a supplier's.
GIVEN = (
    _words("issued registered licensed delivered sent given emailed mailed shipped handed belongs")
    | _words("ausgegeben ausgestellt gesendet geschickt geliefert registriert lizenziert gegeben versandt")
    | _words("versendet verschickt weitergegeben abgegeben ubergeben uebergeben verteilt")
    | _french("delivre envoye livre emis donne enregistre concede remis expedie cede offert")
    | _spanish("enviad entregad emitid registrad dad concedid cedid")
)
TO = _words("to out an auf a au aux al")

PLAIN = (
    FACTS
    | SELLERS
    | _words(
        "is was were has had have been the of at on by to it already ever yet first last when who whom if or yes "
        "y times count name names full address user users owner owners client clients member person company "
        "account billing registered licensed key keys license licence licenses licences code codes serial am an "
        "auf von vom der die das den dem des ist war wurde wurden bereits schon wann wer wem ja nein s o vorname "
        "nachname adresse adressen mail firma benutzer nutzer schlussel schluessel lizenz lizenzen le la les du "
        "de d l par a au aux est ete deja oui non quand qui nom prenom utilisateur cle cles el los las del por al "
        "es fue ha sido ya si cuando quien nombre apellido apellidos direccion electronico usuario clave claves "
        "licencia licencias codigo delivery"
    )
)

# Of a program, or its buyer: below them an address says which.
PERSONS = _words(
    "user users owner owners client clients member members person contact contacts account holder benutzer nutzer "
    "besitzer inhaber konto kontakt utilisateur utilisateurs proprietaire compte usuario usuarios propietario "
    "cuenta contacto"
)

# Headings that are known as a whole, by their letters: their words alone may say something else.
WHOLE = _words(
    "state keystate licensestate licencestate activationcount activationusage activationsused aktivierungen "
    "clientname nomclient nomduclient reservedfor usagecount usecount datedachat ndecommande inuse inuseby "
    "inbenutzung enuso enusopor orderedby bestelltvon commandepar pedidopor activele activepar bestnr rgnr kdnr "
    "adressemail mailadresse mailaddress"
)
# They say something else than their words or parts do: a sale's prices, how long, until when, from whom.
NOT_OF_SALES = _words(
    "soldes nutzungszeit statuscode clientedecorreo clientedecorreoelectronico usebydate redeembydate claimbydate"
) | _formed("achete achetee achetes achetees comprado comprada comprados compradas", "a", "au", "aux", "al")
KNOWN = SOLD | OF_OTHERS | HAS_BUYER | SALE | USE | GIVEN | TO | PLAIN | NOT_OF_SALES

# What a column of keys that are still there is called: it says the same where it says no.
STILL_THERE = _words(
    "unused unsold available isavailable unassigned unclaimed unredeemed notsold notused notassigned notclaimed "
    "notredeemed instock forsale verfugbar unbenutzt unverkauft unverwendet ungenutzt vorratig auflager frei "
    "nichtverkauft nichtbenutzt nichtverwendet nichtvergeben nichteingelost disponible disponibles inutilise "
    "inutilisee libre enstock avendre nonvendu nonvendue nonutilise nonutilisee nonattribue nonattribuee "
    "novendido novendida nousado nousada noutilizado noutilizada noasignado noasignada sinusar sinvender enventa"
)
# Beside one of those, and in a denial such as "not yet sold".
STILL = _words("is yet still noch ist encore toujours est aun todavia esta")
NEGATIONS = _words("not non nicht sin sans pas never nie niemals jamais nunca")
NO_OR_NUMBER = _words("no")  # a number in a heading, such as "No client"
NOBODY = _words(
    "nobody noone none nothing niemand nichts kein keine keiner aucun aucune personne nadie ningun ninguno ninguna"
)
# What a denial denies, and what else may stand in it.
TOLD = SOLD | HAS_BUYER | GIVEN
IN_DENIALS = STILL | _words(
    "in active inactive aktiv actif activa activo vender usar utilizar asignar canjear reclamar activar reembolsar"
)
# What stands below a heading of keys that are still there where one is not.
GONE = _words(
    "none gone nope unavailable notavailable nolongeravailable outofstock nichtverfugbar nichtmehrverfugbar "
    "inuse inbenutzung enuso enutilisation "
    "ausverkauft vergriffen weg nondisponible indisponible plusdisponible epuise epuisee nodisponible agotado "
    "agotada"
)
# A whole cell that says it below any heading, as "activated" does below "Activation".
GIVEN_AWAY = (
    _words("sold used redeemed claimed activated assigned purchased inuse inbenutzung enuso enutilisation activee")
    | _words("verkauft benutzt verwendet eingelost eingeloest aktiviert vergeben zugewiesen vendu vendue vendido")
    | _words("vendida usado usada utilizado utilizada canjeado canjeada asignado asignada activado activada")
)
NO = _words("n no f false nein falsch non faux falso")
# What stands below one of the others where a key was not sold. Not "free": it may have been given away. Nor
# "inactive": where licenses are kept, that is one that was sold and is not used yet, or was switched off.
UNSOLD = (
    STILL_THERE
    | NO
    | NOBODY
    | _words(
        "null na new never notyet neu nie niemals nochnicht "
        "neuf nouveau nouvelle jamais pasencore nuevo nueva nunca aunno todaviano tosell zuverkaufen"
    )
)
