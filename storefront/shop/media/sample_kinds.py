"""What may be a sample: told by the first bytes of a file, and by the ending of its name; both must agree."""

from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from storefront.shop.media.models import SampleKind
from storefront.shop.media.names import CONTENT_TYPES
from storefront.shop.media.refusals import EmptyMedia, MediaTooLarge, UnknownFormat

HEAD_BYTES = 4096
CHUNK_BYTES = 1024 * 1024
MOST_BYTES = {SampleKind.AUDIO: 20_000_000, SampleKind.VIDEO: 200_000_000, SampleKind.FILE: 20_000_000}
# Brands of ISO base media files that hold pictures, or a movie that browsers do not play.
OTHER_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"qt  ")
EPUB = b"mimetypeapplication/epub+zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleType:
    """`ending` with its dot. `begins` looks at the first bytes."""

    kind: SampleKind
    ending: str
    begins: Callable[[bytes], bool]

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.ending]


def _is_mp3(head: bytes) -> bool:
    """ID3 tags, or the header of an MPEG frame of layer III."""
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] not in OTHER_BRANDS


def _is_webm(head: bytes) -> bool:
    return head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


TYPES = (
    SampleType(kind=SampleKind.AUDIO, ending=".mp3", begins=_is_mp3),
    SampleType(kind=SampleKind.AUDIO, ending=".m4a", begins=_is_mp4),
    SampleType(kind=SampleKind.AUDIO, ending=".ogg", begins=lambda head: head[:4] == b"OggS"),
    SampleType(
        kind=SampleKind.AUDIO, ending=".wav", begins=lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE"
    ),
    SampleType(kind=SampleKind.VIDEO, ending=".mp4", begins=_is_mp4),
    SampleType(kind=SampleKind.VIDEO, ending=".webm", begins=_is_webm),
    SampleType(kind=SampleKind.FILE, ending=".pdf", begins=lambda head: head[:5] == b"%PDF-"),
    SampleType(
        kind=SampleKind.FILE, ending=".epub", begins=lambda head: head[:4] == b"PK\3\4" and EPUB in head[:128]
    ),
    SampleType(kind=SampleKind.FILE, ending=".txt", begins=_is_text),
    SampleType(kind=SampleKind.FILE, ending=".zip", begins=lambda head: head[:4] == b"PK\3\4"),
    SampleType(kind=SampleKind.FILE, ending=".ttf", begins=lambda head: head[:4] in (b"\0\1\0\0", b"true")),
    SampleType(kind=SampleKind.FILE, ending=".otf", begins=lambda head: head[:4] == b"OTTO"),
    SampleType(kind=SampleKind.FILE, ending=".woff2", begins=lambda head: head[:4] == b"wOF2"),
)
BY_ENDING = {known.ending: known for known in TYPES}


def _type_of(ending: str) -> SampleType:
    if ending not in BY_ENDING:
        endings = ", ".join(name[1:] for name in BY_ENDING)
        raise UnknownFormat(f"A sample is one of these: {endings}.")
    return BY_ENDING[ending]


def find_type(content: IO[bytes], filename: str, size_bytes: int) -> SampleType:
    """Return what a file is. Its beginning is where the stream stands afterwards.

    Raises:
        EmptyMedia, UnknownFormat, MediaTooLarge: it cannot be a sample.
    """
    if size_bytes == 0:
        raise EmptyMedia("This file is empty. Was it copied whole?")
    ending = PurePath(filename).suffix.lower()
    known = _type_of(ending)
    content.seek(0)
    head = content.read(HEAD_BYTES)
    content.seek(0)
    if not known.begins(head):
        raise UnknownFormat(f"The name ends in {ending}, but this is no such file: choose the real one.")
    most = MOST_BYTES[known.kind]
    if size_bytes > most:
        raise MediaTooLarge(f"A sample of this kind has at most {most // 1_000_000} MB: a short piece is enough.")
    if ending == ".txt":
        _check_utf8(content)
    return known


def _check_utf8(content: IO[bytes]) -> None:
    """Browsers are told that it is UTF-8."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        while chunk := content.read(CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                raise UnknownFormat("This is no text: choose a real .txt file.")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnknownFormat("This text is not in UTF-8: save it again with that encoding.") from error
    content.seek(0)
