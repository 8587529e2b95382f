"""A line of "needs you" that its owner calls done at the home page, where those about no order are."""

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.orders.notices import close_seen_notice
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.health.needs_you import say_done
from storefront.owner.people.roles import Permission


@admin.post("/notices/<row:notice_id>/done")
@needs(Permission.SHOP)
def close_notice_here(notice_id: int) -> ResponseReturnValue:
    try:
        kind = close_seen_notice(notice_id, opened_at=request.form.get("opened", ""))
    except StorefrontError as refusal:
        flash(refusal.message, "bad")
        return redirect("/admin", 303)
    flash(say_done(kind) if kind else "That was settled already.", "good")
    return redirect("/admin", 303)
