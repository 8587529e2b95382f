"""What a page says of itself to search engines and networks."""

from dataclasses import dataclass

from markupsafe import Markup

from storefront.core.runtime import absolute_url
from storefront.core.texts import marked
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.products import ProductPage
from storefront.shop.discounts.shown import ShownPromotion
from storefront.shop.found.faces import face_of, face_of_shop, tag_of
from storefront.shop.found.structured import product_data
from storefront.shop.found.words import cut
from storefront.shop.media.queries import PictureView
from storefront.shop.profile.read import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`url` is the page's one address, `image_url` its picture, `data` an element for its head."""

    title: str
    description: str
    url: str
    image_url: str = ""
    data: Markup | None = None


def head_of_product(
    page: ProductPage,
    pictures: tuple[PictureView, ...],
    profile: Profile,
    promotion: ShownPromotion | None = None,
) -> Head:
    url = absolute_url("catalog.product", slug=page.card.slug)
    tag = tag_of(face_of(page, pictures, profile))
    image_url = absolute_url("found.share_picture", slug=page.card.slug, tag=tag)
    return Head(
        title=page.search_title or page.card.name,
        description=cut(page.search_text or page.card.summary or page.description.striptags() or page.card.name),
        url=url,
        image_url=image_url,
        data=product_data(page, shop_name=profile.name, url=url, image_url=image_url, promotion=promotion),
    )


def head_of_shop(profile: Profile, *, page: int = 1) -> Head:
    """Of one page of its products, counted from 1."""
    about = render_markdown(profile.about).striptags()
    words = profile.tagline or about or marked("Files and license keys from %(name)s.", name=profile.name)
    url = absolute_url("catalog.catalog", page=page) if page > 1 else absolute_url("catalog.catalog")
    face = face_of_shop(profile)
    image_url = absolute_url("found.shop_picture", tag=tag_of(face)) if face else ""
    return Head(title=profile.name, description=cut(words), url=url, image_url=image_url)
