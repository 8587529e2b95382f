"""Small things at one order: its devices, and notes for who helps next."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.activations import deactivate_device
from storefront.delivery.licenses.queries import get_key_in_order
from storefront.orders.lookup import get_order
from storefront.orders.notes import add_note, delete_note
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.order_views import order_done, order_page
from storefront.owner.people.roles import Permission

LONGEST_FORM = 64


@admin.post("/orders/<number>/devices/<row:license_id>/<instance_id>")
@needs(Permission.ORDERS)
def deactivate_order_device(number: str, license_id: int, instance_id: str) -> ResponseReturnValue:
    try:
        get_key_in_order(get_order(number).number, license_id)
        is_gone = deactivate_device(license_id, instance_id)
    except StorefrontError as refusal:
        return order_page(number, refusal)
    return order_done(number, "Device deactivated." if is_gone else "That device was already deactivated.")


@admin.post("/orders/<number>/notes")
@needs(Permission.ORDERS)
def add_order_note(number: str) -> ResponseReturnValue:
    try:
        add_note(number, request.form.get("note", ""), form=request.form.get("form", "")[:LONGEST_FORM])
    except StorefrontError as refusal:
        return order_page(number, refusal)
    return order_done(number, "Note added.")


@admin.post("/orders/<number>/notes/<row:note_id>/delete")
@needs(Permission.ORDERS)
def delete_order_note(number: str, note_id: int) -> ResponseReturnValue:
    try:
        is_gone = delete_note(number, note_id)
    except StorefrontError as refusal:
        return order_page(number, refusal)
    return order_done(number, "Note deleted." if is_gone else "That note was already deleted.")
