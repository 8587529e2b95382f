"""The activity log of an order: what it handed out, and how that was used. Of an upgrade: of what it upgraded."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from sqlalchemy import select

from storefront.core.db import db
from storefront.delivery.licenses.activations import find_gone_devices
from storefront.delivery.licenses.models import License
from storefront.orders.models import Order, OrderItem, Upgrade
from storefront.orders.upgrades import COUNTED
from storefront.owner.history.attempts import NOT_KNOWN, Attempt, find_downloads
from storefront.owner.history.order import HistoryGrant, OrderHistory, read_history

MOST = 200  # downloads
MOST_GONE = 50  # devices, as of those that are there


def read_access_log(order: Order, history: OrderHistory) -> Iterator[str]:
    """Yield parts, with a line for each thing that was handed out and each device, or for each download."""
    yield "\n".join(_grants(chain.from_iterable(item.grants for item in history.items)))
    yield "\n".join(_downloads(find_downloads(OrderItem.order_id == order.id, limit=MOST)))
    yield from _upgraded(order)


def _upgraded(order: Order) -> Iterator[str]:
    """An upgrade hands nothing out: the key and the files that it is for are those of another order."""
    rows = db.session.execute(
        select(Upgrade.created_at, Order, OrderItem.id, OrderItem.position, License.id.label("license_id"))
        .join(OrderItem, OrderItem.id == Upgrade.upgraded_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .outerjoin(License, License.grant_id == Upgrade.grant_id)
        .where(
            Upgrade.order_item_id.in_(select(OrderItem.id).where(OrderItem.order_id == order.id)),
            Upgrade.state.in_(COUNTED),
        )
        .order_by(Upgrade.id)
    ).all()
    for row in rows:
        said = f"{_moment(row.created_at)}  This order upgraded what order {row.Order.number} had handed out:"
        grants = {item.position: item.grants for item in read_history(row.Order).items}[row.position]
        yield "\n".join([said, *_grants(grant for grant in grants if grant.license_id in (None, row.license_id))])
        yield "\n".join(_downloads(find_downloads(OrderItem.id == row.id, limit=MOST)))


def _grants(grants: Iterable[HistoryGrant]) -> Iterator[str]:
    of_grants = list(grants)
    gone = find_gone_devices([grant.license_id for grant in of_grants], limit=MOST_GONE)
    for grant in of_grants:
        yield f"{_moment(grant.created_at)}  {_handed_out(grant)}"
        yield from _devices(grant, gone.get(grant.license_id, ()))


def _devices(grant: HistoryGrant, gone: Iterable[datetime]) -> Iterator[str]:
    for device in grant.devices:
        yield f"{_moment(device.created_at)}  License activated on the device {device.name}"
    for activated_at in gone:
        yield f"{_moment(activated_at)}  License activated on a device that was deactivated since"


def _handed_out(grant: HistoryGrant) -> str:
    what = f"License key {grant.key}" if grant.key else grant.kind.value.capitalize()
    return f"{what} of {grant.product} handed out"


def _downloads(newest_first: list[Attempt]) -> Iterator[str]:
    for attempt in reversed(newest_first):
        how = "" if attempt.client == NOT_KNOWN else f" with: {attempt.client}"
        yield f"{_moment(attempt.at)}  {attempt.subject} downloaded{how}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
