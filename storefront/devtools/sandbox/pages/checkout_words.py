"""What the Checkout form says in the language of its Session, as Stripe's does. English is in page and scripts."""

from collections.abc import Mapping

from storefront.devtools.sandbox.storage.records import Json

LANGUAGES = ("de", "fr", "es")
WORDS: Mapping[str, tuple[str, str, str]] = {
    "No real payment is made here.": (
        "Hier wird nicht wirklich bezahlt.",
        "Aucun paiement réel n'est effectué ici.",
        "Aquí no se hace ningún pago real.",
    ),
    "The payment form is loading.": (
        "Das Zahlungsformular wird geladen.",
        "Le formulaire de paiement se charge.",
        "El formulario de pago se está cargando.",
    ),
    "Try again": ("Noch einmal", "Réessayer", "Intentarlo de nuevo"),
    "Order": ("Bestellung", "Commande", "Pedido"),
    "Add to your order": ("Zur Bestellung hinzufügen", "Ajouter à votre commande", "Añadir a su pedido"),
    "Add": ("Hinzufügen", "Ajouter", "Añadir"),
    "Amount": ("Betrag", "Montant", "Importe"),
    "Promotion code": ("Aktionscode", "Code promo", "Código promocional"),
    "Type a code first.": ("Geben Sie einen Code ein.", "Saisissez un code.", "Escriba un código."),
    "Apply": ("Anwenden", "Appliquer", "Aplicar"),
    "Remove": ("Entfernen", "Retirer", "Quitar"),
    "Contact": ("Kontakt", "Contact", "Contacto"),
    "Email": ("E-Mail", "E-mail", "Correo electrónico"),
    "Payment": ("Zahlung", "Paiement", "Pago"),
    "Payment method": ("Zahlungsart", "Moyen de paiement", "Método de pago"),
    "Card": ("Karte", "Carte", "Tarjeta"),
    "US bank account": ("US-Bankkonto", "Compte bancaire américain", "Cuenta bancaria de EE. UU."),
    "Saved cards": ("Gespeicherte Karten", "Cartes enregistrées", "Tarjetas guardadas"),
    "Another card": ("Eine andere Karte", "Une autre carte", "Otra tarjeta"),
    "Card number": ("Kartennummer", "Numéro de carte", "Número de tarjeta"),
    "Expiry": ("Gültig bis", "Expiration", "Caducidad"),
    "Full name": ("Vollständiger Name", "Nom complet", "Nombre completo"),
    "As on the card or account": (
        "Wie auf Karte oder Konto",
        "Comme sur la carte ou le compte",
        "Como en la tarjeta",
    ),
    "Country": ("Land", "Pays", "País"),
    "Postal code": ("Postleitzahl", "Code postal", "Código postal"),
    "Tax ID type (optional)": (
        "Art der Steuernummer (freiwillig)",
        "Type de numéro fiscal (facultatif)",
        "Tipo de NIF (opcional)",
    ),
    "Tax ID (optional)": ("Steuernummer (freiwillig)", "Numéro fiscal (facultatif)", "NIF (opcional)"),
    "Save my payment information for faster checkout.": (
        "Meine Zahlungsdaten speichern, damit es schneller geht.",
        "Enregistrer mes données de paiement pour aller plus vite.",
        "Guardar mis datos de pago para ir más rápido.",
    ),
    "By confirming you allow the shop to debit your account for this amount. The bank answers in a few days.": (
        "Damit erlauben Sie dem Shop, diesen Betrag abzubuchen. Die Bank antwortet in einigen Tagen.",
        "Vous autorisez ainsi la boutique à prélever ce montant. La banque répond en quelques jours.",
        "Así permite a la tienda cargar este importe en su cuenta. El banco responde en unos días.",
    ),
    "Keep me updated with news and offers.": (
        "Neuigkeiten und Angebote an mich senden.",
        "M'envoyer des nouvelles et des offres.",
        "Enviarme novedades y ofertas.",
    ),
    "Test cards and accounts": (
        "Testkarten und -konten",
        "Cartes et comptes de test",
        "Tarjetas y cuentas de prueba",
    ),
    "Back to the shop": ("Zurück zum Shop", "Retour à la boutique", "Volver a la tienda"),
    "Pay": ("Bezahlen:", "Payer", "Pagar"),
    "Place order": ("Bestellen", "Commander", "Hacer el pedido"),
    "Processing…": ("Wird bearbeitet …", "Traitement en cours…", "Procesando…"),
    "Subtotal": ("Zwischensumme", "Sous-total", "Subtotal"),
    "Discount": ("Rabatt", "Remise", "Descuento"),
    "Tax": ("Steuer", "Taxe", "Impuesto"),
    "Enter your address": ("Adresse eingeben", "Saisissez votre adresse", "Introduzca su dirección"),
    "Total due": ("Zu zahlen", "Total à payer", "Total a pagar"),
    "Your email is incomplete.": (
        "Ihre E-Mail-Adresse ist unvollständig.",
        "Votre adresse e-mail est incomplète.",
        "Su correo electrónico está incompleto.",
    ),
    "Your card number is incomplete.": (
        "Ihre Kartennummer ist unvollständig.",
        "Votre numéro de carte est incomplet.",
        "El número de su tarjeta está incompleto.",
    ),
    "Your card number is invalid.": (
        "Ihre Kartennummer ist ungültig.",
        "Votre numéro de carte n'est pas valable.",
        "El número de su tarjeta no es válido.",
    ),
    "Your card's expiration date is incomplete.": (
        "Das Ablaufdatum Ihrer Karte ist unvollständig.",
        "La date d'expiration de votre carte est incomplète.",
        "La fecha de caducidad de su tarjeta está incompleta.",
    ),
    "Your card's security code is incomplete.": (
        "Der Prüfcode Ihrer Karte ist unvollständig.",
        "Le code de sécurité de votre carte est incomplet.",
        "El código de seguridad de su tarjeta está incompleto.",
    ),
    "Your name is required.": ("Ihr Name fehlt.", "Votre nom manque.", "Falta su nombre."),
    "Your postal code is required.": (
        "Ihre Postleitzahl fehlt.",
        "Votre code postal manque.",
        "Falta su código postal.",
    ),
    "Your card was declined.": (
        "Ihre Karte wurde abgelehnt.",
        "Votre carte a été refusée.",
        "Su tarjeta fue rechazada.",
    ),
    "Your card has insufficient funds.": (
        "Ihre Karte hat nicht genug Deckung.",
        "Votre carte n'a pas assez de fonds.",
        "Su tarjeta no tiene fondos suficientes.",
    ),
    "Please accept the terms of service.": (
        "Bitte stimmen Sie den Bedingungen zu.",
        "Veuillez accepter les conditions.",
        "Acepte las condiciones.",
    ),
    "Thank you. Taking you back to the shop.": (
        "Danke. Es geht zurück zum Shop.",
        "Merci. Retour à la boutique.",
        "Gracias. Volvemos a la tienda.",
    ),
    "The network did not answer. Nothing is lost: try again.": (
        "Das Netz hat nicht geantwortet. Nichts ist verloren: Versuchen Sie es noch einmal.",
        "Le réseau n'a pas répondu. Rien n'est perdu : réessayez.",
        "La red no ha respondido. No se ha perdido nada: inténtelo de nuevo.",
    ),
    "This checkout has expired. Go back to the shop to start again.": (
        "Diese Zahlung ist abgelaufen. Beginnen Sie im Shop von vorn.",
        "Ce paiement a expiré. Recommencez depuis la boutique.",
        "Este pago ha caducado. Vuelva a empezar desde la tienda.",
    ),
    "Your bank wants to know that it is you. A real bank would ask for a code here.": (
        "Ihre Bank will wissen, dass Sie es sind. Eine echte Bank würde hier nach einem Code fragen.",
        "Votre banque veut savoir que c'est vous. Une vraie banque demanderait ici un code.",
        "Su banco quiere saber que es usted. Un banco real pediría aquí un código.",
    ),
    "Fail": ("Ablehnen", "Refuser", "Rechazar"),
    "Complete": ("Bestätigen", "Confirmer", "Confirmar"),
}


def language_of(session: Json, accepted: str | None) -> str:
    """Return what the form speaks. `accepted` is the browser's choice, for a Session that leaves it to Stripe."""
    locale = session.get("locale")
    code = (accepted if locale in (None, "auto") else str(locale)) or "en"
    first = code.partition("-")[0]
    return first if first in LANGUAGES else "en"


def words_in(language: str) -> dict[str, str]:
    """Return texts by what they are in English; none in English itself."""
    if language not in LANGUAGES:
        return {}
    place = LANGUAGES.index(language)
    return {english: translated[place] for english, translated in WORDS.items()}
