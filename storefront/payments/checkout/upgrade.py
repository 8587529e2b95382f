"""What an upgrade sells: checked against what the order holds now, whatever a form says."""

from sqlalchemy import select

from storefront.buyers.library.purchase import OfferedUpgrade
from storefront.buyers.library.upgrades import find_offered
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.delivery.contents import read_contents
from storefront.orders.models import Order
from storefront.orders.waits_for import read_waits_for
from storefront.payments.checkout.models import Checkout
from storefront.shop.cart.cart import CartLine
from storefront.shop.cart.most import find_too_much
from storefront.shop.catalog.upgrades import UpgradeOffer, ensure_upgrade_price


class NotUpgradable(StorefrontError):
    code = "not_upgradable"
    status = 409
    title = marked("This can't be upgraded")


def prepare_upgrade(order: Order, *, grant_id: int, edition_id: int, shown_minor: int | None) -> CartLine:
    """Return the line that sells this upgrade; its price is made where it is new. One transaction.

    Raises:
        NotUpgradable: it is not offered to this order any more, costs something else than was shown or more than
            can be paid at once, or somebody's payment for it is on its way.
    """
    wanted = _find_offer(order, grant_id, edition_id)
    if wanted is None:
        raise NotUpgradable(marked("This upgrade is not offered any more. Your order page shows what is."))
    if wanted.total_minor != shown_minor:
        raise NotUpgradable(marked("The price of this upgrade has changed. Here is what it costs now."))
    trouble = find_too_much(wanted.total_minor, wanted.currency)
    if trouble:
        raise NotUpgradable(trouble)
    pending = _find_pending(grant_id)
    if pending is not None and read_waits_for(pending) is not None:
        raise NotUpgradable(
            marked("This upgrade was ordered already and isn't paid yet. The email about it says how to pay.")
        )
    if pending is not None:
        raise NotUpgradable(marked("A payment for this upgrade is on its way. We'll email you once it arrives."))
    offer = UpgradeOffer(
        edition_id=edition_id,
        edition=wanted.edition,
        from_edition_id=wanted.from_edition_id,
        amount_minor=wanted.amount_minor,
        currency=wanted.currency,
    )
    with transaction() as session:
        price_id = ensure_upgrade_price(session, offer)
    return CartLine(price_id=price_id, quantity=wanted.quantity)


def _find_offer(order: Order, grant_id: int, edition_id: int) -> OfferedUpgrade | None:
    contents = read_contents(order, with_files=False, is_received=order.is_gift)
    offers = find_offered([contents]).get(grant_id, ())
    return next((offer for offer in offers if offer.edition_id == edition_id), None)


def _find_pending(grant_id: int) -> Order | None:
    pending = (
        select(Order)
        .join(Checkout, Checkout.checkout_session_id == Order.checkout_session_id)
        .where(
            Checkout.upgrades_grant_id == grant_id,
            Order.mode == settings().mode,
            Order.is_paid.is_(False),
            Order.has_failed.is_(False),
        )
    )
    return db.session.scalars(pending.order_by(Order.id.desc())).first()
