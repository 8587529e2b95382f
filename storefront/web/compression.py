"""Compresses what is the same for everybody, where no proxy does it.

Never anything else: the length of a compressed page that holds a secret beside a visitor's own words would give
the secret away, letter by letter (BREACH). An answer is for everybody if its Cache-Control says `public`.
"""

import gzip
from functools import lru_cache

from flask import Response, request

from storefront.web.open_pages import is_public

TEXTS = (
    "text/",
    "application/json",
    "application/manifest+json",
    "application/atom+xml",
    "application/xml",
    "image/svg+xml",
)
LEAST_BYTES = 600  # below that it saves no packet
MOST_BYTES = 1_000_000
KEPT_BODIES = 64  # of a few kilobytes each: compressing a page takes as long as making it


def compress(response: Response) -> None:
    """Compress an open text with gzip, if the browser takes it."""
    if not _is_open_text(response):
        return
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings["gzip"]:
        return
    response.direct_passthrough = False
    content = response.get_data()
    if not LEAST_BYTES <= len(content) <= MOST_BYTES:
        return
    response.set_data(_gzip(content))
    response.headers["Content-Encoding"] = "gzip"
    del response.headers["Accept-Ranges"]
    _weaken_etag(response)


def _is_open_text(response: Response) -> bool:
    return (
        is_public(response)
        and (response.mimetype or "").startswith(TEXTS)
        and "Content-Encoding" not in response.headers
        and not response.headers.get("Content-Disposition", "").startswith("attachment")
    )


def _weaken_etag(response: Response) -> None:
    """Two encodings of one text are not the same bytes (RFC 9110, 8.8.3.3)."""
    etag, is_weak = response.get_etag()
    if etag and not is_weak:
        response.set_etag(etag, weak=True)


@lru_cache(maxsize=KEPT_BODIES)
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=6, mtime=0)
