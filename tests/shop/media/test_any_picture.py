"""Any file for a picture: it is drawn anew, or refused with a sentence, whatever its bytes say."""

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from storefront.shop.media.read_picture import read_picture
from storefront.shop.media.recode import recode
from storefront.shop.media.refusals import DamagedPicture, MediaRefused
from tests.shop.media.drawn import draw, saved
from tests.support.any_input import examples

PNG = b"\x89PNG\r\n\x1a\n"
ROOM = 12  # bytes of a chunk's length, kind and sum


def small(mode: str = "RGB", color: Any = (20, 90, 160)) -> Image.Image:
    return draw(24, 16, mode=mode, color=color)


@cache
def seeds() -> tuple[bytes, ...]:
    turned = Image.Exif()
    turned[0x0112], turned[0x010F] = 6, "maker"
    palette = small().quantize(4)
    return (
        saved(small()),
        saved(palette, transparency=0),
        saved(small("LA", (9, 200))),
        saved(small("I;16", 9)),
        saved(small(), "JPEG", exif=turned.tobytes()),
        saved(small("CMYK", (1, 2, 3, 4)), "JPEG"),
        saved(small(), "WEBP", exif=turned.tobytes()),
        saved(palette, "GIF"),
    )


def chunks(png: bytes) -> list[bytes]:
    """What a PNG is made of, and at the end what is none of it."""
    found, at = [], len(PNG)
    while at + ROOM <= len(png):
        end = at + ROOM + struct.unpack(">I", png[at : at + 4])[0]
        found.append(png[at:end])
        at = end
    return found


def with_right_sums(content: bytes) -> bytes:
    """Make each sum of a PNG right again: a wrong one is all that most readers look at."""
    if not content.startswith(PNG):
        return content
    return PNG + b"".join(part[:-4] + struct.pack(">I", zlib.crc32(part[4:-4])) for part in chunks(content))


Change = tuple[float, bytes, int]


def changed(content: bytes, changes: list[Change], is_summed: bool) -> bytes:
    """Each change puts bytes at its place, instead of so many."""
    for place, new, instead in changes:
        at = int(place * len(content))
        content = content[:at] + new + content[at + instead :]
    return with_right_sums(content) if is_summed else content


CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4), st.integers(0, 12)), max_size=3
)
FILES = st.binary(max_size=60) | st.builds(
    changed, st.deferred(lambda: st.sampled_from(seeds())), CHANGES, st.booleans()
)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of a camera's notes that are cut off
def test_draws_it_or_refuses_it() -> None:
    drawn, refused = list[int](), set[str]()

    @examples(150)
    @given(FILES)
    def bring(content: bytes) -> None:
        try:
            drawn.append(recode(read_picture(BytesIO(content))).width)
        except MediaRefused as refusal:
            refused.add(refusal.code)

    bring()
    assert drawn
    assert len(refused) > 2


def test_refuses_a_palette_of_which_the_colors_are_missing() -> None:
    """Pillow asserts that there are some."""
    parts = chunks(saved(small().quantize(4)))
    with pytest.raises(DamagedPicture):
        recode(PNG + b"".join(part for part in parts if part[4:8] != b"PLTE"))
