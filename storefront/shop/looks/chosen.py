"""What an owner chose of the shop's looks, as pages want it: read from the columns of the shop's profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storefront.shop.looks.palette import Palette, dark_palette, light_palette
from storefront.shop.looks.type_pairings import TypePairing

MEDIA = "/media/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as it is served: its size is what it has on ordinary screens."""

    url: str
    width: int
    height: int
    filename: str
    sha256: str  # of the file as it came


@dataclass(frozen=True, slots=True, kw_only=True)
class Icon:
    """`url` is for tabs, `touch_url` for home screens; `path` is where the storage has the file as it came."""

    url: str
    touch_url: str
    path: str
    filename: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFont:
    """A font file of the owner's. `kind` is what stylesheets call its format."""

    url: str
    kind: str
    family: str
    filename: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What an owner chose. Without an accent the shop is green, without a logo its name stands there."""

    accent: str = ""
    type_pairing: TypePairing = TypePairing.CLASSIC
    font_for_text: bool = False  # the own font; it is for headings anyway
    logo: Image | None = None
    logo_dark: Image | None = None
    icon: Icon | None = None
    font: OwnFont | None = None

    @property
    def light(self) -> Palette | None:
        return light_palette(self.accent) if self.accent else None

    @property
    def dark(self) -> Palette | None:
        return dark_palette(self.accent) if self.accent else None


def looks_of(columns: Mapping[str, Any]) -> Looks:
    """Return what these columns mean; those that are absent are as the shop comes."""
    return Looks(
        accent=columns.get("accent") or "",
        type_pairing=TypePairing(columns.get("type_pairing") or TypePairing.CLASSIC),
        font_for_text=bool(columns.get("font_for_text")),
        logo=_image(columns.get("logo")),
        logo_dark=_image(columns.get("logo_dark")),
        icon=_icon(columns.get("icon")),
        font=_font(columns.get("font")),
    )


def _image(kept: Mapping[str, Any] | None) -> Image | None:
    if not kept:
        return None
    return Image(
        url=MEDIA + kept["name"],
        width=kept["width"],
        height=kept["height"],
        filename=kept["filename"],
        sha256=kept["sha256"],
    )


def _icon(kept: Mapping[str, Any] | None) -> Icon | None:
    if not kept:
        return None
    return Icon(
        url=MEDIA + kept["name"],
        touch_url=MEDIA + kept["touch_name"],
        path=kept.get("path", ""),
        filename=kept["filename"],
        sha256=kept["sha256"],
    )


def _font(kept: Mapping[str, Any] | None) -> OwnFont | None:
    if not kept:
        return None
    return OwnFont(
        url=MEDIA + kept["name"],
        kind=kept["kind"],
        family=kept["family"],
        filename=kept["filename"],
        sha256=kept["sha256"],
    )
