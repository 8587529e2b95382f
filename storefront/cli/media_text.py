"""What `storefront media` prints for people."""

from collections.abc import Iterable, Iterator

from storefront.shop.media.queries import PictureView


def picture_lines(pictures: Iterable[PictureView]) -> Iterator[str]:
    for picture in pictures:
        place = "cover" if picture.position == 1 else str(picture.position)
        size = f"{picture.width} x {picture.height}"
        alt = picture.alt or "(no alt text)"
        yield f"{picture.id:<6}{place:<7}{size:<14}{picture.filename}: {alt}"
