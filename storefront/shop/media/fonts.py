"""The stylesheet of a sample font: a page of ours takes no styles but from files of ours."""

from storefront.core.errors import NotFound
from storefront.shop.media.names import split_name

SHORT = 12  # letters of a hash that tell the fonts of one page apart


def write_font_face(name: str) -> str:
    """Return a rule that loads the font of this name, and a class that sets text in it.

    Raises:
        NotFound: no font can be called so.
    """
    known = split_name(name)
    if known is None or not known[1].startswith("font/"):
        raise NotFound
    short = known[0][:SHORT]
    return (
        f'@font-face {{ font-family: "sample-{short}"; src: url("/media/{name}"); font-display: swap; }}\n'
        f'.font-{short} {{ font-family: "sample-{short}", monospace; }}\n'
    )
