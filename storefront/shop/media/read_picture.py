"""Reads a picture as it comes, before anything in it is looked at."""

from typing import IO

from storefront.shop.media.refusals import EmptyMedia, MediaTooLarge

MOST_BYTES = 20_000_000


def read_picture(stream: IO[bytes]) -> bytes:
    """Return the bytes of a picture that is neither empty nor too large.

    Raises:
        EmptyMedia, MediaTooLarge: nothing was decoded.
    """
    content = stream.read(MOST_BYTES + 1)
    if not content:
        raise EmptyMedia("This file is empty. Was it copied whole?")
    if len(content) > MOST_BYTES:
        raise MediaTooLarge("A picture has at most 20 MB: save it smaller, 3,000 pixels are wide enough.")
    return content
