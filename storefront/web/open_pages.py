"""Pages that are the same for everybody: what a cache may keep of them, and for how long.

A view says that its page is open. It may be kept if its visitor has no cookie of the shop and gets none, so a page
with a cart, a notice, a sign-in or a form's token is never one.
"""

from datetime import datetime

from flask import Response, g, request, session

from storefront.core import clock
from storefront.web.sessions import COOKIE, SECURE_COOKIE

# A cache in front of the shop answers for a minute by itself: so long may a page offer what is not sold any more.
# Browsers ask each time, since their next look may be the one with a cart; who has the newest gets a 304.
KEPT_SECONDS = 60
KEEP_PAGE = f"public, max-age=0, must-revalidate, s-maxage={KEPT_SECONDS}"
KEEP_FILE = "public, max-age=300"
KEEP_FOR_A_YEAR = "public, max-age=31536000, immutable"  # for an address that is another one when its content is
KEPT_STATUSES = (200, 301)


def is_open_to_all(*, is_found: bool = True) -> None:
    """Say of this request's page that it has nothing of its visitor's. `is_found`: search engines may show it."""
    g.is_open_page = True
    g.is_found = is_found


def changes_at(moment: datetime) -> None:
    """Say that this request's page is another from this moment on: no cache keeps it longer."""
    g.page_changes_at = min(moment, g.get("page_changes_at", moment))


def _kept_seconds() -> int:
    if "page_changes_at" not in g:
        return KEPT_SECONDS
    left = (g.page_changes_at - clock.now()).total_seconds()
    return max(0, min(KEPT_SECONDS, int(left)))


def keep_if_open(response: Response) -> bool:
    """Let caches keep an open page; tell whether they may. It is answered with 304 to who has it already."""
    if not _is_same_for_all(response):
        return False
    response.headers["Cache-Control"] = KEEP_PAGE.replace(f"={KEPT_SECONDS}", f"={_kept_seconds()}")
    if response.status_code == 200:
        response.add_etag(weak=True)  # the same page, compressed or not
        response.make_conditional(request)
    response.vary.add("Cookie")
    return True


def _is_same_for_all(response: Response) -> bool:
    return (
        "is_open_page" in g
        and "outage" not in g  # it may say what the shop was like before
        and request.method in ("GET", "HEAD")
        and response.status_code in KEPT_STATUSES
        and not request.cookies.keys() & {COOKIE, SECURE_COOKIE}
        and not session
        and not session.modified
        and "Set-Cookie" not in response.headers
        and g.csp_nonce.encode() not in response.get_data()
    )


def is_public(response: Response) -> bool:
    """Tell whether any cache may keep it. Werkzeug's own way to ask makes a dictionary of the header first."""
    return "public" in response.headers.get("Cache-Control", "").replace(" ", "").split(",")


def lead_all_to(location: str) -> Response:
    """Lead everybody to a file that may be another one soon, whatever cookies they have."""
    response = Response(status=302, headers={"Location": location})
    response.headers["Cache-Control"] = KEEP_FILE
    g.is_found = True
    return response


def file_for_all(content: bytes, content_type: str) -> Response:
    """Answer with a file that is the same for everybody, whatever cookies they have."""
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = KEEP_FILE
    response.add_etag(weak=True)
    g.is_found = True
    response.make_conditional(request)
    return response
