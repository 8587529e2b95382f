"""What the page of a product's files shows: its releases with what stands against each, and what is under way."""

from dataclasses import dataclass

from storefront.core.db import db, end_read
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.core.storage import StorageUnavailable, storage
from storefront.owner.uploads.queries import ListedUpload, list_open
from storefront.shop.catalog.file_sizes import format_size
from storefront.shop.catalog.queries import get_product
from storefront.shop.catalog.releases import ListedRelease, list_releases
from storefront.shop.editor.goods import sells_nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPage:
    slug: str
    product_name: str
    sells_nothing: bool  # it is for sale, and its buyers get nothing
    releases: tuple[ListedRelease, ...]
    uploads: tuple[ListedUpload, ...]


def read_files_page(person_id: int, slug: str) -> FilesPage:
    """Raises NotFound: no such product."""
    product = get_product(db.session(), slug)
    return FilesPage(
        slug=product.slug,
        product_name=product.name,
        sells_nothing=sells_nothing(db.session(), product.id),
        releases=tuple(list_releases(slug)),
        uploads=tuple(list_open(person_id, slug)),
    )


def get_release(slug: str, version: str) -> ListedRelease:
    """Raises NotFound: no such product, or no such release of it."""
    for release in list_releases(slug):
        if release.version == version:
            return release
    raise NotFound(f"There is no release {version} of {slug}.")


def check_stored(slug: str, version: str) -> list[str]:
    """Ask the storage for each file of a release; return a sentence for each that is not there whole."""
    release = get_release(slug, version)
    end_read()
    sentences = []
    for file in release.files:
        try:
            size = storage().find_size(file.path, is_sent_by_nginx=settings().accel_prefix is not None)
        except StorageUnavailable as error:
            return [f"Whether the files are there could not be asked. {error.message}"]
        if size is None:
            sentences.append(
                f"{file.filename} is not in the storage, or the shop cannot read it: buyers cannot download it."
            )
        elif size != file.size_bytes:
            sentences.append(
                f"{file.filename} has {format_size(size)} in the storage and should have "
                f"{format_size(file.size_bytes)}: buyers cannot download it whole."
            )
    return sentences
