"""Conditions by a date: one that fails Werkzeug's parser is taken out of the request before anything reads it.

Pages, static files and downloads ask for them in different ways, some of them deep in Werkzeug and Flask.
"""

from typing import TYPE_CHECKING

from flask import request

from storefront.core.http_dates import is_impossible_date

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def drop_impossible_dates() -> None:
    """Do as RFC 9110 says of dates that are none: they are ignored (13.1.3, 13.1.4)."""
    environ: WSGIEnvironment = request.environ
    for name in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"):
        if is_impossible_date(environ.get(name)):
            del environ[name]
    if is_impossible_date(environ.get("HTTP_IF_RANGE")):  # no version of ours: the whole file (13.1.5)
        del environ["HTTP_IF_RANGE"]
        environ.pop("HTTP_RANGE", None)
