"""`/news/<token>`: a buyer ends the mails about new releases, or wants them back."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.news import get_reader, set_news
from storefront.core.texts import marked
from storefront.web.csrf import csrf
from storefront.web.flashes import flash
from storefront.web.limits import limiter, most_of_mailed_links

# Open: the token in the address is the permission.
news = Blueprint("news", __name__)
csrf.exempt(news)  # RFC 8058: mail programs post here, without a form of ours


@news.get("/news/<token>")
@limiter.limit("30/minute")
def choose(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links before people do changes nothing."""
    reader = get_reader(token)
    answer = make_response(
        render_template("buyers/library/news.html", token=token, wants=reader.unsubscribed_at is None)
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@news.post("/news/<token>")
@limiter.limit(most_of_mailed_links)
def change(token: str) -> ResponseReturnValue:
    reader = get_reader(token)
    wants = "wants" in request.form
    set_news(reader.id, wants=wants)
    if "List-Unsubscribe" in request.form:
        return "", 200
    flash(
        marked("You get update emails again.") if wants else marked("No more update emails. Receipts still come."),
        "good",
    )
    return redirect(url_for("news.choose", token=token), 303)
