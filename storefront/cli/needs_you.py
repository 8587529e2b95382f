"""`storefront needs-you`: what only the owner can settle."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from storefront.cli.choices import ROW_ID
from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain

if TYPE_CHECKING:
    from storefront.orders.notices import OpenNotice


@click.command()
@click.argument("notice_ids", type=ROW_ID, nargs=-1, metavar="[ID]...")
@click.option("--done", is_flag=True, help="Call the lines with these IDs done: they do not come back.")
@as_json
def needs_you(notice_ids: Sequence[int], done: bool, as_json: bool) -> None:
    """What needs you: disputes by their last day, then the oldest. A line closes when its cause is gone."""
    if done != bool(notice_ids) or (done and as_json):
        raise click.UsageError("Without anything it shows the list; --done ID… calls lines of it done.")
    if done:
        _close(notice_ids)
    else:
        _show(as_json=as_json)


def _close(notice_ids: Sequence[int]) -> None:
    from storefront.orders.notices import close_notices

    with open_shop():
        for text in close_notices(notice_ids):
            click.echo(f"Done: {plain(text)}")


def _line(notice: "OpenNotice") -> str:
    order = f"order {notice.order_number}" if notice.order_number else "no order"
    last_day = f"answer until {notice.respond_by:%Y-%m-%d %H:%M} UTC  " if notice.respond_by else ""
    return f"{notice.id}  {notice.created_at:%Y-%m-%d %H:%M} UTC  {last_day}{order}  {plain(notice.text)}"


def _show(*, as_json: bool) -> None:
    from storefront.orders.notices import list_open_notices

    with open_shop():
        notices = list_open_notices()
    if as_json:
        print_json([_to_json(notice) for notice in notices])
        return
    for notice in notices:
        click.echo(_line(notice))
    if notices:
        click.echo(f"\nWhat is settled: storefront needs-you --done {notices[0].id}")
    else:
        click.echo("Nothing needs you.")


def _to_json(notice: "OpenNotice") -> dict[str, object]:
    from storefront.core.clock import iso

    return {
        "id": notice.id,
        "kind": notice.kind,
        "subject": notice.subject,
        "order": notice.order_number,
        "text": notice.text,
        "created_at": notice.created_at.isoformat(),
        "respond_by": iso(notice.respond_by),
    }
