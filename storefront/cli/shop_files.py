"""`storefront shop export`, `plan` and `apply`: the shop as a folder of files, and back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storefront.cli.output import as_json, print_json, print_lines, print_result
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.shop.files.mistakes import FolderRefused
    from storefront.shop.files.plan import Decisions

FOLDER = click.Path(file_okay=False, path_type=Path)
PRUNE = click.option(
    "--prune",
    is_flag=True,
    help="Retire, switch off and withdraw what the folder does not have. Deletes nothing sold.",
)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--overwrite", is_flag=True, help="Give up what was edited in the folder since the last export.")
@as_json
def export(folder: Path, overwrite: bool, as_json: bool) -> None:
    """Write the shop into a folder, which is empty or an earlier export.

    No buyers, no imported keys, no discounts and no prepared answers are in it.
    """
    from dataclasses import asdict

    from storefront.shop.files.export import export_shop

    with open_shop():
        exported = export_shop(folder, overwrite=overwrite)
    changed = len(exported.written)
    lines = [
        f"{exported.products} products in {exported.files} files: {changed} written, the others were the same."
    ]
    if exported.removed:
        lines.append(f"Gone from the folder, as from the shop: {', '.join(exported.removed)}.")
    lines.append("Not in it: discounts, prepared answers, imported keys and buyers. A backup has them.")
    print_result(asdict(exported), lines, as_json=as_json)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@PRUNE
@as_json
def plan(folder: Path, prune: bool, as_json: bool) -> None:
    """Say what `shop apply` would do. Ends with 0 where that is nothing, 2 for something, 1 for mistakes."""
    from storefront.cli.shop_files_text import plan_lines, plan_value
    from storefront.shop.files.apply import plan_folder
    from storefront.shop.files.mistakes import FolderRefused

    with open_shop():
        try:
            seen = plan_folder(folder, prune=prune)
        except FolderRefused as refused:
            _end_with_mistakes(refused, as_json=as_json)
            return
    print_result(plan_value(seen.plan, seen.notes), plan_lines(seen.plan, seen.notes), as_json=as_json)
    if not seen.plan.is_empty:
        raise click.exceptions.Exit(2)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@PRUNE
@click.option("--keep-shop", is_flag=True, help="Where both changed, keep what the shop says.")
@click.option("--take-folder", is_flag=True, help="Where both changed, take what the folder says.")
@click.option(
    "--keep", "kept", metavar="PATH", multiple=True, help="Keep the shop's of this one, as the plan names it."
)
@click.option("--take", "taken", metavar="PATH", multiple=True, help="Take the folder's of this one.")
@as_json
def apply(
    *,
    folder: Path,
    prune: bool,
    keep_shop: bool,
    take_folder: bool,
    kept: tuple[str, ...],
    taken: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make the shop say what the folder says: all of it, or nothing. A second time does nothing."""
    if keep_shop and take_folder:
        raise click.ClickException(
            "Say one of --keep-shop and --take-folder; --keep and --take are for single ones."
        )
    from storefront.cli.shop_files_text import applied_lines, plan_value
    from storefront.delivery.licenses.change_product import settle_notices
    from storefront.delivery.licenses.pools.fill_backorders import fill_backorders
    from storefront.shop.files.apply import apply_folder
    from storefront.shop.files.mistakes import FolderRefused

    with open_shop():
        try:
            applied = apply_folder(
                folder,
                prune=prune,
                decisions=_decide(keep_shop, take_folder, kept, taken),
                after_product=settle_notices,
            )
        except FolderRefused as refused:
            _end_with_mistakes(refused, as_json=as_json)
            return
        fill_backorders()  # a pool whose keys are made here from now on leaves nobody waiting
    print_result(plan_value(applied.plan, applied.notes), applied_lines(applied, folder), as_json=as_json)


@click.command()
def schema() -> None:
    """Print the JSON Schema of the folder's files, for editors."""
    from storefront.shop.files.schema import make_schema

    print_json(make_schema())


def _decide(keep_shop: bool, take_folder: bool, kept: tuple[str, ...], taken: tuple[str, ...]) -> "Decisions":
    from storefront.shop.files.plan import Choice, Decisions

    everything = Choice.SHOP if keep_shop else Choice.FOLDER if take_folder else None
    paths = dict.fromkeys(kept, Choice.SHOP) | dict.fromkeys(taken, Choice.FOLDER)
    return Decisions(everything=everything, paths=paths)


def _end_with_mistakes(refused: "FolderRefused", *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json({"mistakes": [asdict(mistake) for mistake in refused.mistakes]})
    else:
        print_lines(map(str, refused.mistakes))
        count = len(refused.mistakes)
        print_lines([f"{count} mistake{'' if count == 1 else 's'}. Nothing was changed."])
    raise click.exceptions.Exit(1)


COMMANDS = (export, plan, apply, schema)
