"""A gift on the page of its order: whom it is for is corrected here."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.delivery.gift_changes import correct_receiver
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.order_views import order_done, order_page
from storefront.owner.people.roles import Permission


@admin.post("/orders/<number>/gift")
@needs(Permission.ORDERS)
def correct_gift(number: str) -> ResponseReturnValue:
    try:
        corrected = correct_receiver(number, request.form.get("gift_to", ""))
    except StorefrontError as refusal:
        return order_page(number, refusal)
    sent = "An email is on its way." if corrected.is_sent else "It is sent on its day."
    return order_done(corrected.number, f"The gift is for {corrected.email} now. {sent}")
