"""What we ask Stripe for: the body of `POST /v1/checkout/sessions`, stored before it is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storefront.core.config.settings import Settings
from storefront.core.languages import Language
from storefront.core.runtime import absolute_url
from storefront.orders.new_order import REFERRER
from storefront.payments.checkout.asked import asked_in_form
from storefront.payments.checkout.ui import ELEMENTS, HOSTED
from storefront.shop.cart.cart import CartLine
from storefront.shop.catalog.mirrors import Mirror
from storefront.shop.pages.consent import CheckoutWords
from storefront.stripe_api import own_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """Which boxes Stripe shows where the words ask for them: to accept terms, and to hear from the shop."""

    terms: bool
    news: bool


ALL_BOXES = Boxes(terms=True, news=True)


def build_body(
    shop: Settings,
    *,
    shop_id: str,
    token: str,
    ui_mode: str,
    cart: Sequence[CartLine],
    mirrors: Mapping[int, Mirror],
    beside: Collection[Mirror] = (),
    way_back: str,
    words: CheckoutWords,
    face: Mapping[str, Any],
    boxes: Boxes = ALL_BOXES,
    stripe_customer: str | None = None,
    discount: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    referrer: str | None = None,
    is_framed: bool = False,
    language: Language = Language.ENGLISH,
) -> dict[str, Any]:
    """Return the body of a Session. `mirrors` maps price ids to Stripe's, `way_back` is a path of ours.

    `beside` is offered inside Checkout. `face` is the entry that makes Stripe's form look like the shop.
    `stripe_customer` is the Customer whose saved cards it shows. `discount` are the entries that take something
    off: Stripe takes no other code beside them. `parts` are entries of its metadata that say what its bundles
    include, and the mark of a gift: that is what it sells, whatever they include later. `is_framed`: no way to pay
    that leaves the page. `referrer` is where the buyer came from: the order reads it from the metadata.
    `language` is what the form speaks, and later the emails of the order.
    Session metadata is not copied to the payment, so it is set on both. `{CHECKOUT_SESSION_ID}` stays literal:
    encoded braces are not replaced by Stripe.
    """
    marks = {"storefront": shop_id, "checkout": token}
    body: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": ui_mode,
        "line_items": [_line(mirrors[line.price_id], line.quantity) for line in cart],
        **(discount or _promotion_codes(mirrors)),
        "metadata": marks | dict(parts or {}) | _came_from(referrer),
        "payment_intent_data": {"metadata": marks},
        **face,
        "locale": language.value,
    }
    if ui_mode != ELEMENTS:
        body |= asked_in_form(words.fields)
    if beside:
        body["optional_items"] = [_line(mirror, 1) for mirror in beside]
    body |= _leads_to(shop, ui_mode=ui_mode, way_back=way_back, is_framed=is_framed)
    body |= chosen_by_owner(shop)
    if stripe_customer is not None:
        body = with_saved_cards(body, stripe_customer)
    if ui_mode == ELEMENTS:
        return body | {"metadata": body["metadata"] | said_by_own_form(words)}
    body |= asked_of_buyer(words, has_box=boxes.terms)
    has_way_back = stripe_customer is None and not is_framed and _asks_to_write(words, boxes, mirrors)
    return _with_way_back(body) if has_way_back else body


def _came_from(referrer: str | None) -> dict[str, str]:
    return {REFERRER: referrer} if referrer else {}


def _leads_to(shop: Settings, *, ui_mode: str, way_back: str, is_framed: bool) -> dict[str, Any]:
    if is_framed:
        return {"redirect_on_completion": "never"}
    back = return_url()
    if ui_mode == HOSTED:
        return {"success_url": back, "cancel_url": shop.base_url + way_back}
    return {"return_url": back}


def _asks_to_write(words: CheckoutWords, boxes: Boxes, mirrors: Mapping[int, Mirror]) -> bool:
    """No reminder leads back to an upgrade: a copy of its Session could outlive the license that it is for."""
    return words.asks_for_news and boxes.news and not any(mirror.is_upgrade for mirror in mirrors.values())


def build_link_body(
    shop: Settings,
    *,
    shop_id: str,
    lines: Sequence[CartLine],
    mirrors: Mapping[int, Mirror],
    adjustable: bool,
    words: CheckoutWords,
    referrer: str = "",
    has_box: bool = True,
) -> dict[str, Any]:
    """Return the body of `POST /v1/payment_links`. `mirrors` maps price ids to Stripe's.

    Stripe copies a link's metadata to its Sessions, not to their payments.
    """
    marks = {"storefront": shop_id}
    quantities = {"adjustable_quantity": {"enabled": True, "minimum": 1}} if adjustable else {}
    body: dict[str, Any] = {
        "line_items": [
            {"price": mirrors[line.price_id].stripe_price_id, "quantity": line.quantity, **quantities}
            for line in lines
        ],
        "after_completion": {"type": "redirect", "redirect": {"url": return_url()}},
        **_promotion_codes(mirrors),
        "metadata": marks | _came_from(referrer),
        "payment_intent_data": {"metadata": marks},
    }
    return body | asked_in_form(words.fields) | chosen_by_owner(shop) | asked_of_buyer(words, has_box=has_box)


def with_saved_cards(body: dict[str, Any], stripe_customer: str) -> dict[str, Any]:
    """Show what this Customer saved, and offer to save. The link of a reminder would show it to whoever has it.

    Stripe takes an address and a tax id there only where it may keep them with the Customer.
    https://docs.stripe.com/payments/checkout/save-during-payment
    """
    made = {name: value for name, value in body.items() if name != "customer_creation"}
    made |= {
        "customer": stripe_customer,
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    return made | ({"customer_update": {"address": "auto", "name": "auto"}} if "automatic_tax" in made else {})


def _with_way_back(body: dict[str, Any]) -> dict[str, Any]:
    """Ask whether the shop may write, and for an address that opens a copy once this Session has expired.

    https://docs.stripe.com/payments/checkout/abandoned-carts: on Stripe's page and in its embedded form.
    """
    takes_codes = body.get("allow_promotion_codes", False)
    return body | {
        "consent_collection": {**body.get("consent_collection", {}), "promotions": "auto"},
        "after_expiration": {"recovery": {"enabled": True, "allow_promotion_codes": takes_codes}},
    }


def _line(mirror: Mirror, quantity: int) -> dict[str, Any]:
    line: dict[str, Any] = {"price": mirror.stripe_price_id, "quantity": quantity}
    if mirror.most_in_form is None:
        return line
    limits = {"enabled": True, "minimum": 1, "maximum": max(mirror.most_in_form, quantity)}
    return line | {"adjustable_quantity": limits}


def _promotion_codes(mirrors: Mapping[int, Mirror]) -> dict[str, Any]:
    """Stripe takes no code where the buyer chooses the amount, and we take none for an upgrade."""
    has_chosen = any(mirror.is_chosen or mirror.is_upgrade for mirror in mirrors.values())
    return {} if has_chosen else {"allow_promotion_codes": True}


def return_url() -> str:
    """Return where Stripe sends the buyer after paying, with the Session's id."""
    return absolute_url("checkout.returned") + "?session_id={CHECKOUT_SESSION_ID}"


def chosen_by_owner(shop: Settings) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if shop.stripe_tax:
        # A Customer, because Stripe says there later whether a tax id is in its register.
        body |= {
            "automatic_tax": {"enabled": True},
            "tax_id_collection": {"enabled": True},
            "customer_creation": "always",
        }
    if shop.invoices:
        body |= {"invoice_creation": {"enabled": True}}
    return body


def said_by_own_form(words: CheckoutWords) -> dict[str, str]:
    """Return what the form of our own says of terms and consent, as entries of metadata."""
    text = words.beside_box if words.consent else words.above_button
    return own_words.write_words(text, has_box=bool(words.consent))


def asked_of_buyer(words: CheckoutWords, *, has_box: bool) -> dict[str, Any]:
    """Return what the form says of terms and consent; Stripe takes words for a box only together with the box.

    https://docs.stripe.com/payments/checkout/custom-components#collect-a-terms-of-service-agreement
    """
    if words.consent and has_box:
        return {
            "consent_collection": {"terms_of_service": "required"},
            "custom_text": {"terms_of_service_acceptance": {"message": words.beside_box}},
        }
    return {"custom_text": {"submit": {"message": words.above_button}}} if words.above_button else {}
