"""What emails wear: the shop's logo and colors, and the pictures of products, at absolute addresses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storefront.core.config.live import is_on_internet
from storefront.core.runtime import absolute_url, settings
from storefront.shop.looks.chosen import Image
from storefront.shop.looks.palette import DARK_SHOPS_OWN, ON_DARK_ACCENT, SHOPS_OWN
from storefront.shop.media.names import split_name
from storefront.shop.media.queries import ADDRESS, PictureFile, PictureView, find_pictures
from storefront.shop.profile.read import Profile, read_profile

MOST_PICTURES = 10  # in one email


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPicture:
    """`width` and `height` are pixels on ordinary screens."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFace:
    """`accent` bears white text; on dark screens `dark_accent` bears `on_dark`. Without a logo the name stands."""

    accent: str
    dark_accent: str
    on_dark: str
    logo: MailPicture | None
    logo_dark: MailPicture | None


def may_show_pictures() -> bool:
    """Tell whether readers elsewhere can load what the shop serves; a picture that cannot be loaded is a hole."""
    address = settings().base_url
    return address.startswith("https://") and is_on_internet(address)


def mail_face() -> MailFace:
    """Return what counts for this email: for templates, which import their parts without any context."""
    looks = read_profile().looks
    shows = may_show_pictures()
    return MailFace(
        accent=looks.accent or SHOPS_OWN,
        dark_accent=looks.dark.accent if looks.dark else DARK_SHOPS_OWN,
        on_dark=ON_DARK_ACCENT,
        logo=_logo(looks.logo, "logo") if shows else None,
        logo_dark=_logo(looks.logo_dark, "logo-dark") if shows else None,
    )


def find_mail_pictures(product_ids: Iterable[int | None]) -> Mapping[int | None, MailPicture]:
    """Return the cover of each product that has one; none where readers could not load them. One statement."""
    wanted = list(dict.fromkeys(product_id for product_id in product_ids if product_id is not None))
    if not wanted or not may_show_pictures():
        return {}
    found = find_pictures(wanted[:MOST_PICTURES])
    return {product_id: _picture(views[0]) for product_id, views in found.items() if views}


def logo_tag(image: Image) -> str:
    """Return the SHA-256 of the file as it is served: another logo has another address."""
    known = split_name(image.url.removeprefix(ADDRESS))
    return known[0] if known else image.sha256


def logo_of(profile: Profile, kind: str) -> Image | None:
    return profile.looks.logo_dark if kind == "logo-dark" else profile.looks.logo


def _logo(image: Image | None, kind: str) -> MailPicture | None:
    if image is None:
        return None
    url = absolute_url("found.mail_logo", kind=kind, tag=logo_tag(image))
    return MailPicture(url=url, width=image.width, height=image.height)


def _picture(view: PictureView) -> MailPicture:
    file: PictureFile = view.preview
    return MailPicture(url=settings().base_url + file.url, width=file.width, height=file.height)
