"""Pictures that tests draw and samples that they write: no such file lies in the repository."""

import struct
import zlib
from io import BytesIO
from typing import Any

from flask import Flask
from PIL import Image

from storefront.core.db import db
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.media.pictures import add_picture
from storefront.shop.media.queries import PictureView, SampleView, find_pictures, list_samples
from storefront.shop.media.samples import add_sample

SLUG = "twinspot"
MP3 = b"ID3\4\0\0\0\0\0\0" + b"\0" * 500
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 500
WEBM = b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm" + b"\0" * 500
PDF = b"%PDF-1.7\n" + b"x" * 500
SAMPLES = {
    "tap.mp3": MP3,
    "frame.mp3": b"\xff\xfb\x90\x64" + b"\0" * 500,
    "tap.m4a": b"\0\0\0\x20ftypM4A \0\0\2\0M4A isom" + b"\0" * 500,
    "tap.ogg": b"OggS" + b"\0" * 500,
    "tap.wav": b"RIFF\x24\2\0\0WAVEfmt " + b"\0" * 500,
    "tour.mp4": MP4,
    "tour.webm": WEBM,
    "chapter.pdf": PDF,
    "chapter.epub": b"PK\3\4" + b"\0" * 26 + b"mimetypeapplication/epub+zip" + b"\0" * 50,
    "chapter.txt": "Größe ☕".encode(),
    "parts.zip": b"PK\3\4" + b"\0" * 50,
    "type.ttf": b"\0\1\0\0" + b"\0" * 50,
    "type.otf": b"OTTO" + b"\0" * 50,
    "type.woff2": b"wOF2" + b"\0" * 50,
}


def draw(width: int = 640, height: int = 360, *, color: Any = (20, 90, 160), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), color)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    output = BytesIO()
    image.save(output, format=kind, **options)
    return output.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_claiming(width: int, height: int, *others: bytes) -> bytes:
    """The header of a PNG and a line of pixels, whatever size it claims."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(others) + pixels + png_chunk(b"IEND", b"")


def add(app: Flask, content: bytes | None = None, *, slug: str = SLUG, name: str = "a.png", alt: str = "") -> int:
    with app.app_context():
        return add_picture(slug, BytesIO(saved(draw()) if content is None else content), name, alt).id


def add_one_sample(app: Flask, name: str = "tap.mp3", content: bytes | None = None, title: str = "A tap") -> int:
    with app.app_context():
        return add_sample(SLUG, BytesIO(SAMPLES[name] if content is None else content), name, title).id


def pictures_of(app: Flask, slug: str = SLUG) -> tuple[PictureView, ...]:
    with app.app_context():
        product_id = get_product_id(db.session(), slug)
        return find_pictures([product_id])[product_id]


def samples_of(app: Flask, slug: str = SLUG) -> tuple[SampleView, ...]:
    with app.app_context():
        return list_samples(get_product_id(db.session(), slug))
