"""How files of pictures and samples are called: by their own SHA-256, so that a name never means other bytes."""

import re

FOLDER = "media"  # of the storage
ORIGINALS = "media/originals"  # as they came, for the shop's own use: no address leads there
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".pdf": "application/pdf",
    ".epub": "application/epub+zip",
    ".txt": "text/plain; charset=utf-8",
    ".zip": "application/zip",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".woff2": "font/woff2",
}
# A browser shows or plays these in a page; everything else is saved.
SHOWN = ("image/", "audio/", "video/")
NAME = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{3,5})")


def split_name(name: str) -> tuple[str, str] | None:
    """Return the SHA-256 and the content type; None for what is no such name."""
    match = NAME.fullmatch(name)
    if match is None or match[2] not in CONTENT_TYPES:
        return None
    return match[1], CONTENT_TYPES[match[2]]
