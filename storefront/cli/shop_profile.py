"""`storefront shop show` and `edit`: what the shop is called and what it says of itself. As /admin/shop does."""

from pathlib import Path

import click

from storefront.cli.choices import LANGUAGES
from storefront.cli.output import as_json, changed_line, only_given, print_result
from storefront.cli.shop import open_shop
from storefront.cli.text_files import read_text

FILE_OR_STDIN = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@as_json
def show(as_json: bool) -> None:
    """What is written. An empty name is SHOP_NAME's, an empty address the sender's."""
    from storefront.shop.profile.change import read_written

    with open_shop():
        written = read_written()
    lines = [f"{name.replace('_', '-'):<20}{text or 'none'}" for name, text in written.items()]
    print_result(written, lines, as_json=as_json)


@click.command()
@click.option("--name", help="Up to 60 characters. Empty: what SHOP_NAME says.")
@click.option("--tagline", help="The large line on the first page, up to 120 characters.")
@click.option("--about-file", type=FILE_OR_STDIN, help="Markdown, below the products; - reads it from a pipe.")
@click.option("--announcement", help="One line at the top of every page.")
@click.option("--support-email", help="Where people write to. Empty: to the sender of the emails.")
@click.option(
    "--languages", help="Of pages and emails, the shop's own first: 'de, en'. Empty: all, English first."
)
@click.option(
    "--hide-translations",
    type=click.Choice(LANGUAGES),
    help="Make this your own language although there are translations in it, which are shown no more.",
)
@click.option("--legal-name", help="Who sells, on receipts. Empty: the shop's name.")
@click.option("--postal-address", help="Of the seller, on receipts; lines stay lines.")
@click.option("--tax-id", help="Of the seller, on receipts, with its kind: 'VAT ID DE123456789'.")
@click.option("--time-zone", help="Of figures, such as Europe/Berlin. Empty: UTC.")
@click.option("--main-currency", help="What pages show first, such as EUR. Empty: what was priced first.")
@click.option("--mail-sender-name", help="Whose name emails come under. Empty: MAIL_FROM's, or the shop's.")
@click.option("--mail-greeting", help="How emails about orders begin. Plain text.")
@click.option("--mail-signature", help="How emails to buyers end.")
@click.option("--form-fields", help="What Checkout asks, a line each, such as 'Company | text | optional'.")
@click.option(
    "--frame-origins", help="Sites that may show your checkout in a frame, such as https://blog.example."
)
@click.option("--mail-footer", help="Below everything, such as a postal address.")
@as_json
def edit(*, about_file: Path | None, hide_translations: str | None, as_json: bool, **given: str | None) -> None:
    """Change what is named, from the next page and email on; "" takes it away. The rest stays as it is."""
    texts = only_given(given)
    if about_file:
        texts["about"] = read_text(about_file)
    if not texts:
        raise click.ClickException("Nothing to change: name a text, for example --tagline.")
    from storefront.core.languages import find_language
    from storefront.shop.profile.change import change_profile
    from storefront.shop.profile.new_languages import TextsHidden

    with open_shop():
        try:
            changed = change_profile(texts, may_hide=find_language(hide_translations))
        except TextsHidden as refused:
            words = f"{refused} `--hide-translations {refused.hidden}` does it."
            raise click.ClickException(words) from refused
    print_result({"changed": changed}, [changed_line(changed)], as_json=as_json)


COMMANDS = (show, edit)
