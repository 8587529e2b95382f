"""`storefront orders note|delete-note`: what who helps next should know."""

import click

from storefront.cli.choices import ROW_ID
from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@click.argument("number")
@click.argument("text")
@as_json
def note(number: str, text: str, as_json: bool) -> None:
    """Write a note at an order. The buyer never sees it."""
    from storefront.orders.notes import add_note

    with open_shop():
        order = add_note(number, text, form=None)
    print_result({"number": order}, [f"Noted at order {order}."], as_json=as_json)


@click.command("delete-note")
@click.argument("number")
@click.argument("note_id", metavar="NOTE", type=ROW_ID)
@as_json
def delete_order_note(number: str, note_id: int, as_json: bool) -> None:
    """Delete a note of your own: `storefront orders show NUMBER` has its number."""
    from storefront.orders.notes import delete_note

    with open_shop():
        is_gone = delete_note(number, note_id)
    line = "The note is deleted." if is_gone else "There is no such note, or it was deleted already."
    print_result({"deleted": is_gone}, [line], as_json=as_json)
