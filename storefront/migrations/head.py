"""Which migrations the code knows: the files that it came with. Alembic is not asked, a tenth of each start."""

from functools import cache

from storefront.core.config.settings import ROOT

FOLDER = ROOT / "storefront" / "migrations"


@cache
def revisions() -> tuple[str, ...]:
    """Return the number of each file, the oldest first. Each file's revision is the number it begins with."""
    return tuple(sorted(file.name.partition("_")[0] for file in (FOLDER / "versions").glob("[0-9]*_*.py")))


def head() -> str:
    """Return the number of the newest file, as `0027`."""
    return revisions()[-1]


def is_newer(revision: str) -> bool:
    """Tell whether newer code made this schema."""
    return revision.isdigit() and revision > head()


def is_known(revision: str) -> bool:
    """Tell whether the code came with this migration; false for one of newer code."""
    return revision in revisions()
