"""`storefront audit`: who changed what."""

from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result, to_json_value
from storefront.cli.shop import open_shop


@click.command()
@click.option("--search", default="", help="Only entries with this in who, what or whom.")
@click.option("--verb", default="", help="Only this, such as person.invited.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest so many.")
@as_json
def audit(search: str, verb: str, limit: int, as_json: bool) -> None:
    """Who changed what, when and from where: the newest last."""
    from storefront.audit.queries import Filter, read_page

    with open_shop():
        page = read_page(Filter(words=search, verb=verb), limit=limit)
    entries = tuple(reversed(page.entries))
    lines = [
        f"{entry.created_at:%Y-%m-%d %H:%M:%S} UTC  {entry.actor} ({entry.actor_kind.value}"
        f"{f', {entry.client}' if entry.client else ''})  {entry.verb}  {entry.subject}"
        f"{_changed(entry.before, entry.after)}"
        for entry in entries
    ]
    print_result(
        [to_json_value(asdict(entry)) for entry in entries], lines, as_json=as_json, if_none="No such entries."
    )


def _changed(before: dict[str, object], after: dict[str, object]) -> str:
    names = [*before, *(name for name in after if name not in before)]
    parts = [f"{name}: {before.get(name, '-')} -> {after.get(name, '-')}" for name in names]
    return f"  ({'; '.join(parts)})" if parts else ""
