"""`storefront shop referrers`: whether orders say which site their buyer came from. As /admin/shop does."""

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.command()
@click.option("--on/--off", "is_on", default=None, help="Keep where buyers come from, or keep it no more.")
@as_json
def referrers(is_on: bool | None, as_json: bool) -> None:
    """Keep with an order which site led to it. Without options: how it is."""
    from storefront.shop.profile.referrers import are_referrers_ignored, ignore_referrers

    with open_shop():
        changed = is_on is not None and ignore_referrers(is_on=not is_on)
        keeps = not are_referrers_ignored()
    state = "Orders say where their buyer came from." if keeps else "No new order says where its buyer came from."
    print_result({"keeps_referrers": keeps, "changed": changed}, [state], as_json=as_json)
