"""What this shop has written itself of the metadata of a Checkout Session. Others write there, too.

An owner gives a Payment Link of the Dashboard any metadata, and so does another program of the account.
"""

from collections.abc import Mapping

from storefront.shop.catalog.mirrors import shop_id

SHOP, CHECKOUT = "storefront", "checkout"


def is_marked(metadata: Mapping[str, str]) -> bool:
    """Tell whether a Session, a Payment Link of this shop that it came of, a price or a product has our mark."""
    mark = metadata.get(SHOP)
    return mark is not None and mark == shop_id()


def entries_of_checkout(metadata: Mapping[str, str]) -> Mapping[str, str]:
    """Return the metadata of a Session that a checkout of this shop has begun; nothing of any other's.

    Such a Session, and its copy by Stripe, has always named the shop and our row of the checkout. One by a Payment
    Link of this shop names the shop alone.
    """
    return metadata if is_marked(metadata) and CHECKOUT in metadata else {}
