"""Which migration the code expects: the newest file's. Alembic is not asked, which takes a tenth of each start."""

from functools import cache

from storefront.core.config.settings import ROOT

FOLDER = ROOT / "storefront" / "migrations"


@cache
def head() -> str:
    """Return the number of the newest file, as `0027`. Each file's revision is the number it begins with."""
    return max(file.name.partition("_")[0] for file in (FOLDER / "versions").glob("[0-9]*_*.py"))
