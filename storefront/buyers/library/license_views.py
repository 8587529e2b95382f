"""What the holder of a license does on its order's page: give it a name, and let go of a device."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.read_purchase import read_received
from storefront.buyers.library.views import library
from storefront.core.errors import AccessDenied
from storefront.core.texts import marked
from storefront.delivery.licenses.activations import deactivate_device
from storefront.delivery.licenses.labels import LabelRefused, set_label
from storefront.orders.browsers import get_goods_here
from storefront.web.flashes import flash
from storefront.web.limits import limiter


@library.post("/orders/<token>/devices/<row:license_id>/<instance_id>")
@limiter.limit("30/minute")
def deactivate(token: str, license_id: int, instance_id: str) -> ResponseReturnValue:
    """Remove a device that its owner lost, sold or set up anew: its slot is free at once."""
    _demand_license(token, license_id)
    if deactivate_device(license_id, instance_id):
        flash(marked("Device deactivated. You can activate another one."), "good")
    else:
        flash(marked("That device was already deactivated."), "good")
    return redirect(url_for("library.order", token=token), 303)


@library.post("/orders/<token>/licenses/<row:license_id>/label")
@limiter.limit("30/minute")
def label(token: str, license_id: int) -> ResponseReturnValue:
    """Name a license, or with nothing take its name away; back to where it was named."""
    _demand_license(token, license_id)
    try:
        name = set_label(license_id, request.form.get("label", ""))
        flash(marked("Saved. This license is called “%(name)s”.", name=name) if name else NAMELESS, "good")
    except LabelRefused as refused:
        flash(refused.message, "bad")
    if request.form.get("from") == "library":
        return redirect(url_for("account.library"), 303)
    return redirect(url_for("library.order", token=token), 303)


NAMELESS = marked("Saved. This license has no name any more.")


def _demand_license(token: str, license_id: int) -> None:
    """Demand that the link hands out this license, and that its order is open; others are not found."""
    purchase = read_received(get_goods_here(token))
    if not purchase.access_allowed:
        raise AccessDenied(purchase.access_reason)
    if license_id not in {key.license_id for key in purchase.keys}:
        abort(404)
