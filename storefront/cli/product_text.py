"""A product's settings on a terminal."""

from collections.abc import Iterator

from storefront.shop.editor.product_settings import EditionSettings, ProductSettings


def product_lines(product: ProductSettings) -> Iterator[str]:
    yield f"{product.name} ({product.slug})"
    for name, value in product.values.items():
        yield f"  {name.replace('_', '-'):<24}{_in_words(value)}"
    for edition in product.editions:
        yield f"  edition {edition.edition}: {_own_limits(edition)}"
        if edition.includes:
            yield f"    includes {', '.join(edition.includes)}"
        if edition.upgrades_from:
            yield f"    upgrades from {edition.upgrades_from}"


def _in_words(value: object) -> object:
    if value is None or value == "" or value == []:  # noqa: PLR1714
        return "none"
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _own_limits(edition: EditionSettings) -> str:
    limits = {
        "activation-limit": edition.activation_limit,
        "seats": edition.seats,
        "update-days": edition.update_days,
    }
    own = ", ".join(f"{name} {value}" for name, value in limits.items() if value is not None)
    return own or "as the product"
