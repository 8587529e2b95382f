"""`storefront mail`: what happened to the mails, and failed ones once more."""

from collections.abc import Sequence

import click
from sqlalchemy import select

from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.core.db import db
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailState, OutboxMessage
from storefront.orders.models import Order


@click.group()
def mail() -> None:
    """Mails: what happened to them, and failed ones once more."""


@mail.command("list")
@click.option("--state", type=click.Choice([state.value for state in MailState]), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest so many.")
@as_json
def list_mails(state: str | None, limit: int, as_json: bool) -> None:
    """The newest mails, oldest of them first, with the mail server's answer."""
    with open_shop():
        found = _read(state, limit)
    if as_json:
        print_json(found)
        return
    for line in found:
        order = f"order {line['order']}" if line["order"] else "no order"
        error = f" - {line['error']}" if line["error"] else ""
        head = f"{line['id']}  {line['created_at']:.16}  {line['state']}  {line['kind']}  {order}"
        click.echo(f"{head}  {line['recipient']}{error}")
    if not found:
        click.echo("No mails." if state is None else f"No {state} mails.")


@mail.command()
@click.argument("mail_ids", type=int, nargs=-1, metavar="[ID]...")
@click.option("--failed", is_flag=True, help="All that failed.")
def retry(mail_ids: Sequence[int], failed: bool) -> None:
    """Put failed mails back into the queue. Each is written anew, so that it tells what is true now."""
    if bool(mail_ids) == failed:
        raise click.UsageError("Name the mails by their ID, or all that failed by --failed.")
    with open_shop():
        named = OutboxMessage.state == MailState.FAILED if failed else OutboxMessage.id.in_(mail_ids)
        ask = select(OutboxMessage.id, OutboxMessage.state).where(OutboxMessage.mode == settings().mode, named)
        states = dict(db.session.execute(ask).all())
        wanted = list(states) if failed else mail_ids
        for mail_id in wanted:
            if states.get(mail_id) != MailState.FAILED:
                raise click.ClickException(f"Mail {mail_id} is {states.get(mail_id, 'not here')}: nothing done.")
        count = outbox.retry(wanted)
        nudge("outbox")
    click.echo(f"{count} {'mail is' if count == 1 else 'mails are'} in the queue again.")


def _read(state: str | None, limit: int) -> list[dict[str, object]]:
    ask = (
        select(OutboxMessage, Order.number)
        .outerjoin(Order, Order.id == OutboxMessage.order_id)
        .where(OutboxMessage.mode == settings().mode)
        .order_by(OutboxMessage.id.desc())
        .limit(limit)
    )
    if state is not None:
        ask = ask.where(OutboxMessage.state == MailState(state))
    newest_first = [_to_json(message, number) for message, number in db.session.execute(ask)]
    return newest_first[::-1]


def _to_json(message: OutboxMessage, number: str | None) -> dict[str, object]:
    return {
        "id": message.id,
        "order": number,
        "kind": message.kind,
        "state": message.state.value,
        "recipient": message.recipient,
        "attempts": message.attempts,
        "error": message.last_error,
        "created_at": message.created_at.isoformat(),
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
    }
