"""Pages that are the same for everybody: what a cache may keep of them, and for how long.

A view says that its page is open. It may be kept if its visitor has no cookie of the shop and gets none, so a page
with a cart, a notice, a sign-in or a form's token is never one.
"""

from flask import Response, g, request, session

from storefront.web.sessions import COOKIE, SECURE_COOKIE

# A cache in front of the shop answers for a minute by itself: so long may a page offer what is not sold any more.
# Browsers ask each time, since their next look may be the one with a cart; who has the newest gets a 304.
KEEP_PAGE = "public, max-age=0, must-revalidate, s-maxage=60"
KEEP_FILE = "public, max-age=300"
KEPT_STATUSES = (200, 301)


def is_open_to_all(*, is_found: bool = True) -> None:
    """Say of this request's page that it has nothing of its visitor's. `is_found`: search engines may show it."""
    g.is_open_page = True
    g.is_found = is_found


def keep_if_open(response: Response) -> bool:
    """Let caches keep an open page; tell whether they may. It is answered with 304 to who has it already."""
    if not _is_same_for_all(response):
        return False
    response.headers["Cache-Control"] = KEEP_PAGE
    if response.status_code == 200:
        response.add_etag(weak=True)  # the same page, compressed or not
        response.make_conditional(request)
    response.vary.add("Cookie")
    return True


def _is_same_for_all(response: Response) -> bool:
    return (
        "is_open_page" in g
        and request.method in ("GET", "HEAD")
        and response.status_code in KEPT_STATUSES
        and not request.cookies.keys() & {COOKIE, SECURE_COOKIE}
        and not session
        and not session.modified
        and "Set-Cookie" not in response.headers
        and g.csp_nonce.encode() not in response.get_data()
    )


def file_for_all(content: bytes, content_type: str) -> Response:
    """Answer with a file that is the same for everybody, whatever cookies they have."""
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = KEEP_FILE
    response.add_etag(weak=True)
    g.is_found = True
    response.make_conditional(request)
    return response
