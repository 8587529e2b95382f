"""The `Stripe-Version` header: any dated version is answered in the shape of the newest one."""

from storefront.devtools.sandbox.api.errors import invalid


def check_version(version: str | None) -> None:
    """Raise Stripe's 400 for what is no version, such as `2026-10-28.endive` or `2020-08-27`."""
    if version is not None and not _is_version(version):
        raise invalid(f"Invalid Stripe API version: {version}", is_stored=False)


def _is_version(version: str) -> bool:
    date, _, train = version.partition(".")
    parts = date.split("-")
    return len(parts) == 3 and all(map(str.isdigit, parts)) and (not train or train.isalpha())
