"""`storefront broadcasts`: emails to buyers who agreed. As the page under /admin does."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storefront.cli.choices import ROW_ID
from storefront.cli.output import as_json, print_lines, print_result, to_json_value
from storefront.cli.shop import open_shop
from storefront.cli.text_files import FILE, read_text

if TYPE_CHECKING:
    from storefront.owner.broadcasts.read import BroadcastPage, BroadcastView


@click.group()
def broadcasts() -> None:
    """Emails to buyers who agreed to news and offers: written, counted, sent at a pace."""


@broadcasts.command("list")
@click.option("--older-than", type=ROW_ID, help="Go on from this broadcast: 50 are listed at once.")
@as_json
def list_all(older_than: int | None, as_json: bool) -> None:
    """The newest broadcasts, with what became of their emails."""
    from storefront.owner.broadcasts.read import list_broadcasts

    with open_shop():
        page = list_broadcasts(older_than=older_than)
    make_one = "No broadcasts yet: `storefront broadcasts create SUBJECT --text-file FILE` makes one."
    print_result(
        [to_json_value(asdict(view)) for view in page.broadcasts],
        [_line(view) for view in page.broadcasts],
        as_json=as_json,
        if_none=make_one if older_than is None else "No older ones.",
    )
    print_lines(_more_lines(page), err=as_json)  # the list stays a list


def _more_lines(page: "BroadcastPage") -> Iterator[str]:
    if page.older_than is not None:
        yield f"There are more: `--older-than {page.older_than}` shows older ones."


@broadcasts.command()
@click.argument("subject")
@click.option("--text-file", type=FILE, required=True, help="The text, in Markdown of up to 20,000 characters.")
@click.option("--to", "goods", multiple=True, help="Slug, or slug/edition; again for more. Not given: anything.")
@click.option("--per-minute", default="60", show_default=True, help="Emails a minute, from 1 to 600.")
@as_json
def create(subject: str, text_file: Path, goods: tuple[str, ...], per_minute: str, as_json: bool) -> None:
    """Write a draft in the shop's own language. Nothing leaves before `storefront broadcasts send`.

    Translations are written at /admin/broadcasts.
    """
    from storefront.core.languages import offered
    from storefront.owner.broadcasts.drafts import Typed, create_broadcast

    with open_shop():
        texts = {offered().own.value: (subject, read_text(text_file))}
        broadcast_id = create_broadcast(Typed(texts=texts, goods=goods, per_minute=per_minute))
    line = f"Draft {broadcast_id} is made: `storefront broadcasts count {broadcast_id}` says to how many it goes."
    print_result({"id": broadcast_id}, [line], as_json=as_json)


@broadcasts.command()
@click.argument("broadcast_id", type=ROW_ID)
@as_json
def count(broadcast_id: int, as_json: bool) -> None:
    """To how many buyers it goes, and how many have not agreed. Nothing leaves."""
    from storefront.owner.broadcasts.audience import count_audience
    from storefront.owner.broadcasts.read import read_goods

    with open_shop():
        audience = count_audience(read_goods(broadcast_id))
    print_result(asdict(audience), [audience.words], as_json=as_json)


@broadcasts.command()
@click.argument("broadcast_id", type=ROW_ID)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def send(broadcast_id: int, yes: bool, as_json: bool) -> None:
    """Let it leave, once. Who withdraws meanwhile is left out."""
    from storefront.owner.broadcasts.audience import count_audience
    from storefront.owner.broadcasts.read import read_goods, read_view
    from storefront.owner.broadcasts.sending import start_broadcast

    with open_shop():
        view = read_view(broadcast_id)
        audience = count_audience(read_goods(broadcast_id))
        if not yes:
            click.confirm(f"{audience.words} Send {view.subject!r}?", abort=True, err=as_json)
        started = start_broadcast(broadcast_id, version=view.version)
    line = audience.words if started else "It had begun to leave already."
    print_result({"id": broadcast_id, "started": started, **asdict(audience)}, [line], as_json=as_json)


@broadcasts.command()
@click.argument("broadcast_id", type=ROW_ID)
@as_json
def cancel(broadcast_id: int, as_json: bool) -> None:
    """Let nothing more of it leave. What has left cannot be taken back."""
    from storefront.owner.broadcasts.sending import cancel_broadcast

    with open_shop():
        taken_back = cancel_broadcast(broadcast_id)
    has_left = taken_back is None
    line = "All of it had left already." if has_left else f"Canceled. Emails taken back that waited: {taken_back}."
    print_result({"id": broadcast_id, "taken_back": taken_back or 0}, [line], as_json=as_json)


def _line(view: "BroadcastView") -> str:
    made = f"{view.progress.sent} sent, {view.progress.waiting} waiting, {view.progress.failed} failed"
    return f"{view.id:<6}{view.state_words:<10}{made:<36}{view.subject}"
