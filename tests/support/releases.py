"""One more file in a release, as `storefront releases upload` brings it."""

from pathlib import Path

from storefront.shop.catalog.upload import add_release_files


def add_release_file(*, slug: str, version: str, source: Path, notes: str = "", is_draft: bool = False) -> int:
    """Return the file's id."""
    (file_id,) = add_release_files(
        slug=slug, version=version, sources=[source], notes=notes or None, is_draft=is_draft
    )
    return file_id
