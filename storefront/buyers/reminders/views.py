"""`/reminders/<token>`: somebody ends the emails about unfinished checkouts, or wants them back."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.reminders.readers import get_reader_id, set_reminders, wants_reminders
from storefront.core.texts import marked
from storefront.shop.profile.reminders import are_reminders_on
from storefront.web.csrf import csrf
from storefront.web.flashes import flash
from storefront.web.limits import limiter, most_of_mailed_links

# Open: the token in the address is the permission.
reminders = Blueprint("reminders", __name__)
csrf.exempt(reminders)  # RFC 8058: mail programs post here, without a form of ours


@reminders.get("/reminders/<token>")
@limiter.limit("30/minute")
def choose(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links before people do changes nothing."""
    wants = wants_reminders(get_reader_id(token))
    page = render_template("buyers/reminders/choose.html", token=token, wants=wants, are_sent=are_reminders_on())
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@reminders.post("/reminders/<token>")
@limiter.limit(most_of_mailed_links)
def change(token: str) -> ResponseReturnValue:
    wants = "wants" in request.form
    set_reminders(get_reader_id(token), wants=wants)
    if "List-Unsubscribe" in request.form:
        return "", 200
    flash(marked("Reminders are allowed again.") if wants else marked("You won't get reminders any more."), "good")
    return redirect(url_for("reminders.choose", token=token), 303)
