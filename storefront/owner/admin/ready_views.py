"""Ready to sell? The list that the shop fills in itself, with its buttons."""

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.owner.admin.blueprint import admin, here, may_open, needs
from storefront.owner.people.roles import Permission, may
from storefront.owner.readiness.acts import send_test_mail, tick_restored
from storefront.owner.readiness.answers import read_answers
from storefront.owner.readiness.ask import look_at_everything, look_at_webhook
from storefront.owner.readiness.models import Question
from storefront.owner.readiness.point import State, count_open, count_unknown, put_open_first
from storefront.owner.readiness.read_facts import read_points
from storefront.payments.webhook.endpoint import Done, disable_others, make_endpoint, replace_endpoint
from storefront.web.limits import limiter

PAGE = "/admin/ready"
SAID = {
    Done.MADE: "Endpoint made. Its signing secret is sealed in the database, and there is nothing to copy.",
    Done.MENDED: "Endpoint mended: it is enabled and sends what the shop needs.",
    Done.NOTHING: "Nothing to do: the endpoint is in order.",
}


@admin.get("/ready")
@needs(Permission.READ)
def ready() -> ResponseReturnValue:
    """Show what was asked. An owner's look asks again what is old; of nobody else's the outside hears."""
    if may(here().role, Permission.SHOP):
        look_at_everything()
    return _ready_page()


def _ready_page(*, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    points, answers = read_points(), read_answers()
    asked = answers.get(Question.STRIPE)
    webhook = answers.get(Question.WEBHOOK)
    page = render_template(
        "owner/readiness/ready.html",
        points=put_open_first(points),
        may_open=may_open,
        states=State,
        open_count=count_open(points),
        unknown_count=count_unknown(points),
        asked_at=asked.asked_at if asked else None,
        endpoint_id=(webhook.body.get("endpoint_id") if webhook else None) or "",
        error=refusal.message if refusal else "",
        is_fresh=here().is_fresh,
    )
    return make_response(page, refusal.status if refusal else 200)


@admin.post("/ready/ask")
@needs(Permission.SHOP)
@limiter.limit("6/minute")
def ask_readiness() -> ResponseReturnValue:
    look_at_everything(even_if_fresh=True)
    return redirect(PAGE, 303)


@admin.post("/ready/webhook")
@needs(Permission.SHOP, fresh=True)
def make_webhook() -> ResponseReturnValue:
    """Make the endpoint, or mend it; `replace` makes a new one, though one is there."""
    shown = request.form.get("endpoint") or None
    try:
        changed = replace_endpoint(shown=shown) if "replace" in request.form else make_endpoint()
    except StorefrontError as refusal:
        return _ready_page(refusal=refusal)
    look_at_webhook()
    flash(SAID[changed.done], "good")
    return redirect(f"{PAGE}#webhook", 303)


@admin.post("/ready/webhook/disable-old")
@needs(Permission.SHOP, fresh=True)
def disable_old_webhooks() -> ResponseReturnValue:
    try:
        disabled = disable_others()
    except StorefrontError as refusal:
        return _ready_page(refusal=refusal)
    look_at_webhook()
    flash(f"Disabled: {', '.join(disabled)}." if disabled else "There is no other endpoint any more.", "good")
    return redirect(f"{PAGE}#webhook", 303)


@admin.post("/ready/test-email")
@needs(Permission.SHOP)
@limiter.limit("3/minute;20/hour")
def send_test_email() -> ResponseReturnValue:
    send_test_mail(here().email)
    flash(f"A test email is on its way to {here().email}. Look again in a minute.", "good")
    return redirect(f"{PAGE}#mail", 303)


@admin.post("/ready/restored")
@needs(Permission.SHOP)
def mark_restored() -> ResponseReturnValue:
    tick_restored(here().email)
    flash("Noted, with today's date.", "good")
    return redirect(f"{PAGE}#backup", 303)
