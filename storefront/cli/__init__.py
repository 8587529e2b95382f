"""The `storefront` command: thin entry points that call the same functions as the pages."""

from storefront.cli.root import main

__all__ = ["main"]
