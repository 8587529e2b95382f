"""Which version of the code this is."""

from importlib.metadata import PackageNotFoundError, version


def code_version() -> str:
    """Return it as `0.1.0`, or `unknown` for code that was never installed."""
    try:
        return version("storefront")
    except PackageNotFoundError:
        return "unknown"
