"""What Stripe Tax has to know of a product: what kind of thing it is, and whether its prices have tax in them."""

import re

# Codes and names as in https://docs.stripe.com/tax/tax-codes: those of things that a shop like this one sells.
from storefront.core.texts import marked

TAX_CODES = {
    "txcd_10202000": "Software to download, for personal use",
    "txcd_10202003": "Software to download, for business use",
    "txcd_10201000": "Video game to download",
    "txcd_10302000": "Digital book (ebook)",
    "txcd_10301000": "Audiobook",
    "txcd_10303100": "Digital magazine or periodical",
    "txcd_10401100": "Music or other audio to download",
    "txcd_10402100": "Video to download",
    "txcd_10501000": "Photographs or images",
    "txcd_10505001": "Finished artwork: drawings, designs, lettering, fonts as artwork",
    "txcd_10503000": "Other documents: articles, templates, printables",
    "txcd_10000000": "Anything else that is supplied electronically",
    "txcd_00000000": "Not taxed anywhere",
}
INCLUSIVE = "inclusive"
EXCLUSIVE = "exclusive"
BEHAVIORS = {INCLUSIVE: "Prices include tax", EXCLUSIVE: "Tax is added to prices"}
_NOTES = {INCLUSIVE: marked("incl. tax"), EXCLUSIVE: marked("plus tax")}
_CODE = re.compile(r"txcd_\d{8}")


def find_code_problem(code: str) -> str | None:
    """Return what is wrong with a tax code. None for a good one, and for none at all."""
    if not code or _CODE.fullmatch(code):
        return None
    return (
        "A tax code is txcd_ and eight digits, like txcd_10302000 for a digital book: "
        "https://docs.stripe.com/tax/tax-codes lists them."
    )


def tax_note(behavior: str, *, is_taxed: bool) -> str:
    """Return what stands beside a price. Nothing where the shop collects no tax, or nobody has decided."""
    return _NOTES.get(behavior, "") if is_taxed else ""
